//! Reading the log: by stream, by position, as of a position or a time.

mod told;

use std::fmt::Display;

use chrono::{DateTime, Utc};
use domain::Decide;
use domain::aggregate::{Stored, parse_event};
use sqlx::PgPool;

pub use self::told::Told;

use crate::head::{BadHead, Hash, Head};
use crate::recorded::Recorded;
use crate::tail::Tail;
use crate::watch::LogWatch;

/// Why the log could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Postgres said so.
    #[error("reading the log failed")]
    Postgres(#[from] sqlx::Error),
    /// The log isn't the one that this head was taken from: it was restored from a backup, failed over to a standby
    /// that had not got everything, or was changed.
    #[error("the log differs from the one that was read up to {0}; nothing was read on top of it")]
    Diverged(Head),
    /// An event that this build can't read.
    #[error("the event at position {0} can't be read")]
    Unreadable(i64, #[source] serde_json::Error),
    /// A stored hash has the wrong length.
    #[error("a stored hash is damaged")]
    BadHash(#[from] BadHead),
}

/// Events in the order of the log and the head after the last of them.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Whole groups, in order.
    pub events: Vec<Recorded>,
    /// The end of the last group: the next checkpoint.
    pub head: Head,
}

/// Events of one aggregate in today's version, in order, each beside its row.
pub type EventsOf<A> = Vec<(Recorded, <A as Decide>::Event)>;

/// A moment of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// What had been recorded up to this position.
    Position(i64),
    /// What had occurred by then, imported history too.
    Time(DateTime<Utc>),
}

/// Reads the log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Log {
    pool: PgPool,
    tail: Option<Tail>,
}

impl Log {
    /// A reader on this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { pool, tail: None }
    }

    /// A reader on this pool for who follows the log by this watch: what a decider in this process has appended of late is
    /// had from memory.
    pub fn followed(pool: PgPool, watch: &LogWatch) -> Self {
        Self { pool, tail: Some(watch.tail().clone()) }
    }

    /// The pool that it reads by.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Where the log ends now.
    pub async fn head(&self) -> Result<Head, LogError> {
        let (head, _recorded_at) = Head::current(&self.pool).await?;
        Ok(head)
    }

    /// The whole groups after `after`, with some `at_most` events (a larger group comes alone), or an empty batch.
    /// Refuses if the log at `after` isn't the one that `after` was taken from.
    pub async fn read_after(&self, after: &Head, at_most: i64) -> Result<Batch, LogError> {
        if let Some(known) = self.known_after(after, at_most, None) {
            return Ok(known);
        }
        let head = self.group_after(after, at_most).await?;
        if head.position == after.position {
            return Ok(Batch { events: Vec::new(), head });
        }
        let events = sqlx::query_as!(
            Recorded,
            r#"SELECT position, recorded_at, event_id, sequence, aggregate_type, aggregate_id, event_type, event_version,
                      payload::text AS "payload!", metadata::text AS "metadata!"
               FROM events WHERE position > $1 AND position <= $2 ORDER BY position"#,
            after.position,
            head.position,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(Batch { events, head })
    }

    /// As [`Self::read_after`], with the events of these types alone: `at_most` still counts all. For a consumer that
    /// cares about few of them.
    pub async fn read_after_of(
        &self,
        event_types: &[&str],
        after: &Head,
        at_most: i64,
    ) -> Result<Batch, LogError> {
        if let Some(known) = self.known_after(after, at_most, Some(event_types)) {
            return Ok(known);
        }
        let head = self.group_after(after, at_most).await?;
        if head.position == after.position {
            return Ok(Batch { events: Vec::new(), head });
        }
        let events = sqlx::query_as!(
            Recorded,
            r#"SELECT position, recorded_at, event_id, sequence, aggregate_type, aggregate_id, event_type, event_version,
                      payload::text AS "payload!", metadata::text AS "metadata!"
               FROM events WHERE position > $1 AND position <= $2 AND event_type = ANY($3) ORDER BY position"#,
            after.position,
            head.position,
            event_types as _,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(Batch { events, head })
    }

    fn known_after(&self, after: &Head, at_most: i64, event_types: Option<&[&str]>) -> Option<Batch> {
        self.tail.as_ref()?.after(after, at_most, event_types)
    }

    /// The end of the last group within `at_most` events after `after`, or of the next group however large it is;
    /// `after` itself where there is none.
    async fn group_after(&self, after: &Head, at_most: i64) -> Result<Head, LogError> {
        // The group that ends at `after` is read along, to compare its hash.
        let groups = sqlx::query!(
            r#"(SELECT last_position AS "position!", hash AS "hash!" FROM log_groups
                WHERE last_position BETWEEN $1 AND $1 + $2::bigint)
               UNION
               (SELECT last_position, hash FROM log_groups WHERE last_position > $1 ORDER BY last_position LIMIT 1)
               ORDER BY 1"#,
            after.position,
            at_most,
        )
        .fetch_all(&self.pool)
        .await?;
        let mut groups = groups.into_iter().map(|row| {
            Ok::<_, LogError>(Head { position: row.position, hash: Hash::try_from(row.hash.as_slice())? })
        });
        if *after != Head::EMPTY && groups.next().transpose()? != Some(*after) {
            return Err(LogError::Diverged(*after));
        }
        Ok(groups.next_back().transpose()?.unwrap_or(*after))
    }

    /// One stream's events, in order.
    pub async fn read_stream(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
    ) -> Result<Vec<Recorded>, LogError> {
        let events = sqlx::query_as!(
            Recorded,
            r#"SELECT position, recorded_at, event_id, sequence, aggregate_type, aggregate_id, event_type, event_version,
                      payload::text AS "payload!", metadata::text AS "metadata!"
               FROM events WHERE aggregate_type = $1 AND aggregate_id = $2 ORDER BY sequence"#,
            aggregate_type,
            aggregate_id,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(events)
    }

    /// One stream's events as of a moment, in order.
    pub async fn read_stream_as_of(
        &self,
        aggregate_type: &str,
        aggregate_id: &str,
        as_of: AsOf,
    ) -> Result<Vec<Recorded>, LogError> {
        let mut events = self.read_stream(aggregate_type, aggregate_id).await?;
        match as_of {
            AsOf::Position(position) => events.retain(|event| event.position <= position),
            AsOf::Time(time) => events.retain(|event| event.occurred_at() <= time),
        }
        Ok(events)
    }

    /// The events of one aggregate, in today's version, each beside its row: all of them, or as of a moment.
    pub async fn events_of<A: Stored>(
        &self,
        id: impl Display,
        as_of: Option<AsOf>,
    ) -> Result<EventsOf<A>, LogError> {
        let (aggregate_type, id) = (<A as Decide>::TYPE, id.to_string());
        let events = match as_of {
            None => self.read_stream(aggregate_type, &id).await?,
            Some(as_of) => self.read_stream_as_of(aggregate_type, &id, as_of).await?,
        };
        read_all::<A>(events)
    }

    /// The events of one aggregate from its last one of these types on, up to a position, and how many came before
    /// them; all of them where there is none of these types. For a state that begins anew with such an event: its
    /// stream grows for years, and what came before doesn't show.
    pub async fn events_since_last<A: Stored>(
        &self,
        event_types: &[&str],
        id: impl Display,
        until: Option<i64>,
    ) -> Result<(u64, EventsOf<A>), LogError> {
        if event_types.is_empty() {
            return Ok((0, self.events_of::<A>(id, until.map(AsOf::Position)).await?));
        }
        let rows = sqlx::query_as!(
            Recorded,
            r#"SELECT position, recorded_at, event_id, sequence, aggregate_type, aggregate_id, event_type, event_version,
                      payload::text AS "payload!", metadata::text AS "metadata!"
               FROM events
               WHERE aggregate_type = $1 AND aggregate_id = $2 AND position <= $3
                   AND sequence >= coalesce((SELECT sequence FROM events
                                             WHERE aggregate_type = $1 AND aggregate_id = $2 AND position <= $3
                                                 AND event_type = ANY($4)
                                             ORDER BY sequence DESC LIMIT 1), 1)
               ORDER BY sequence"#,
            <A as Decide>::TYPE,
            id.to_string(),
            until.unwrap_or(i64::MAX),
            event_types as _,
        )
        .fetch_all(&self.pool)
        .await?;
        // A stream's sequence begins at 1 and has no gap.
        let before = rows.first().map_or(0, |row| row.sequence.unsigned_abs().saturating_sub(1));
        Ok((before, read_all::<A>(rows)?))
    }

    /// The events of some types after a position, in order, at most so many: for a reader of the whole log that needs
    /// few of them.
    pub async fn read_types(
        &self,
        event_types: &[&str],
        after: i64,
        at_most: i64,
    ) -> Result<Vec<Recorded>, LogError> {
        let events = sqlx::query_as!(
            Recorded,
            r#"SELECT position, recorded_at, event_id, sequence, aggregate_type, aggregate_id, event_type, event_version,
                      payload::text AS "payload!", metadata::text AS "metadata!"
               FROM events WHERE position > $1 AND event_type = ANY($2) ORDER BY position LIMIT $3"#,
            after,
            event_types as _,
            at_most,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(events)
    }

    /// Who has written after a position up to another, or had something written by a process, each with the position of the
    /// last event.
    pub async fn writers(&self, after: i64, until: i64) -> Result<Vec<(String, i64)>, LogError> {
        if let Some(known) = self.tail.as_ref().and_then(|tail| tail.writers(after, until)) {
            return Ok(known);
        }
        let rows = sqlx::query!(
            r#"SELECT coalesce(metadata ->> 'on_behalf_of', metadata ->> 'actor') AS "actor!", max(position) AS "position!"
               FROM events WHERE position > $1 AND position <= $2 AND metadata ->> 'actor' IS NOT NULL GROUP BY 1"#,
            after,
            until,
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (row.actor, row.position)).collect())
    }

    /// The hash of the group that holds a position, or nothing beyond the head.
    pub async fn group_of(&self, position: i64) -> Result<Option<Head>, LogError> {
        let row = sqlx::query!(
            "SELECT last_position, hash FROM log_groups WHERE last_position >= $1 AND first_position <= $1
             ORDER BY last_position LIMIT 1",
            position
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| Ok(Head { position: row.last_position, hash: Hash::try_from(row.hash.as_slice())? }))
            .transpose()
    }
}

/// Rows with what stands in them, in today's version.
fn read_all<A: Stored>(rows: Vec<Recorded>) -> Result<EventsOf<A>, LogError> {
    let upcasters = A::upcasters();
    let read = |row: Recorded| {
        let event = parse_event::<A>(&upcasters, &row.event_type, &row.event_version, &row.payload);
        event.map_err(|e| LogError::Unreadable(row.position, e)).map(|event| (row, event))
    };
    rows.into_iter().map(read).collect()
}
