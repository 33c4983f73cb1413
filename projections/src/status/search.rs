//! The indexes of product search.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::{ConsumerStatus, State, lag_ms};
use crate::product_search::{self, IndexOnDisk};
use crate::runner::held::{self, Held};

/// What is known of an index.
struct Known {
    position: i64,
    /// None is said of one that a build of before version 5 feeds elsewhere.
    version: Option<i32>,
    state: State,
}

/// The indexes that are being fed are as far as they said a second ago; one that nobody feeds is as far as its last
/// commit, and is shown where it is: in this `DAYBOOK_HOME`. The newest one that is here, or the only one, has the plain name.
pub(super) async fn indexes(
    pool: &PgPool,
    home: &Path,
    now: DateTime<Utc>,
) -> Result<Vec<ConsumerStatus>, sqlx::Error> {
    let (here, left) = (product_search::on_disk(home), product_search::building_on_disk(home));
    let mut found = known(pool, &left).await?;
    let mut plain = None;
    for IndexOnDisk { name, position, version } in here {
        let name = name.unwrap_or_else(|| product_search::NAME.to_owned());
        let known = found.entry(name.clone());
        let known = known.or_insert(Known { position, version: None, state: State::Unfed });
        known.position = position.max(known.position);
        known.version = Some(version);
        plain = Some(name);
    }
    supersede(&mut found);
    let only = found.values().filter(|known| is_read(known.state)).count() == 1;
    let mut all = Vec::with_capacity(found.len());
    for (name, known) in found {
        let has_the_plain_name = is_read(known.state) && (only || plain.as_ref() == Some(&name));
        let mut status = index(pool, &name, known, now).await?;
        if has_the_plain_name {
            product_search::NAME.clone_into(&mut status.name);
        }
        all.push(status);
    }
    Ok(all)
}

/// Those that somebody feeds or builds, and those that replays have `left` here: how far each is.
async fn known(pool: &PgPool, left: &[String]) -> Result<BTreeMap<String, Known>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT name, position, version, seen_at > now() - interval '30 seconds' AS "is_fed!" FROM search_indexes"#
    );
    let rows = rows.fetch_all(pool).await?;
    let locks: Vec<_> = rows.iter().map(|row| held::replayer(&row.name)).collect();
    let held = Held::of(pool, &locks).await?;
    let known = rows.into_iter().filter_map(|row| {
        let state = if held.is_held(&held::replayer(&row.name)) {
            State::Rebuilding
        } else if left.contains(&row.name) {
            State::Abandoned
        } else if row.is_fed {
            State::Following
        } else {
            return None;
        };
        Some((row.name, Known { position: row.position, version: row.version, state }))
    });
    Ok(known.collect())
}

/// Says which of those that are read are of an older version than others of them.
fn supersede(indexes: &mut BTreeMap<String, Known>) {
    let versions = indexes.values().filter(|known| is_read(known.state)).map(|known| known.version);
    let Some(Some(newest)) = versions.max() else { return };
    for known in indexes.values_mut() {
        if is_read(known.state) && known.version.is_some_and(|version| version < newest) {
            known.state = State::Superseded;
        }
    }
}

/// Whether anybody may read it.
fn is_read(state: State) -> bool {
    !matches!(state, State::Rebuilding | State::Abandoned)
}

/// How far the product search of this process is, whose index is in this `DAYBOOK_HOME` and has come to `position`.
pub async fn of_search(pool: &PgPool, home: &Path, position: i64) -> Result<ConsumerStatus, sqlx::Error> {
    let name = product_search::name_on_disk(home);
    let name = name.as_deref().unwrap_or(product_search::NAME);
    let known = Known { position, version: Some(product_search::VERSION), state: State::Following };
    let status = index(pool, name, known, Utc::now()).await?;
    Ok(ConsumerStatus { name: product_search::NAME.to_owned(), ..status })
}

/// One that is doing what is known of it, unless it has failed.
async fn index(
    pool: &PgPool,
    name: &str,
    Known { position, version, state: doing }: Known,
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
        version,
        position,
        lag_events: (row.head - position).max(0),
        lag_ms: lag_ms(now, row.oldest),
        parked: row.parked,
        state: if row.error.is_some() { State::Failed } else { doing },
        error: row.error,
    })
}
