//! The tasks that take range after range.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_store::Log;
use event_store::streams::Range;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::window::Window;
use super::{Load, LoadError};
use crate::generation::Generation;
use crate::read_model::{Fold, ReadModel};
use crate::runner::connection::connect;
use crate::tally::Tally;

/// For each core: while one waits for Postgres another folds.
const EACH_CORE: usize = 2;

/// So many at most, whatever the machine has: each holds a connection, and a range in memory.
pub(super) const MOST: u32 = 8;

/// How many cores there are.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What is left of a range when its rows are loaded.
pub(super) struct Found {
    pub(super) tallies: Vec<Tally>,
    pub(super) any_parked: bool,
}

/// The running tasks.
pub(super) struct Crew(JoinSet<Result<PgConnection, LoadError>>);

/// The ranges, and which is next.
struct Ranges {
    all: Vec<Range>,
    next: AtomicUsize,
}

impl Ranges {
    fn next(&self) -> Option<&Range> {
        self.all.get(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn stop(&self) {
        self.next.store(self.all.len(), Ordering::Relaxed);
    }
}

impl Crew {
    pub(super) async fn start(
        load: &Load<'_>,
        log: Log,
        until: i64,
        ranges: Vec<Range>,
        found: mpsc::Sender<Found>,
    ) -> Result<Self, LoadError> {
        let most = usize::try_from(MOST).unwrap_or(1);
        let ranges = Arc::new(Ranges { all: ranges, next: AtomicUsize::new(0) });
        let mut tasks = JoinSet::new();
        for _ in 0..(cores() * EACH_CORE).min(most) {
            let hand = Hand {
                model: load.model,
                generation: load.generation,
                fold: load.fold,
                log: log.clone(),
                until,
                ranges: Arc::clone(&ranges),
                found: found.clone(),
                db: connect(load.owner).await?,
            };
            tasks.spawn(hand.run());
        }
        Ok(Self(tasks))
    }

    /// Waits until all have ended; their connections.
    pub(super) async fn ended(mut self) -> Result<Vec<PgConnection>, LoadError> {
        let mut connections = Vec::new();
        while let Some(ended) = self.0.join_next().await {
            connections.push(ended??);
        }
        Ok(connections)
    }
}

struct Hand {
    model: &'static dyn ReadModel,
    generation: Generation,
    fold: Fold,
    log: Log,
    /// The position up to which events are read.
    until: i64,
    ranges: Arc<Ranges>,
    found: mpsc::Sender<Found>,
    db: PgConnection,
}

impl Hand {
    async fn run(mut self) -> Result<PgConnection, LoadError> {
        let ranges = Arc::clone(&self.ranges);
        while let Some(range) = ranges.next() {
            let found = match self.load(range).await {
                Ok(found) => found,
                Err(error) => {
                    ranges.stop();
                    return Err(error);
                }
            };
            if self.found.send(found).await.is_err() {
                break; // nobody waits for it any more
            }
        }
        Ok(self.db)
    }

    async fn load(&mut self, range: &Range) -> Result<Found, LoadError> {
        let recorded = self.log.read_range(range, self.until).await?;
        let fold = self.fold;
        // Away from the threads that answer requests.
        let window = tokio::task::spawn_blocking(move || Window::of(&recorded, fold)).await??;
        let any_parked = !window.refused.is_empty();
        let consumer = self.generation.checkpoint(self.model.name());
        let mut tx = self.db.begin().await?;
        for rows in window.loaded.rows {
            rows.copy(self.model.name(), self.generation, &mut tx).await?;
        }
        for refused in window.refused {
            refused.park(&consumer, &mut *tx).await?;
        }
        tx.commit().await?;
        Ok(Found { tallies: window.loaded.tallies, any_parked })
    }
}
