//! What a client is told of a stream, and what `personal` keeps beside it, with failures as they are answered.

use std::fmt::Display;

use api_contract::ApiError;
use api_contract::views::{PersonalBodies, Record};
use domain::aggregate::Stored;
use domain::ids::PersonalId;
use event_store::Log;

pub use event_store::Told;

/// As [`Log::told`].
pub async fn told<R>(log: &Log, id: impl Display, as_of: Option<i64>) -> Result<Told<R>, ApiError>
where
    R: Record,
    R::Of: Stored,
{
    log.told(id, as_of).await.map_err(identity::failed)
}

/// The bodies of these rows of `personal`.
pub async fn bodies(log: &Log, ids: &[PersonalId]) -> Result<PersonalBodies, ApiError> {
    identity::personal::raw_bodies(log.pool(), ids).await.map_err(identity::failed)
}
