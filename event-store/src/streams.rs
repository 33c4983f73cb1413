//! Reading whole streams, a range of ids at a time: for who wants each aggregate's events together and doesn't care in
//! which order the aggregates come.

use sqlx::error::BoxDynError;
use sqlx::postgres::{PgValue, PgValueRef};
use sqlx::{Decode, Postgres, Value, ValueRef};

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

/// The text of a `json` column, in the buffer that the connection read it into: an order's is a few kilobytes, and whoever
/// reads a whole log has it parsed once and no copy of it.
#[derive(Clone)]
pub struct Unread(PgValue);

impl AsRef<str> for Unread {
    fn as_ref(&self) -> &str {
        // What is not UTF-8 never comes out of a database of that encoding.
        Value::as_ref(&self.0).as_str().unwrap_or_default()
    }
}

impl std::fmt::Debug for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        AsRef::<str>::as_ref(self).fmt(f)
    }
}

/// Of `json` alone: the binary form of `jsonb` isn't its text.
impl<'r> Decode<'r, Postgres> for Unread {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(ValueRef::to_owned(&value)))
    }
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
    pub async fn read_range(&self, range: &Range, until: i64) -> Result<Vec<Recorded<Unread>>, LogError> {
        let events = sqlx::query_as!(
            Recorded,
            r#"SELECT position, recorded_at, event_id, sequence, aggregate_type, aggregate_id, event_type, event_version,
                      payload AS "payload: Unread", metadata AS "metadata: Unread"
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
