//! A range of the log, decoded and folded.

use event_store::Recorded;

use crate::read_model::{ApplyError, Fold, Loaded};
use crate::runner::intake::Refused;
use crate::runner::source::Undecodable;

/// What a range of whole streams comes to.
pub(super) struct Window {
    pub(super) loaded: Loaded,
    /// Where streams end too early: what can't be decoded, and what can't be folded.
    pub(super) refused: Vec<Refused>,
}

impl Window {
    pub(super) fn of<T: AsRef<str>>(recorded: &[Recorded<T>], fold: Fold) -> Result<Self, ApplyError> {
        let mut refused: Vec<Refused> = Vec::new();
        let mut events = Vec::with_capacity(recorded.len());
        for it in recorded {
            // One stream comes after the other: what holds it back, if anything does, is the last that was found.
            let held = |last: &Refused| last.holds_back(&it.aggregate_type, &it.aggregate_id, it.sequence);
            if refused.last().is_some_and(held) {
                continue;
            }
            match it.publish() {
                Ok(event) => events.extend(event),
                Err(error) => refused.push(Refused::undecodable(&Undecodable::of(it, &error))),
            }
        }
        loop {
            match fold(&events) {
                Ok(loaded) => return Ok(Self { loaded, refused }),
                Err(error) => {
                    let ApplyError::BadEvent { position, .. } = error else { return Err(error) };
                    let Some(culprit) = events.iter().find(|event| event.position == position) else {
                        return Err(error);
                    };
                    let culprit = Refused::of(culprit, &error);
                    culprit.hold_back(&mut events);
                    refused.push(culprit);
                }
            }
        }
    }
}
