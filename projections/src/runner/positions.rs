//! How far the read models are, and waiting for one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use crate::product_search;
use crate::read_model::ReadModel;
use crate::registry::{self, READ_MODELS};

/// How long a waiter trusts the projectors of this process before it asks the database, and how long at most between
/// two questions.
const FIRST_POLL: Duration = Duration::from_millis(10);
const LAST_POLL: Duration = Duration::from_millis(50);

/// Where a read model stood when the waiting ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// As far as was asked for, or farther: here.
    Yes(i64),
    /// The bound was over: it had only come here.
    NotYet(i64),
}

/// The positions of the read models' live generations. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Positions {
    pool: PgPool,
    known: Arc<BTreeMap<&'static str, watch::Sender<i64>>>,
}

impl Positions {
    /// Positions that are known from the checkpoints of this database, and sooner from projectors of this process.
    pub fn new(pool: PgPool) -> Self {
        let names = READ_MODELS.iter().map(|model| model.name()).chain([product_search::NAME]);
        Self { pool, known: Arc::new(names.map(|name| (name, watch::Sender::new(0))).collect()) }
    }

    /// Says that a read model has come to a position.
    pub fn publish(&self, model: &str, position: i64) {
        if let Some(known) = self.known.get(model) {
            known.send_if_modified(|known| {
                let newer = position > *known;
                *known = position.max(*known);
                newer
            });
        }
    }

    /// The last known position.
    pub fn known(&self, model: &str) -> i64 {
        self.known.get(model).map_or(0, |known| *known.borrow())
    }

    /// Waits until a read model has come to a position, but no longer than `bound`. What it says of the product search
    /// is of the index of this process.
    pub async fn wait_for(&self, model: &str, position: i64, bound: Duration) -> Reached {
        let Some(known) = self.known.get(model) else { return Reached::NotYet(0) };
        let mut known = known.subscribe();
        let deadline = Instant::now() + bound;
        let mut poll = FIRST_POLL;
        loop {
            let arrived = known.wait_for(|known| *known >= position);
            // Twice a time-out: the poll's within the bound's.
            if let Ok(Ok(Ok(at))) = timeout_at(deadline, timeout(poll, arrived)).await {
                return Reached::Yes(*at);
            }
            if model != product_search::NAME
                && let Ok(Ok(Some(at))) = timeout_at(deadline, self.checkpoint(model)).await
            {
                self.publish(model, at);
            }
            let at = self.known(model);
            if at >= position {
                return Reached::Yes(at);
            }
            if Instant::now() >= deadline {
                return Reached::NotYet(at);
            }
            poll = (poll * 2).min(LAST_POLL);
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
