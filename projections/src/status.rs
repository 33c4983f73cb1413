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
    /// It stands still, or tries in vain, because of an error.
    Failed,
}

/// One consumer of the log: a read model, the relay, a process manager.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsumerStatus {
    /// Its name. A generation that is being rebuilt has its number: `order_history@2`.
    pub name: String,
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

async fn checkpoints(pool: &PgPool, now: DateTime<Utc>) -> Result<Vec<ConsumerStatus>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT c.name, c.position, f.error AS "error?", m.name AS "model?", m.generation AS "generation?",
                  m.rebuilding, (SELECT count(*) FROM parked p WHERE p.consumer = c.name) AS "parked!",
                  coalesce((SELECT position FROM log_head), 0) AS "head!",
                  (SELECT g.recorded_at FROM log_groups g WHERE g.last_position > c.position
                   ORDER BY g.last_position LIMIT 1) AS oldest
           FROM checkpoints c
           LEFT JOIN consumer_failures f ON f.name = c.name
           LEFT JOIN read_models m ON m.name = split_part(c.name, '@', 1)"#
    )
    .fetch_all(pool)
    .await?;
    let status = rows.into_iter().filter_map(|row| {
        let generation = row.name.rsplit_once('@').and_then(|(_, generation)| generation.parse::<i32>().ok());
        let (name, rebuilding) = match row.model {
            Some(model) if generation == row.generation => (model, false),
            Some(_) if generation == row.rebuilding => (row.name, true),
            Some(_) => return None, // left behind by a swap: nobody reads or feeds it
            None => (row.name, false),
        };
        Some(ConsumerStatus {
            name,
            position: row.position,
            lag_events: (row.head - row.position).max(0),
            lag_ms: lag_ms(now, row.oldest),
            parked: row.parked,
            state: match (&row.error, rebuilding) {
                (Some(_), _) => State::Failed,
                (None, true) => State::Rebuilding,
                (None, false) => State::Following,
            },
            error: row.error,
        })
    });
    Ok(status.collect())
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

/// How far the product search of this process is, which has come to `position`.
pub async fn of_search(pool: &PgPool, position: i64) -> Result<ConsumerStatus, sqlx::Error> {
    search_index(pool, product_search::NAME, position, Utc::now()).await
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
                  (SELECT error FROM consumer_failures WHERE name = $3) AS error"#,
        position,
        name,
        product_search::NAME
    )
    .fetch_one(pool)
    .await?;
    Ok(ConsumerStatus {
        name: name.to_owned(),
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
