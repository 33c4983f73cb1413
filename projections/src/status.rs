//! How far each consumer of the log has come.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgPool;

use crate::product_search::{self, IndexOnDisk};

/// What a consumer is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It follows the log.
    Following,
    /// A replay is filling it; nobody reads it yet.
    Rebuilding,
    /// A newer version is live; processes of an older build may still feed and read it.
    Superseded,
    /// It stands still, or tries in vain, because of an error.
    Failed,
}

/// One consumer of the log: a read model, the relay, a process manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsumerStatus {
    /// Its name. Of a read model, any but the live generation of the newest version has its number: `order_history@2`.
    pub name: String,
    /// Of a read model in Postgres, which version its rows are of.
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
        all.extend(search_indexes(pool, product_search::on_disk(home), now).await?);
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// A checkpoint, and what is known of its consumer.
struct Row {
    name: String,
    position: i64,
    error: Option<String>,
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
        r#"SELECT c.name, c.position, f.error AS "error?", m.name AS "model?", m.version AS "version?",
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
    Ok(rows.into_iter().filter_map(|row| row.status(now)).collect())
}

impl Row {
    /// Nothing of what a swap has left behind: nobody reads or feeds it.
    fn status(self, now: DateTime<Utc>) -> Option<ConsumerStatus> {
        let state = match (&self.error, self.rebuilding, self.superseded) {
            (Some(_), ..) => State::Failed,
            (None, Some(true), _) => State::Rebuilding,
            (None, _, Some(true)) => State::Superseded,
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

/// The indexes that are being fed are as far as they said a second ago; one that nobody feeds is as far as its last
/// commit. The one that is here, or the only one, has the plain name.
async fn search_indexes(
    pool: &PgPool,
    here: Option<IndexOnDisk>,
    now: DateTime<Utc>,
) -> Result<Vec<ConsumerStatus>, sqlx::Error> {
    let fed = sqlx::query!(
        "SELECT name, position FROM search_indexes WHERE seen_at > now() - interval '30 seconds' ORDER BY name"
    );
    let mut indexes: BTreeMap<String, i64> =
        fed.fetch_all(pool).await?.into_iter().map(|row| (row.name, row.position)).collect();
    let mut plain = None;
    if let Some(IndexOnDisk { name, position }) = here {
        let name = name.unwrap_or_else(|| product_search::NAME.to_owned());
        let known = indexes.entry(name.clone()).or_insert(position);
        *known = position.max(*known);
        plain = Some(name);
    }
    let only = indexes.len() == 1;
    let mut all = Vec::with_capacity(indexes.len());
    for (name, position) in indexes {
        let mut status = search_index(pool, &name, position, now).await?;
        if only || plain.as_ref() == Some(&name) {
            product_search::NAME.clone_into(&mut status.name);
        }
        all.push(status);
    }
    Ok(all)
}

/// How far the product search of this process is, whose index is in this `DAYBOOK_HOME` and has come to `position`.
pub async fn of_search(pool: &PgPool, home: &Path, position: i64) -> Result<ConsumerStatus, sqlx::Error> {
    let name = product_search::name_on_disk(home);
    let name = name.as_deref().unwrap_or(product_search::NAME);
    let status = search_index(pool, name, position, Utc::now()).await?;
    Ok(ConsumerStatus { name: product_search::NAME.to_owned(), ..status })
}

async fn search_index(
    pool: &PgPool,
    name: &str,
    position: i64,
    now: DateTime<Utc>,
) -> Result<ConsumerStatus, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT coalesce((SELECT position FROM log_head), 0) AS "head!",
                  (SELECT g.recorded_at FROM log_groups g WHERE g.last_position > $1
                   ORDER BY g.last_position LIMIT 1) AS oldest,
                  (SELECT count(*) FROM parked WHERE consumer = $2) AS "parked!",
                  (SELECT error FROM consumer_failures WHERE name = $2) AS error"#,
        position,
        name,
    )
    .fetch_one(pool)
    .await?;
    Ok(ConsumerStatus {
        name: name.to_owned(),
        version: None,
        position,
        lag_events: (row.head - position).max(0),
        lag_ms: lag_ms(now, row.oldest),
        parked: row.parked,
        state: if row.error.is_some() { State::Failed } else { State::Following },
        error: row.error,
    })
}

fn lag_ms(now: DateTime<Utc>, oldest: Option<DateTime<Utc>>) -> i64 {
    oldest.map_or(0, |oldest| (now - oldest).num_milliseconds().max(0))
}
