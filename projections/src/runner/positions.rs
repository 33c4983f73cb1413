//! How far the read models are, and waiting for one.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::product_search;
use crate::read_model::ReadModel;
use crate::registry::{self, READ_MODELS};

/// Between two questions to the database about one read model, however many wait for it: at first, and at most. Where a
/// projector of this process feeds it, it has the first of these before anything is asked.
const FIRST_POLL: Duration = Duration::from_millis(10);
const LAST_POLL: Duration = Duration::from_millis(50);

/// The positions of the read models' live generations. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Positions {
    pool: PgPool,
    known: Arc<BTreeMap<&'static str, Known>>,
}

/// What is known of one read model.
#[derive(Debug, Default)]
struct Known {
    position: watch::Sender<i64>,
    /// Whether a projector of this process has said so.
    fed_here: AtomicBool,
    /// Whoever of the waiting has this asks the database for all of them. When it was asked last.
    asked: Mutex<Option<Instant>>,
}

impl Known {
    fn note(&self, position: i64) {
        self.position.send_if_modified(|known| {
            let newer = position > *known;
            *known = position.max(*known);
            newer
        });
    }

    fn position(&self) -> i64 {
        *self.position.borrow()
    }
}

impl Positions {
    /// Positions that are known from the checkpoints of this database, and sooner from projectors of this process.
    pub fn new(pool: PgPool) -> Self {
        let names = READ_MODELS.iter().map(|model| model.name()).chain([product_search::NAME]);
        Self { pool, known: Arc::new(names.map(|name| (name, Known::default())).collect()) }
    }

    /// Says that a read model has come to a position.
    pub fn publish(&self, model: &str, position: i64) {
        if let Some(known) = self.known.get(model) {
            known.fed_here.store(true, Ordering::Relaxed);
            known.note(position);
        }
    }

    /// Says where somebody begins to feed a read model. After Postgres crashed that may be before what was known: what
    /// is fed needn't be on its disk to be shown, and is fed again.
    pub(super) fn begin(&self, model: &str, position: i64) {
        if let Some(known) = self.known.get(model) {
            known.position.send_replace(position);
        }
    }

    /// The last known position.
    pub fn known(&self, model: &str) -> i64 {
        self.known.get(model).map_or(0, Known::position)
    }

    /// Waits until a read model has come to a position, but no longer than `bound`, and says where it is then. What it says
    /// of the product search is of the index of this process.
    pub async fn wait_for(&self, model: &str, position: i64, bound: Duration) -> i64 {
        let Some(known) = self.known.get(model) else { return 0 };
        let mut seen = known.position.subscribe();
        let arrives = async {
            let arrived = seen.wait_for(|seen| *seen >= position);
            if model == product_search::NAME {
                let _ = arrived.await;
                return;
            }
            tokio::select! {
                biased;
                _ = arrived => {}
                () = self.ask(model, known, position) => {}
            }
        };
        // Past the bound it is where it is.
        let _ = timeout_at(Instant::now() + bound, arrives).await;
        known.position()
    }

    /// Asks the database again and again until a read model has come to a position, unless another one does so already: then
    /// all know what that one hears, and the next one goes on where it ends.
    async fn ask(&self, model: &str, known: &Known, position: i64) {
        let mut asked = known.asked.lock().await;
        let mut pause = FIRST_POLL;
        if known.fed_here.load(Ordering::Relaxed) {
            sleep_until(Instant::now() + pause).await;
        }
        while known.position() < position {
            if let Some(last) = *asked {
                sleep_until(last + pause).await;
                pause = (pause * 2).min(LAST_POLL);
            }
            // One that doesn't answer is asked again.
            if let Ok(Some(at)) = self.checkpoint(model).await {
                known.note(at);
            }
            *asked = Some(Instant::now());
        }
    }

    async fn checkpoint(&self, model: &str) -> Result<Option<i64>, sqlx::Error> {
        let version = registry::find(model).map_or(1, ReadModel::version);
        sqlx::query_scalar!(
            "SELECT c.position FROM read_models m JOIN checkpoints c ON c.name = m.name || '@' || m.generation
             WHERE m.name = $1 AND m.version = $2",
            model,
            version
        )
        .fetch_optional(&self.pool)
        .await
    }
}
