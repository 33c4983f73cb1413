//! Loading what commands need, beside the decider's task.
//!
//! From the moment a load is asked for until it is installed, every event of that aggregate that passes is kept; then
//! the load is installed and those events on top of it, by sequence. Without that a load that another process'
//! event has overtaken would be taken for the present.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use domain::StreamId;
use sqlx::PgPool;
use tokio::sync::{Semaphore, mpsc};
use tracing::warn;

use super::Remembered;
use super::keys::Taken;
use super::registry::{LoadError, Registry, State};
use crate::recorded::Recorded;

/// How a load is tried again before the commands that need it fail: after 20, 60, 180 and 540 ms.
const ATTEMPTS: ExponentialBuilder =
    ExponentialBuilder::new().with_min_delay(Duration::from_millis(20)).with_factor(3.0).with_max_times(4);

/// How many loads run at once.
const CONCURRENT: usize = 16;

/// What a load found.
pub enum Loaded {
    Stream { stream: StreamId, epoch: u64, found: Result<(Box<dyn State>, i64), LoadError> },
    Keys { keys: Vec<[u8; 32]>, epoch: u64, found: Result<HashMap<[u8; 32], Taken>, LoadError> },
}

/// A load under way.
struct Underway {
    /// Commands, by order of arrival, that wait for it.
    waiting: Vec<u64>,
    /// Events of it that passed since it was asked for.
    passed: Vec<Recorded>,
}

/// The loads under way.
pub struct Loads {
    registry: Arc<Registry>,
    pool: PgPool,
    places: Arc<Semaphore>,
    results: mpsc::UnboundedSender<Loaded>,
    streams: HashMap<StreamId, Underway>,
    keys: HashMap<[u8; 32], Vec<u64>>,
    /// Keys that the next look-up will take along.
    asked: HashSet<[u8; 32]>,
    looking: bool,
    /// Raised when everything is forgotten: what was asked for before is loaded again.
    epoch: u64,
}

impl Loads {
    pub fn new(registry: Arc<Registry>, pool: PgPool) -> (Self, mpsc::UnboundedReceiver<Loaded>) {
        let (results, receiver) = mpsc::unbounded_channel();
        let places = Arc::new(Semaphore::new(CONCURRENT));
        let this = Self {
            registry,
            pool,
            places,
            results,
            streams: HashMap::new(),
            keys: HashMap::new(),
            asked: HashSet::new(),
            looking: false,
            epoch: 0,
        };
        (this, receiver)
    }

    /// Whether a stream is being loaded.
    pub fn underway(&self, stream: &StreamId) -> bool {
        self.streams.contains_key(stream)
    }

    /// Asks for a stream on behalf of a command.
    pub fn ask(&mut self, stream: &StreamId, command: u64) {
        let new = !self.streams.contains_key(stream);
        let underway = self
            .streams
            .entry(stream.clone())
            .or_insert_with(|| Underway { waiting: Vec::new(), passed: Vec::new() });
        underway.waiting.push(command);
        if new {
            self.start(stream.clone());
        }
    }

    fn start(&self, stream: StreamId) {
        let (registry, pool, places, results, epoch) = (
            Arc::clone(&self.registry),
            self.pool.clone(),
            Arc::clone(&self.places),
            self.results.clone(),
            self.epoch,
        );
        tokio::spawn(async move {
            let _place = places.acquire().await;
            let load = || load(Arc::clone(&registry), pool.clone(), stream.clone());
            let found = load.retry(ATTEMPTS).notify(retried).await;
            let _ = results.send(Loaded::Stream { stream, epoch, found });
        });
    }

    /// Asks for a key on behalf of a command. Keys that are asked for while a look-up runs share the next one.
    pub fn ask_key(&mut self, key: [u8; 32], command: u64) {
        let waiting = self.keys.entry(key).or_default();
        waiting.push(command);
        if waiting.len() == 1 {
            self.asked.insert(key);
            self.look_up();
        }
    }

    fn look_up(&mut self) {
        if self.looking || self.asked.is_empty() {
            return;
        }
        self.looking = true;
        let keys: Vec<_> = self.asked.drain().collect();
        let (pool, results, epoch) = (self.pool.clone(), self.results.clone(), self.epoch);
        tokio::spawn(async move {
            let look_up = || look_up(pool.clone(), keys.clone());
            let found = look_up.retry(ATTEMPTS).notify(retried).await;
            let _ = results.send(Loaded::Keys { keys, epoch, found });
        });
    }

    /// An event passes the decider.
    pub fn pass(&mut self, stream: &StreamId, event: &Recorded) {
        if let Some(underway) = self.streams.get_mut(stream) {
            underway.passed.push(event.clone());
        }
    }

    /// A stream's load has come: the commands that waited and the events that passed. Nothing if it must be loaded
    /// again because everything was forgotten meanwhile.
    pub fn arrived(&mut self, stream: &StreamId, epoch: u64) -> Option<(Vec<u64>, Vec<Recorded>)> {
        if epoch != self.epoch {
            self.start(stream.clone());
            return None;
        }
        let underway = self.streams.remove(stream)?;
        Some((underway.waiting, underway.passed))
    }

    /// A look-up of keys has come: the commands that waited for each. Nothing if it must be looked up again.
    pub fn keys_arrived(&mut self, keys: &[[u8; 32]], epoch: u64) -> Option<Vec<u64>> {
        self.looking = false;
        if epoch != self.epoch {
            self.asked.extend(keys);
            self.look_up();
            return None;
        }
        let waiting = keys.iter().filter_map(|key| self.keys.remove(key)).flatten().collect();
        self.look_up();
        Some(waiting)
    }

    /// Everything that the decider knew is forgotten: what is under way may be of before.
    pub fn forget(&mut self) {
        self.epoch += 1;
        for underway in self.streams.values_mut() {
            underway.passed.clear();
        }
    }
}

async fn load(
    registry: Arc<Registry>,
    pool: PgPool,
    stream: StreamId,
) -> Result<(Box<dyn State>, i64), LoadError> {
    let kind = registry.get(stream.aggregate_type).ok_or(LoadError::Unregistered(stream.aggregate_type))?;
    kind.load(&pool, &stream.aggregate_id).await
}

async fn look_up(pool: PgPool, keys: Vec<[u8; 32]>) -> Result<HashMap<[u8; 32], Taken>, LoadError> {
    let asked: Vec<&[u8]> = keys.iter().map(|key| &key[..]).collect();
    // One by one: a plan for `= ANY` is made while the table is empty, reads all of it, and is kept until the table is
    // analyzed, which may be a minute and a hundred thousand keys later.
    let rows = sqlx::query!(
        r#"SELECT known.key, fingerprint, status, resource, position
           FROM unnest($1::bytea[]) AS asked(key)
           CROSS JOIN LATERAL (SELECT * FROM idempotency_keys WHERE idempotency_keys.key = asked.key LIMIT 1) AS known"#,
        &asked as _,
    )
    .fetch_all(&pool)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let answer = Remembered {
                status: u16::try_from(row.status).ok()?,
                resource: row.resource,
                position: row.position,
            };
            Some((row.key.try_into().ok()?, Taken { fingerprint: row.fingerprint.try_into().ok()?, answer }))
        })
        .collect())
}

fn retried(error: &LoadError, pause: Duration) {
    warn!(error = error as &dyn std::error::Error, ?pause, "a load failed and is tried again");
}
