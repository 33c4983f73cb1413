//! A stream folded into what a client is told of it, and what `personal` keeps beside it.

use std::fmt::Display;

use api_contract::ApiError;
use api_contract::views::{PersonalBodies, Record};
use domain::aggregate::Stored;
use domain::ids::PersonalId;
use event_store::{Log, LogError};
use sqlx::PgPool;

/// How a failure to read the log is answered.
pub fn failed(error: LogError) -> ApiError {
    match error {
        LogError::Postgres(error) => identity::failed(error),
        error => ApiError::internal(error),
    }
}

/// A stream's record as it is now; the default one where there is no stream.
pub async fn told<R>(log: &Log, id: impl Display) -> Result<R, ApiError>
where
    R: Record,
    R::Of: Stored,
{
    let events = if R::ANEW.is_empty() {
        log.events_of::<R::Of>(id, None).await
    } else {
        log.events_since_last::<R::Of>(R::ANEW, id, i64::MAX).await
    };
    let events = events.map_err(failed)?;
    let mut record =
        R::after(events.first().map_or(0, |(row, _)| row.sequence.unsigned_abs().saturating_sub(1)));
    for (row, event) in events {
        record.apply(&event, row.occurred_at());
    }
    Ok(record)
}

/// The bodies of these rows of `personal`.
pub async fn bodies(pool: &PgPool, ids: &[PersonalId]) -> Result<PersonalBodies, ApiError> {
    if ids.is_empty() {
        return Ok(PersonalBodies::new());
    }
    let found = identity::personal::bodies(pool, ids).await.map_err(identity::failed)?;
    let raw = |(id, body)| Some((id, serde_json::value::to_raw_value(&body).ok()?));
    Ok(found.into_iter().filter_map(raw).collect())
}
