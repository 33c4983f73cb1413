//! Something gets another unique name.

use std::fmt::Display;

use crate::claim::{Claim, ClaimCommand, ClaimError};
use crate::{Halt, StreamId, Streams};

/// Claims the new name and gives the old one back; the same name stays.
pub(super) fn rename<S: Streams>(
    streams: &mut S,
    owner: impl Display,
    old: &str,
    new: &str,
) -> Result<(), Halt<ClaimError>> {
    if old == new {
        return Ok(());
    }
    streams.need(&[StreamId::of::<Claim>(old), StreamId::of::<Claim>(new)])?;
    let claim = ClaimCommand::Claim { owner: owner.to_string() };
    streams.execute::<Claim, ClaimError>(new, claim)?;
    release(streams, owner, old)
}

/// Gives a name back, where the owner has it.
pub(super) fn release<S: Streams, E>(
    streams: &mut S,
    owner: impl Display,
    name: &str,
) -> Result<(), Halt<E>> {
    let release = ClaimCommand::Release { owner: owner.to_string() };
    match streams.execute::<Claim, ClaimError>(name, release) {
        Err(Halt::NotLoaded(missing)) => Err(Halt::NotLoaded(missing)),
        Ok(()) | Err(Halt::Refused(ClaimError::Taken { .. } | ClaimError::NotOwned)) => Ok(()),
    }
}
