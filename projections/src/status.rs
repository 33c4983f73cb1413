//! How far each consumer of the log has come.

mod search;

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;

pub use self::search::of_search;
use crate::runner::held::{self, Held};

/// What a consumer is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It follows the log.
    Following,
    /// Nobody feeds it: it stands where the last one left it.
    Unfed,
    /// A replay is filling it; nobody reads it yet.
    Rebuilding,
    /// A replay that was killed has left it: nobody fills it or reads it, and the next replay drops it.
    Abandoned,
    /// A newer version is live; processes of an older build may still feed and read it.
    Superseded,
    /// It waits for Kafka, which can't be reached or read: it goes on by itself.
    Waiting,
    /// It stands still, or tries in vain, because of an error.
    Failed,
}

/// One consumer of the log: a read model, the relay, a process manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsumerStatus {
    /// Its name. Of a read model, any but the live generation of the newest version has its number: `order_history@2`.
    pub name: String,
    /// Of a read model, which version its rows or documents are of; none of an index of a build that said no version.
    pub version: Option<i32>,
    /// The position up to which it has done its work.
    pub position: i64,
    /// How many events it has yet to see.
    pub lag_events: i64,
    /// How long ago the oldest of those was recorded, in milliseconds; 0 if there is none.
    pub lag_ms: i64,
    /// How many aggregates it has parked: it couldn't take an event of theirs, and has skipped them since.
    pub parked: i64,
    /// What it is doing.
    pub state: State,
    /// Why it failed.
    pub error: Option<String>,
}

/// Every consumer that has a checkpoint, by name, and the indexes of product search: the one that is in `search`, and
/// those that other processes feed.
pub async fn status(pool: &PgPool, search: Option<&Path>) -> Result<Vec<ConsumerStatus>, sqlx::Error> {
    let now = Utc::now();
    let mut all = checkpoints(pool, now).await?;
    if let Some(home) = search {
        all.extend(search::indexes(pool, home, now).await?);
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// A checkpoint, and what is known of its consumer.
struct Row {
    name: String,
    position: i64,
    error: Option<String>,
    /// Whether it goes on by itself.
    passes: Option<bool>,
    /// Of which read model it is a generation that is in use.
    model: Option<String>,
    version: Option<i32>,
    rebuilding: Option<bool>,
    superseded: Option<bool>,
    /// Whether it is a generation of a read model, in use or not.
    of_a_model: bool,
    parked: i64,
    head: i64,
    oldest: Option<DateTime<Utc>>,
}

async fn checkpoints(pool: &PgPool, now: DateTime<Utc>) -> Result<Vec<ConsumerStatus>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT c.name, c.position, f.error AS "error?", f.passes AS "passes?", m.name AS "model?", m.version AS "version?",
                  c.name = m.name || '@' || m.rebuilding AS rebuilding,
                  m.version < (SELECT max(version) FROM read_models n WHERE n.name = m.name AND n.generation IS NOT NULL)
                      AS superseded,
                  EXISTS (SELECT FROM read_models n WHERE n.name = split_part(c.name, '@', 1)) AS "of_a_model!",
                  (SELECT count(*) FROM parked p WHERE p.consumer = c.name) AS "parked!",
                  coalesce((SELECT position FROM log_head), 0) AS "head!",
                  (SELECT g.recorded_at FROM log_groups g WHERE g.last_position > c.position
                   ORDER BY g.last_position LIMIT 1) AS oldest
           FROM checkpoints c
           LEFT JOIN consumer_failures f ON f.name = c.name
           LEFT JOIN read_models m ON c.name IN (m.name || '@' || m.generation, m.name || '@' || m.rebuilding)"#
    )
    .fetch_all(pool)
    .await?;
    // After the rows: a rebuild's lock is held until its row is gone.
    let held = Held::of(pool, &rows.iter().flat_map(Row::locks).collect::<Vec<_>>()).await?;
    Ok(rows.into_iter().filter_map(|row| row.status(&held, now)).collect())
}

impl Row {
    /// Whoever fills a generation of a read model holds one of these locks: an older build only that of the generation.
    fn locks(&self) -> Vec<String> {
        match (&self.model, self.version) {
            (Some(model), _) if self.rebuilding == Some(true) => vec![held::replayer(model)],
            (Some(model), Some(version)) => vec![held::feeders(model, version), self.name.clone()],
            (Some(_) | None, _) => Vec::new(),
        }
    }

    /// Nothing of what a swap has left behind: nobody reads or feeds it.
    fn status(self, held: &Held, now: DateTime<Utc>) -> Option<ConsumerStatus> {
        let locks = self.locks();
        let is_left_alone = !locks.is_empty() && locks.iter().all(|lock| held.is_free(lock));
        let state = match (&self.error, self.rebuilding, self.superseded) {
            (_, Some(true), _) if is_left_alone => State::Abandoned,
            (Some(_), ..) if self.passes == Some(true) => State::Waiting,
            (Some(_), ..) => State::Failed,
            (None, Some(true), _) => State::Rebuilding,
            (None, _, Some(true)) => State::Superseded,
            (None, ..) if is_left_alone => State::Unfed,
            (None, ..) => State::Following,
        };
        let name = match self.model {
            Some(model) if self.rebuilding != Some(true) && self.superseded != Some(true) => model,
            None if self.of_a_model => return None,
            Some(_) | None => self.name,
        };
        Some(ConsumerStatus {
            name,
            version: self.version,
            position: self.position,
            lag_events: (self.head - self.position).max(0),
            lag_ms: lag_ms(now, self.oldest),
            parked: self.parked,
            state,
            error: self.error,
        })
    }
}

fn lag_ms(now: DateTime<Utc>, oldest: Option<DateTime<Utc>>) -> i64 {
    oldest.map_or(0, |oldest| (now - oldest).num_milliseconds().max(0))
}
