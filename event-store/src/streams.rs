//! Reading whole streams, a range of ids at a time: for who wants each aggregate's events together and doesn't care in
//! which order the aggregates come.

use crate::log::{Log, LogError};
use crate::recorded::Recorded;

/// Aggregates of one type whose ids follow one another in the order of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// Their type.
    pub aggregate_type: String,
    /// The id after which it begins.
    pub after: String,
    /// The last id.
    pub until: String,
}

impl Log {
    /// All aggregates of a type, in ranges with some `events` each: a range ends with an aggregate, and the events of one
    /// are never apart.
    pub async fn ranges(&self, aggregate_type: &str, events: i64) -> Result<Vec<Range>, LogError> {
        let ends = sqlx::query_scalar!(
            r#"SELECT aggregate_id AS "id!"
               FROM (SELECT aggregate_id, row_number() OVER (ORDER BY aggregate_id, sequence) AS place
                     FROM events WHERE aggregate_type = $1) numbered
               WHERE place % $2 = 0
               UNION
               (SELECT aggregate_id FROM events WHERE aggregate_type = $1 ORDER BY aggregate_id DESC LIMIT 1)
               ORDER BY 1"#,
            aggregate_type,
            events,
        )
        .fetch_all(self.pool())
        .await?;
        let mut after = String::new();
        let range = |until: String| Range {
            aggregate_type: aggregate_type.to_owned(),
            after: std::mem::replace(&mut after, until.clone()),
            until,
        };
        Ok(ends.into_iter().map(range).collect())
    }

    /// The events of a range up to a position, aggregate by aggregate, each one's in order.
    pub async fn read_range(&self, range: &Range, until: i64) -> Result<Vec<Recorded>, LogError> {
        let events = sqlx::query_as!(
            Recorded,
            r#"SELECT position, recorded_at, event_id, sequence, aggregate_type, aggregate_id, event_type, event_version,
                      payload::text AS "payload!", metadata::text AS "metadata!"
               FROM events
               WHERE aggregate_type = $1 AND aggregate_id > $2 AND aggregate_id <= $3 AND position <= $4
               ORDER BY aggregate_id, sequence"#,
            range.aggregate_type,
            range.after,
            range.until,
            until,
        )
        .fetch_all(self.pool())
        .await?;
        Ok(events)
    }
}
