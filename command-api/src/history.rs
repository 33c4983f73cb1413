//! A stream folded into what a client is told of it, and what `personal` keeps beside it.

use std::fmt::Display;

use api_contract::ApiError;
use api_contract::views::{PersonalBodies, Record};
use domain::aggregate::Stored;
use domain::ids::PersonalId;
use event_store::{AsOf, Log, LogError};

/// What a stream tells, up to some position.
#[derive(Clone, Debug, Default)]
pub struct Told<R> {
    /// Its record; the default where there is no stream.
    pub record: R,
    /// The position of its last event.
    pub position: i64,
}

/// What a stream tells as of a position (that of an answer that is given again), or as of now.
pub async fn told<R>(log: &Log, id: impl Display, as_of: Option<i64>) -> Result<Told<R>, ApiError>
where
    R: Record,
    R::Of: Stored,
{
    let events = if R::ANEW.is_empty() {
        log.events_of::<R::Of>(id, as_of.map(AsOf::Position)).await
    } else {
        log.events_since_last::<R::Of>(R::ANEW, id, as_of.unwrap_or(i64::MAX)).await
    };
    let events = events.map_err(failed)?;
    let before = events.first().map_or(0, |(row, _)| row.sequence.unsigned_abs().saturating_sub(1));
    let mut told = Told { record: R::after(before), position: 0 };
    for (row, event) in events {
        told.record.apply(&event, row.occurred_at());
        told.position = row.position;
    }
    Ok(told)
}

/// The bodies of these rows of `personal`.
pub async fn bodies(log: &Log, ids: &[PersonalId]) -> Result<PersonalBodies, ApiError> {
    if ids.is_empty() {
        return Ok(PersonalBodies::new());
    }
    let found = identity::personal::bodies(log.pool(), ids).await.map_err(identity::failed)?;
    let raw = |(id, body)| Some((id, serde_json::value::to_raw_value(&body).ok()?));
    Ok(found.into_iter().filter_map(raw).collect())
}

fn failed(error: LogError) -> ApiError {
    match error {
        LogError::Postgres(error) => identity::failed(error),
        error => ApiError::internal(error),
    }
}
