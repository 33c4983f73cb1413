//! Snapshots of long streams: a shortcut that nothing depends on.

use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgPool;

/// The form of the snapshots that this build writes. One of another form is not read: raise it when the state of a
/// snapshotted aggregate changes.
const STATE_VERSION: i32 = 1;

/// A stream is snapshotted each time it has grown by this many events.
pub const EVERY: i64 = 1000;

/// A stream's snapshot, if there is one that this build can read: the state and the sequence it was taken at.
pub async fn load<S: DeserializeOwned>(
    pool: &PgPool,
    aggregate_type: &str,
    aggregate_id: &str,
) -> Result<Option<(S, i64)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT sequence, state::text AS "state!" FROM stream_snapshots
           WHERE aggregate_type = $1 AND aggregate_id = $2 AND state_version = $3"#,
        aggregate_type,
        aggregate_id,
        STATE_VERSION,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.and_then(|row| Some((serde_json::from_str(&row.state).ok()?, row.sequence))))
}

/// Keeps a stream's state as of `sequence`.
pub async fn store<S: Serialize>(
    pool: &PgPool,
    aggregate_type: &str,
    aggregate_id: &str,
    state: &S,
    sequence: i64,
) -> Result<(), sqlx::Error> {
    let state = serde_json::value::to_raw_value(state).map_err(|e| sqlx::Error::Encode(Box::new(e)))?;
    sqlx::query!(
        "INSERT INTO stream_snapshots (aggregate_type, aggregate_id, sequence, state_version, state)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (aggregate_type, aggregate_id) DO UPDATE
         SET sequence = excluded.sequence, state_version = excluded.state_version, state = excluded.state
         WHERE stream_snapshots.sequence < excluded.sequence
            OR stream_snapshots.state_version <> excluded.state_version",
        aggregate_type,
        aggregate_id,
        sequence,
        STATE_VERSION,
        sqlx::types::Json(state) as _,
    )
    .execute(pool)
    .await?;
    Ok(())
}
