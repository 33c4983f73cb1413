//! Where the log ends, as a decider knows it, and what it missed of it.

use chrono::{DateTime, Utc};
use sqlx::{FromRow as _, PgConnection, Row as _};

use crate::head::{Hash, Head};
use crate::recorded::Recorded;

/// More missed events than this are not applied: the decider forgets what it knew instead.
const MISSED_AT_MOST: i64 = 20_000;

/// The decider's head: what every decision is made on.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub head: Head,
    pub recorded_at: DateTime<Utc>,
}

/// The head as a decider starts on it.
pub async fn known(connection: &mut PgConnection) -> Result<Known, sqlx::Error> {
    let (head, recorded_at) = Head::current(connection).await?;
    Ok(Known { head, recorded_at })
}

/// Takes the lock. The rows are the missed events, with the head on each; one row of nulls where none was missed.
pub async fn lock_and_missed(
    connection: &mut PgConnection,
    known: Known,
) -> Result<(Known, Option<Vec<Recorded>>), sqlx::Error> {
    // Not checked at compile time: sqlx can't know that the columns of an outer join come together.
    let rows = sqlx::query(
        "SELECT head_position, head_hash, head_recorded_at, position, recorded_at, event_id, sequence, aggregate_type,
                aggregate_id, event_type, event_version, payload::text, metadata::text
         FROM lock_and_missed($1, $2, $3)",
    )
    .bind(known.head.position)
    .bind(&known.head.hash.0[..])
    .bind(MISSED_AT_MOST)
    .fetch_all(connection)
    .await?;
    let mut now_known = known;
    let mut events = Vec::new();
    for row in &rows {
        now_known.head =
            Head { position: row.try_get("head_position")?, hash: Hash::of_row(row.try_get("head_hash")?)? };
        now_known.recorded_at =
            row.try_get::<Option<_>, _>("head_recorded_at")?.unwrap_or(DateTime::UNIX_EPOCH);
        if row.try_get::<Option<i64>, _>("position")?.is_some() {
            events.push(Recorded::from_row(row)?);
        }
    }
    // A log that is shorter than it was, or of the same length and different, is another log.
    let continuous = i64::try_from(events.len()).ok() == Some(now_known.head.position - known.head.position)
        && (now_known.head == known.head || !events.is_empty());
    Ok((now_known, continuous.then_some(events)))
}
