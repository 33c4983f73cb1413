//! What is added up over streams: in memory as long as it fits, and what doesn't in a temporary table of parts for each
//! table, which Postgres adds up in the end.

use sqlx::{Executor as _, PgConnection, PgPool};
use tokio::task::JoinSet;

use super::LoadError;
use crate::generation::Generation;
use crate::read_model::ReadModel;
use crate::runner::connection::connect;
use crate::tally::{Counted, Overflow, Tally};

pub(super) struct Gathered {
    model: &'static dyn ReadModel,
    generation: Generation,
    most_keys: usize,
    db: PgConnection,
    tallies: Vec<Tally>,
    /// Those that have a table of parts.
    parted: Vec<Counted>,
}

impl From<Overflow> for LoadError {
    fn from(_: Overflow) -> Self {
        Self::Refused("a sum is too large".to_owned())
    }
}

impl Gathered {
    pub(super) async fn start(
        model: &'static dyn ReadModel,
        generation: Generation,
        most_keys: usize,
        owner: &PgPool,
    ) -> Result<Self, LoadError> {
        let db = connect(owner).await?;
        Ok(Self { model, generation, most_keys, db, tallies: Vec::new(), parted: Vec::new() })
    }

    pub(super) async fn take(&mut self, found: Vec<Tally>) -> Result<(), LoadError> {
        for tally in found {
            let tally = tally.checked()?;
            match self.tallies.iter_mut().find(|known| known.counted == tally.counted) {
                Some(known) => known.merge(tally)?,
                None => self.tallies.push(tally),
            }
        }
        if self.tallies.iter().map(Tally::len).sum::<usize>() > self.most_keys {
            self.part().await?;
        }
        Ok(())
    }

    /// Writes what is in memory to the tables of parts.
    async fn part(&mut self) -> Result<(), LoadError> {
        for tally in std::mem::take(&mut self.tallies) {
            let counted = tally.counted;
            let (table, parts) = self.names(&counted);
            if !self.parted.contains(&counted) {
                self.db.execute(format!("CREATE TEMPORARY TABLE {parts} (LIKE {table})").as_str()).await?;
                self.parted.push(counted);
            }
            tally.into_rows().copy_to(&parts, &mut self.db).await?;
        }
        Ok(())
    }

    /// A table, and that of its parts.
    fn names(&self, counted: &Counted) -> (String, String) {
        let table = format!("{}_g{}_{}", self.model.name(), self.generation, counted.target.table);
        let parts = format!("{table}_parts");
        (table, parts)
    }

    /// Loads the tables; each of these connections takes one after another.
    pub(super) async fn load(
        mut self,
        connections: Vec<PgConnection>,
    ) -> Result<Vec<PgConnection>, LoadError> {
        if !self.parted.is_empty() {
            self.part().await?;
            for counted in std::mem::take(&mut self.parted) {
                let (table, parts) = self.names(&counted);
                self.db.execute(counted.add_up(&table, &parts).as_str()).await?;
                self.db.execute(format!("DROP TABLE {parts}").as_str()).await?;
            }
            return Ok(connections);
        }
        let (mut idle, mut loading) = (connections, JoinSet::new());
        self.tallies.sort_by_key(Tally::len);
        while let Some(tally) = self.tallies.pop() {
            if idle.is_empty() {
                idle.extend(next(&mut loading).await?);
            }
            let Some(db) = idle.pop() else { break };
            loading.spawn(load_one(tally, self.model, self.generation, db));
        }
        while let Some(db) = next(&mut loading).await? {
            idle.push(db);
        }
        Ok(idle)
    }
}

async fn load_one(
    tally: Tally,
    model: &'static dyn ReadModel,
    generation: Generation,
    mut db: PgConnection,
) -> Result<PgConnection, LoadError> {
    let rows = tokio::task::spawn_blocking(move || tally.into_rows()).await?;
    rows.copy(model.name(), generation, &mut db).await?;
    Ok(db)
}

/// The connection of the next one that ends.
pub(super) async fn next(
    loading: &mut JoinSet<Result<PgConnection, LoadError>>,
) -> Result<Option<PgConnection>, LoadError> {
    loading.join_next().await.transpose()?.transpose()
}
