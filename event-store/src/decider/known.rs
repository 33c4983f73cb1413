//! Where the log ends, as a decider knows it, and what it missed of it.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Row};

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
        now_known.head = Head { position: row.try_get(0)?, hash: Hash::of_row(row.try_get(1)?)? };
        now_known.recorded_at = row.try_get::<Option<_>, _>(2)?.unwrap_or(DateTime::UNIX_EPOCH);
        if let Some(position) = row.try_get(3)? {
            events.push(Recorded {
                position,
                recorded_at: row.try_get(4)?,
                event_id: row.try_get(5)?,
                sequence: row.try_get(6)?,
                aggregate_type: row.try_get(7)?,
                aggregate_id: row.try_get(8)?,
                event_type: row.try_get(9)?,
                event_version: row.try_get(10)?,
                payload: row.try_get(11)?,
                metadata: row.try_get(12)?,
            });
        }
    }
    // A log that is shorter than it was, or of the same length and different, is another log.
    let continuous = i64::try_from(events.len()).ok() == Some(now_known.head.position - known.head.position)
        && (now_known.head == known.head || !events.is_empty());
    Ok((now_known, continuous.then_some(events)))
}
