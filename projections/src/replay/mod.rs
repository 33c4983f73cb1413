//! Building a read model anew from the log, beside the live one, and swapping it in while reads go on.
//!
//! 1. The next generation's tables are made; `read_models.rebuilding` says so.
//! 2. They are filled: by COPY of the rows that whole streams come to (`load`), and from where that ends, or from the
//!    beginning where a read model can't be loaded, event by event, by a writer for each core (`writers.rs`). The live
//!    generation is fed all the while by its own projector, in this process or another.
//! 3. One transaction locks the live checkpoint, so that the live projector waits; applies what the live generation
//!    has and the new one lacks; moves the pointer.
//! 4. The live projector finds the pointer moved and goes on with the new generation. The old tables are dropped:
//!    readers see the pointer, or that the table is gone, and ask the new ones.
//!
//! A new version of a read model has a pointer of its own, so its first generation leaves the live one of the old version
//! where it is, for the builds that know no other. It is not behind the old one when it is first read. [`retire`] drops
//! an old version.
//!
//! A replay that fails or is stopped drops what it has made. One that is killed leaves it: status says that it is abandoned,
//! for nobody holds the lock of that replay any more, and the next one drops it. So it does with old tables that somebody
//! read for so long that they could not be dropped.

mod error;
mod leftovers;
pub(crate) mod load;
mod reader;
mod versions;
mod writers;

use std::future::pending;
use std::time::{Duration, Instant};

use event_store::{Head, Log, LogError};
use sqlx::{Connection, PgConnection, PgPool};
use tracing::warn;

use self::leftovers::drop_old;
use self::load::{Filled, Load, LoadError, Size};
use self::reader::BATCH;
use self::writers::Writers;
use crate::generation::{self, Generation};
use crate::read_model::ReadModel;
use crate::runner::connection::{connect, try_lock, unlock};
use crate::runner::failure::FeedError;
use crate::runner::held;
use crate::runner::source::decode;
use crate::runner::{BatchStep, BatchTaken};
use crate::{product_search, registry};

pub use self::error::ReplayError;
pub(crate) use self::reader::Reader;
#[cfg(test)]
pub(crate) use self::versions::retire_tables;
pub use self::versions::{require_live, retire, unbuilt};

/// What a rebuild did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplayReport {
    /// Events of the log that were gone through.
    pub events: i64,
    /// From the start to the swap.
    pub elapsed: Duration,
}

impl ReplayReport {
    /// Events a second.
    pub fn rate(&self) -> i64 {
        let millis = i64::try_from(self.elapsed.as_millis()).unwrap_or(i64::MAX).max(1);
        self.events.saturating_mul(1000) / millis
    }
}

/// How far a rebuild is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The position that it has come to.
    pub position: i64,
    /// The head's position when it was last looked at.
    pub head: i64,
}

/// Rebuilds a read model or the product search. `owner` is a pool of the schema's owner, who may make tables; `search`
/// is where the product search's index is.
pub async fn replay(
    name: &str,
    owner: &PgPool,
    search: &product_search::Home,
    log: &Log,
    progress: impl Fn(Progress),
) -> Result<ReplayReport, ReplayError> {
    replay_until(name, owner, search, log, progress, pending()).await
}

/// The same, unless it is `stopped` before it has swapped in what it makes.
pub async fn replay_until(
    name: &str,
    owner: &PgPool,
    search: &product_search::Home,
    log: &Log,
    progress: impl Fn(Progress),
    stopped: impl Future<Output = ()>,
) -> Result<ReplayReport, ReplayError> {
    if name == product_search::NAME {
        return product_search::replay_until(search, log, progress, stopped).await;
    }
    replay_tables_until(find(name)?, owner, log, progress, stopped).await
}

fn find(name: &str) -> Result<&'static dyn ReadModel, ReplayError> {
    registry::find(name).ok_or_else(|| ReplayError::Unknown(names()))
}

/// The names of all that can be rebuilt, as they are said.
pub fn names() -> String {
    let in_postgres = registry::READ_MODELS.map(ReadModel::name);
    format!("{}, {}", in_postgres.join(", "), product_search::NAME)
}

/// Rebuilds one in Postgres.
pub async fn replay_tables(
    model: &'static dyn ReadModel,
    owner: &PgPool,
    log: &Log,
    progress: impl Fn(Progress),
) -> Result<ReplayReport, ReplayError> {
    replay_tables_until(model, owner, log, progress, pending()).await
}

async fn replay_tables_until(
    model: &'static dyn ReadModel,
    owner: &PgPool,
    log: &Log,
    progress: impl Fn(Progress),
    stopped: impl Future<Output = ()>,
) -> Result<ReplayReport, ReplayError> {
    let name = model.name();
    let started = Instant::now();
    let mut db = connect(owner).await?;
    if !try_lock(&mut db, &held::replayer(name)).await? {
        return Err(ReplayError::Running);
    }
    // In a box: it is large, and so would be whoever waits for it.
    let outcome = Box::pin(rebuild(model, &mut db, owner, log, &progress, stopped)).await;
    let elapsed = started.elapsed();
    // Before the lock is let go: another replay's new tables would be taken for old ones.
    if outcome.is_ok()
        && let Err(error) = drop_old(&mut db, model).await
    {
        still_there(model, &error);
    }
    // Said, not left to the end of the connection, which whoever wants a lock next may come before.
    let unlocked = sqlx::query("SELECT pg_advisory_unlock_all()").execute(&mut db).await;
    let report = ReplayReport { events: outcome?.position, elapsed };
    unlocked?;
    Ok(report)
}

/// They are in nobody's way: each generation has a number of its own.
fn still_there(model: &dyn ReadModel, error: &ReplayError) {
    let error = error as &dyn std::error::Error;
    warn!(read_model = model.name(), error, "old tables are still there; the next replay drops them");
}

/// Makes new tables, fills them and swaps them in, holding the lock of this read model's rebuilds. Then: up to where.
async fn rebuild(
    model: &'static dyn ReadModel,
    db: &mut PgConnection,
    owner: &PgPool,
    log: &Log,
    progress: &impl Fn(Progress),
    stopped: impl Future<Output = ()>,
) -> Result<Head, ReplayError> {
    let name = model.name();
    let versions = generation::live_versions(&mut *db, name).await?;
    if let Some((newer, _)) = versions.last().filter(|(version, _)| *version > model.version()) {
        return Err(ReplayError::Superseded { newer: *newer, ours: model.version() });
    }
    match drop_old(db, model).await {
        Err(error @ ReplayError::StillRead) => still_there(model, &error),
        dropped => dropped?,
    }
    let mut tx = db.begin().await?;
    let next = generation::create_next(&mut tx, model).await?;
    tx.commit().await?;
    // The live projector waits for this lock once the pointer has moved.
    let checkpoint = next.checkpoint(name);
    if !try_lock(db, checkpoint.name()).await? {
        return Err(ReplayError::Running);
    }

    let live = versions.last().map(|(_, generation)| *generation);
    let rebuild = Rebuild { model, live, next };
    // Not in the swap: it is short, and whether it was done must be known.
    let filled = tokio::select! {
        filled = rebuild.fill(db, owner, log, progress) => filled,
        () = stopped => Err(ReplayError::Stopped),
    };
    let built = match filled {
        Ok(at) => rebuild.swap(db, log, at).await,
        Err(error) => Err(error),
    };
    if built.is_err()
        && let Err(error) = drop_old(db, model).await
    {
        still_there(model, &error);
    }
    let head = built?;
    unlock(db, checkpoint.name()).await?;
    Ok(head)
}

struct Rebuild {
    model: &'static dyn ReadModel,
    /// What is read now: of this version, or of the one before.
    live: Option<Generation>,
    next: Generation,
}

impl Rebuild {
    /// Fills the new tables up to the head, as it is when we come there. The checkpoint moves once, at the end.
    async fn fill(
        &self,
        db: &mut PgConnection,
        owner: &PgPool,
        log: &Log,
        progress: &impl Fn(Progress),
    ) -> Result<Head, ReplayError> {
        let Filled { head: mut at, any_parked } = self.load(db, owner, log, progress).await?;
        let mut reader = Reader::start(log.clone(), self.model.aggregates(), at);
        let mut writers = Writers::start(self.model, self.next, owner, any_parked).await?;
        while let Some(read) = reader.batches.recv().await {
            let (batch, head) = read.map_err(FeedError::from)?;
            at = batch.head;
            writers.take(batch).await?;
            progress(Progress { position: at.position, head });
        }
        writers.finish().await?;
        self.next.checkpoint(self.model.name()).store(&mut *db, &at).await?;
        Ok(at)
    }

    /// Loads what can be loaded: everything up to the head of now, or nothing.
    async fn load(
        &self,
        db: &mut PgConnection,
        owner: &PgPool,
        log: &Log,
        progress: &impl Fn(Progress),
    ) -> Result<Filled, ReplayError> {
        let nothing = Filled { head: Head::EMPTY, any_parked: false };
        let Some(fold) = self.model.fold() else { return Ok(nothing) };
        let (model, generation) = (self.model, self.next);
        let load = Load { model, generation, fold, owner, log, size: Size::default() };
        match load.run(db, progress).await {
            Ok(filled) => Ok(filled),
            Err(LoadError::Feed(error)) => Err(error.into()),
            Err(LoadError::Refused(error)) => {
                warn!(read_model = model.name(), error, "it can't be loaded, and is filled event by event");
                let mut tx = db.begin().await?;
                generation::empty(&mut tx, model, generation).await?;
                tx.commit().await?;
                Ok(nothing)
            }
        }
    }

    /// Brings the new generation to where the live one is, which stands still meanwhile, and moves the pointer.
    async fn swap(&self, db: &mut PgConnection, log: &Log, mut at: Head) -> Result<Head, ReplayError> {
        let name = self.model.name();
        let mut tx = db.begin().await?;
        sqlx::query("SET LOCAL synchronous_commit = on").execute(&mut *tx).await?;
        let held = match self.live {
            Some(live) => generation::hold(&mut tx, &live.checkpoint(name)).await?,
            None => None,
        };
        let live = held.map_or(0, |held| held.farthest());
        while at.position < live {
            let read = log.read_after(&at, BATCH).await.map_err(FeedError::from)?;
            let batch = decode(read, self.model.aggregates().to_vec()).await;
            if batch.head == at {
                // The live checkpoint is beyond the log's end: it is not of this log.
                return Err(FeedError::from(LogError::Diverged(at)).into());
            }
            let step = BatchStep { model: self.model, generation: self.next, from: at, batch: &batch };
            require(step.take(&mut tx).await?)?;
            at = batch.head;
        }
        generation::point_to(&mut tx, self.model, self.next).await?;
        tx.commit().await?;
        Ok(at)
    }
}

/// Nobody else feeds the new generation: its checkpoint is where we left it.
fn require(moved: BatchTaken) -> Result<(), ReplayError> {
    match moved {
        BatchTaken::Applied => Ok(()),
        BatchTaken::Stale => Err(ReplayError::Running),
    }
}
