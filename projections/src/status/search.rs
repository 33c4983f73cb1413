//! The indexes of product search.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::{ConsumerStatus, State, lag_ms};
use crate::product_search::{self, IndexOnDisk};
use crate::runner::held::{self, Held};

/// The indexes that are being fed are as far as they said a second ago; one that nobody feeds is as far as its last
/// commit, and is shown where it is: in this `DAYBOOK_HOME`. The one that is here, or the only one, has the plain name.
pub(super) async fn indexes(
    pool: &PgPool,
    home: &Path,
    now: DateTime<Utc>,
) -> Result<Vec<ConsumerStatus>, sqlx::Error> {
    let (here, left) = (product_search::on_disk(home), product_search::building_on_disk(home));
    let mut found = known(pool, left.as_deref()).await?;
    let mut plain = None;
    if let Some(IndexOnDisk { name, position }) = here {
        let name = name.unwrap_or_else(|| product_search::NAME.to_owned());
        let (known, _) = found.entry(name.clone()).or_insert((position, State::Unfed));
        *known = position.max(*known);
        plain = Some(name);
    }
    let only = found.values().filter(|(_, state)| is_read(*state)).count() == 1;
    let mut all = Vec::with_capacity(found.len());
    for (name, (position, state)) in found {
        let mut status = index(pool, &name, position, state, now).await?;
        if is_read(state) && (only || plain.as_ref() == Some(&name)) {
            product_search::NAME.clone_into(&mut status.name);
        }
        all.push(status);
    }
    Ok(all)
}

/// Those that somebody feeds or builds, and the one that a replay has `left` here: how far each is.
async fn known(pool: &PgPool, left: Option<&str>) -> Result<BTreeMap<String, (i64, State)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT name, position, seen_at > now() - interval '30 seconds' AS "is_fed!" FROM search_indexes"#
    );
    let rows = rows.fetch_all(pool).await?;
    let locks: Vec<_> = rows.iter().map(|row| held::replayer(&row.name)).collect();
    let held = Held::of(pool, &locks).await?;
    let known = rows.into_iter().filter_map(|row| {
        let state = if held.is_held(&held::replayer(&row.name)) {
            State::Rebuilding
        } else if left == Some(row.name.as_str()) {
            State::Abandoned
        } else if row.is_fed {
            State::Following
        } else {
            return None;
        };
        Some((row.name, (row.position, state)))
    });
    Ok(known.collect())
}

/// Whether anybody may read it.
fn is_read(state: State) -> bool {
    !matches!(state, State::Rebuilding | State::Abandoned)
}

/// How far the product search of this process is, whose index is in this `DAYBOOK_HOME` and has come to `position`.
pub async fn of_search(pool: &PgPool, home: &Path, position: i64) -> Result<ConsumerStatus, sqlx::Error> {
    let name = product_search::name_on_disk(home);
    let name = name.as_deref().unwrap_or(product_search::NAME);
    let status = index(pool, name, position, State::Following, Utc::now()).await?;
    Ok(ConsumerStatus { name: product_search::NAME.to_owned(), ..status })
}

/// One that is doing this, unless it has failed.
async fn index(
    pool: &PgPool,
    name: &str,
    position: i64,
    doing: State,
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
        state: if row.error.is_some() { State::Failed } else { doing },
        error: row.error,
    })
}
