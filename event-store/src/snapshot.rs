//! Snapshots of long streams: a shortcut that nothing depends on.
//!
//! A snapshot names the event that it was taken after and holds a digest of itself: one that is damaged, or of a log
//! that has gone on differently since, is not read.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use uuid::Uuid;

/// The form of the snapshots that this build writes. One of another form is not read: raise it when the state of a
/// snapshotted aggregate changes in a way that `serde(default)` doesn't read.
const STATE_VERSION: i32 = 2;

/// A stream is snapshotted each time it has grown by this many events.
pub const EVERY: i64 = 1000;

/// What is stored in `stream_snapshots.state`.
#[derive(Serialize, Deserialize)]
struct Kept {
    digest: String,
    state: Box<RawValue>,
}

/// Over the state and what it is the state of.
fn digest(
    aggregate_type: &str,
    aggregate_id: &str,
    sequence: i64,
    last_event: Uuid,
    state: &RawValue,
) -> String {
    let mut sha = Sha256::new();
    sha.update(format!("{aggregate_type}/{aggregate_id}/{sequence}/{last_event}/"));
    sha.update(state.get());
    hex::encode(sha.finalize())
}

/// A stream's snapshot, if there is one that this build can read: the state and the sequence it was taken at.
pub async fn load<S: DeserializeOwned>(
    pool: &PgPool,
    aggregate_type: &str,
    aggregate_id: &str,
) -> Result<Option<(S, i64)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT sequence, s.state::text AS "state!", e.event_id
           FROM stream_snapshots s JOIN events e USING (aggregate_type, aggregate_id, sequence)
           WHERE aggregate_type = $1 AND aggregate_id = $2 AND state_version = $3"#,
        aggregate_type,
        aggregate_id,
        STATE_VERSION,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.and_then(|row| {
        let kept: Kept = serde_json::from_str(&row.state).ok()?;
        let whole =
            kept.digest == digest(aggregate_type, aggregate_id, row.sequence, row.event_id, &kept.state);
        Some((serde_json::from_str(kept.state.get()).ok().filter(|_| whole)?, row.sequence))
    }))
}

/// Keeps a stream's state as of `sequence`.
pub async fn store<S: Serialize>(
    pool: &PgPool,
    aggregate_type: &str,
    aggregate_id: &str,
    state: &S,
    sequence: i64,
) -> Result<(), sqlx::Error> {
    let encode = |error: serde_json::Error| sqlx::Error::Encode(Box::new(error));
    let last_event = sqlx::query_scalar!(
        "SELECT event_id FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 AND sequence = $3",
        aggregate_type,
        aggregate_id,
        sequence,
    )
    .fetch_one(pool)
    .await?;
    let state = to_raw_value(state).map_err(encode)?;
    let digest = digest(aggregate_type, aggregate_id, sequence, last_event, &state);
    let kept = serde_json::to_string(&Kept { digest, state }).map_err(encode)?;
    sqlx::query!(
        "INSERT INTO stream_snapshots (aggregate_type, aggregate_id, sequence, state_version, state)
         VALUES ($1, $2, $3, $4, $5::text::json)
         ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE
         SET sequence = excluded.sequence, state_version = excluded.state_version, state = excluded.state",
        aggregate_type,
        aggregate_id,
        sequence,
        STATE_VERSION,
        kept,
    )
    .execute(pool)
    .await?;
    Ok(())
}
