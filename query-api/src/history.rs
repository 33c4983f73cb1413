//! What a client is told of a stream, and what `personal` keeps beside it, with failures as they are answered.

use std::fmt::Display;

use api_contract::ApiError;
use api_contract::views::{PersonalBodies, Record};
use domain::aggregate::Stored;
use domain::ids::PersonalId;
use event_store::Log;
use sqlx::PgPool;

/// A stream's record as it is now; the default one where there is no stream.
pub async fn told<R>(log: &Log, id: impl Display) -> Result<R, ApiError>
where
    R: Record,
    R::Of: Stored,
{
    Ok(log.told(id, None).await.map_err(identity::failed)?.record)
}

/// The bodies of these rows of `personal`.
pub async fn bodies(pool: &PgPool, ids: &[PersonalId]) -> Result<PersonalBodies, ApiError> {
    identity::personal::raw_bodies(pool, ids).await.map_err(identity::failed)
}
