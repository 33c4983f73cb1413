//! What an index has parked: rows in Postgres, where `daybook parked` shows them and asks to try again.
//!
//! An index has a name, which is kept in its folder. What it parks is written before anything behind it is shown or
//! committed, and taken out after the commit that has it. So whenever the process ends, the rows say at least what the
//! index lacks: those of events that it hasn't come to are forgotten when it is opened, for it meets them again.

use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use event_store::{Checkpoint, Log};
use sqlx::{PgConnection, PgPool};
use tracing::warn;
use uuid::Uuid;

use super::blocking::blocking;
use crate::product_search::index::SearchError;
use crate::product_search::{NAME, VERSION};
use crate::runner::connection::{connect, try_lock, unlock};
use crate::runner::failure::FeedError;
use crate::runner::held;
use crate::runner::refused::{Aggregate, Refused};

/// The file with the name in an index's folder.
const FILE: &str = "name";

/// So many aggregates are tried again at once: the feed waits meanwhile.
const AT_ONCE: i64 = 100;

/// An index that was fed this long ago is none of those that are being fed.
const NOT_FED: Duration = Duration::from_secs(60);

/// An index's place in Postgres.
#[derive(Clone, Debug)]
pub(crate) struct Lot {
    pool: PgPool,
    name: String,
}

impl Lot {
    /// That of the index in a folder, whose feeder asks. A new index is given a name. One that nobody has fed for so long
    /// that what it had parked is forgotten can't be used any more; where it still is known, it is being fed from now on,
    /// so that nobody forgets it before it has said where it is.
    pub(super) async fn of(log: &Log, folder: &Path) -> Result<Self, FeedError> {
        if let Some(lot) = Self::named(log.pool(), folder).await {
            if lot.look_after().await? {
                return Ok(lot);
            }
            return Err(SearchError::Unusable("nobody knows any more what it had parked".into()).into());
        }
        let lot = Self::unnamed(log);
        lot.tell(0).await?;
        lot.name_it(folder).await?;
        Ok(lot)
    }

    /// That of an index that a replay builds in an empty folder, and what says for as long as it is there that the replay
    /// goes on: a lock.
    pub(crate) async fn being_built(log: &Log, folder: &Path) -> Result<(Self, PgConnection), FeedError> {
        let lot = Self::unnamed(log);
        let mut at_work = connect(log.pool()).await?;
        try_lock(&mut at_work, &held::replayer(&lot.name)).await?;
        lot.tell_of_building(0).await?;
        lot.name_it(folder).await?;
        Ok((lot, at_work))
    }

    /// What says that the replay goes on ends. When a connection is only closed, Postgres lets its locks go a moment later,
    /// and the index that is live by then would be shown as one that is being built.
    pub(crate) async fn is_built(&self, mut at_work: PgConnection) {
        if let Err(error) = unlock(&mut at_work, &held::replayer(&self.name)).await {
            let error = &error as &dyn std::error::Error;
            warn!(
                error,
                "the search index is built; until Postgres notices, it is shown as one that is being built"
            );
        }
    }

    fn unnamed(log: &Log) -> Self {
        let random = Uuid::new_v4().simple().to_string();
        Self { pool: log.pool().clone(), name: format!("{NAME}@{}", &random[..8]) }
    }

    async fn name_it(&self, folder: &Path) -> Result<(), FeedError> {
        let (file, name) = (folder.join(FILE), self.name.clone());
        blocking(move || Ok(fs::write(file, name)?)).await
    }

    /// That of the index in a folder, if it was given a name.
    pub(crate) async fn named(pool: &PgPool, folder: &Path) -> Option<Self> {
        let folder = folder.to_owned();
        let name = blocking(move || Ok(name_in(&folder))).await.ok()??;
        Some(Self { pool: pool.clone(), name })
    }

    /// The index as a consumer of the log: each stands still for itself.
    pub(crate) fn consumer(&self) -> Checkpoint {
        Checkpoint::named(&self.name)
    }

    /// Says that there is somebody who feeds the index, or would. Nothing is said of one that is forgotten: it is unknown.
    pub(crate) async fn look_after(&self) -> Result<bool, sqlx::Error> {
        let known = sqlx::query!("UPDATE search_indexes SET seen_at = now() WHERE name = $1", self.name);
        Ok(known.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// What is parked up to the index's position, with the first sequence that it lacks. All of it is asked to be tried
    /// again: the build may be one that can take it.
    pub(super) async fn open(&self, position: i64) -> Result<Vec<(Aggregate, i64)>, sqlx::Error> {
        sqlx::query!("DELETE FROM parked WHERE consumer = $1 AND position > $2", self.name, position)
            .execute(&self.pool)
            .await?;
        let rows = sqlx::query!(
            "UPDATE parked SET retry_asked_at = now() WHERE consumer = $1
             RETURNING aggregate_type, aggregate_id, sequence",
            self.name
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| ((row.aggregate_type, row.aggregate_id), row.sequence)).collect())
    }

    /// Parks an aggregate, or says where one that is parked can't be taken now.
    pub(crate) async fn park(&self, refused: &Refused) -> Result<(), sqlx::Error> {
        refused.park(&self.consumer(), &self.pool).await
    }

    /// What is asked to be tried again, some of it.
    pub(super) async fn asked(&self) -> Result<Vec<Aggregate>, sqlx::Error> {
        let rows = sqlx::query!(
            "SELECT aggregate_type, aggregate_id FROM parked
             WHERE consumer = $1 AND retry_asked_at IS NOT NULL ORDER BY position LIMIT $2",
            self.name,
            AT_ONCE
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| (row.aggregate_type, row.aggregate_id)).collect())
    }

    /// Takes an aggregate out: a commit has it.
    pub(super) async fn release(
        &self,
        (aggregate_type, aggregate_id): &Aggregate,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "DELETE FROM parked WHERE consumer = $1 AND aggregate_type = $2 AND aggregate_id = $3",
            self.name,
            aggregate_type,
            aggregate_id
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Says that the index is being fed, and how far it is.
    pub(crate) async fn tell(&self, position: i64) -> Result<(), sqlx::Error> {
        self.tell_seen(position, Duration::ZERO).await
    }

    /// Says how far an index is that is being built: nobody searches in it, and it is not among those that are fed.
    pub(crate) async fn tell_of_building(&self, position: i64) -> Result<(), sqlx::Error> {
        self.tell_seen(position, NOT_FED).await
    }

    /// Says how far the index is, and how long ago somebody fed it.
    async fn tell_seen(&self, position: i64, age: Duration) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "INSERT INTO search_indexes (name, position, version, seen_at)
             VALUES ($1, $2, $3, now() - make_interval(secs => $4))
             ON CONFLICT (name) DO UPDATE SET position = excluded.position, seen_at = excluded.seen_at",
            self.name,
            position,
            VERSION,
            age.as_secs_f64(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}

/// The name of the index in a folder.
pub(crate) fn name_in(folder: &Path) -> Option<String> {
    fs::read_to_string(folder.join(FILE)).ok().map(|name| name.trim().to_owned())
}

/// Deletes the index in a folder, and what it had parked, or why it stood still. Readers that still have its files open keep them.
pub(crate) async fn delete(pool: &PgPool, folder: &Path) -> Result<(), FeedError> {
    if let Some(Lot { name, .. }) = Lot::named(pool, folder).await {
        sqlx::query!(
            "WITH gone AS (DELETE FROM search_indexes WHERE name = $1),
                  failed AS (DELETE FROM consumer_failures WHERE name = $1)
             DELETE FROM parked WHERE consumer = $1",
            name
        )
        .execute(pool)
        .await?;
    }
    let folder = folder.to_owned();
    blocking(move || match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    })
    .await
}

/// Forgets the indexes that nobody has fed for a week: their folders are gone, or are built again if they come back.
pub(super) async fn forget_the_gone(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM search_indexes WHERE seen_at < now() - interval '7 days'")
        .execute(pool)
        .await?;
    sqlx::query!(
        "DELETE FROM parked p WHERE split_part(p.consumer, '@', 1) = $1
           AND NOT EXISTS (SELECT FROM search_indexes i WHERE i.name = p.consumer)",
        NAME
    )
    .execute(pool)
    .await?;
    sqlx::query!(
        "DELETE FROM consumer_failures f WHERE split_part(f.name, '@', 1) = $1 AND f.name <> $1
           AND NOT EXISTS (SELECT FROM search_indexes i WHERE i.name = f.name)",
        NAME
    )
    .execute(pool)
    .await?;
    Ok(())
}
