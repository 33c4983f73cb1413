//! The relay to Kafka: every public event, at least once, one aggregate's in order.
//!
//! There is one topic for each published aggregate type, keyed by the aggregate's id, and two of one partition:
//! `watermark`, by which a consumer of the topics knows its position in the log, and `heads`, for auditors.
//! One relay works at a time; others wait for its lock. It starts at its checkpoint, which moves when Kafka has
//! acknowledged, so a crash repeats events and loses none. Who wants each once goes by `ce_id`, or in a partition
//! by `ce_position`: see [`Watermark`].

mod arrived;
mod error;
mod flow;
mod lock;
mod partition;
mod producer;
mod record;
mod topics;
mod turn;
mod watermark;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::with_causes;
use metrics::gauge;
use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

pub use self::arrived::{Arrived, NotOurs};
pub use self::error::RelayError;
use self::lock::Lock;
pub use self::partition::partition_of;
use self::producer::Producer;
pub use self::record::header;
pub use self::topics::Topics;
use self::turn::{End, Turn};
pub use self::watermark::Watermark;
use crate::checkpoint::{Checkpoint, Standstill};
use crate::head::Head;
use crate::log::Log;
use crate::watch::LogWatch;

/// How many partitions each topic of events has. It never changes: a key would move to another partition.
pub const PARTITIONS: usize = 6;

/// The largest record, in bytes: an order of 1,100 lines has some 300,000, and Kafka's default is 1 MiB.
pub const MOST_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// The name of the relay's checkpoint.
pub const CHECKPOINT: &str = "relay";

/// How the relay is set up.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// Where Kafka is: `host:port`, several separated by commas.
    pub brokers: String,
    /// Of each topic of events; an existing topic must have as many.
    pub partitions: usize,
    /// The `ce_source` of every event: a URI reference.
    pub source: String,
    /// What the topics' names begin with.
    pub topic_prefix: String,
}

impl RelayConfig {
    /// The relay to these brokers, with everything else as it is documented.
    pub fn to(brokers: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            partitions: PARTITIONS,
            source: "/daybook".to_owned(),
            topic_prefix: "daybook".to_owned(),
        }
    }
}

/// How the relay is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RelayStatus {
    /// Whether it is the one that works; else it waits for the lock.
    pub active: bool,
    /// Its checkpoint, as far as it knows: everything up to here is in Kafka.
    pub position: i64,
    /// How many events of the log it has not settled yet.
    pub lag: i64,
    /// Whether a broker answered lately.
    pub broker_reachable: bool,
}

impl RelayStatus {
    fn moved(&mut self, position: i64, head: i64) {
        self.position = position;
        self.lag = (head - position).max(0);
    }
}

/// The relay, ready to run.
#[derive(Debug)]
pub struct Relay {
    config: RelayConfig,
    topics: Arc<Topics>,
    checkpoint: Checkpoint,
    pool: PgPool,
    watch: LogWatch,
    reachable: Arc<AtomicBool>,
    status: watch::Sender<RelayStatus>,
}

/// Why the lock was left.
enum Left {
    /// The relay is to stop.
    Stopped,
    /// It was lost.
    Lost,
}

/// Relays until `shutdown`; see [`Relay::run`].
pub async fn run(
    config: RelayConfig,
    pool: PgPool,
    watch: LogWatch,
    shutdown: CancellationToken,
) -> Result<(), RelayError> {
    Relay::new(config, pool, watch).run(shutdown).await
}

impl Relay {
    /// A relay of the log that `pool` leads to. Beside the pool's connections it has one of its own.
    pub fn new(config: RelayConfig, pool: PgPool, watch: LogWatch) -> Self {
        let topics = Arc::new(Topics::new(&config.topic_prefix, config.partitions));
        Self {
            config,
            topics,
            checkpoint: Checkpoint::named(CHECKPOINT),
            pool,
            watch,
            reachable: Arc::default(),
            status: watch::Sender::default(),
        }
    }

    /// How it is doing, at least once a second.
    pub fn status(&self) -> watch::Receiver<RelayStatus> {
        self.status.subscribe()
    }

    /// The topics that it writes.
    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Relays until `shutdown` is cancelled, and then finishes what it has in hand.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), RelayError> {
        let ended = tokio::select! {
            result = self.take_turns(&shutdown) => result,
            () = self.report() => Ok(()),
        };
        self.count();
        ended
    }

    async fn take_turns(&self, shutdown: &CancellationToken) -> Result<(), RelayError> {
        loop {
            let Some(lock) = self.compete(shutdown).await else { return Ok(()) };
            self.status.send_modify(|status| status.active = true);
            let left = self.work(&lock, shutdown).await;
            self.status.send_modify(|status| status.active = false);
            if let Err(error) = &left {
                // While the lock is held: who takes it next takes this back, once it goes on.
                self.stands_still(error).await;
            }
            lock.release().await;
            match left? {
                Left::Stopped => return Ok(()),
                Left::Lost => {
                    warn!("the relay's session with Postgres is gone, and its lock; it competes again");
                }
            }
        }
    }

    /// Waits for the lock; nothing if it is to stop first.
    async fn compete(&self, shutdown: &CancellationToken) -> Option<Lock> {
        let mut said = false;
        let mut waiting = || {
            if !said {
                said = true;
                info!("another relay is at work; this one waits to take over");
            }
        };
        loop {
            let taken = tokio::select! {
                taken = Lock::take(&self.pool, self.checkpoint.clone(), &mut waiting) => taken,
                () = shutdown.cancelled() => return None,
            };
            match taken {
                Ok(lock) => return Some(lock),
                Err(error) => {
                    warn!(
                        error = &error as &dyn std::error::Error,
                        "the relay can't ask Postgres for its lock"
                    );
                }
            }
            if timeout(turn::RETRY, shutdown.cancelled()).await.is_ok() {
                return None;
            }
        }
    }

    /// Works while the lock is held, with a new producer whenever one can't go on.
    async fn work(&self, lock: &Lock, shutdown: &CancellationToken) -> Result<Left, RelayError> {
        loop {
            let producer = Producer::new(&self.config, &self.topics, &self.reachable)?;
            let turn = Turn {
                source: &self.config.source,
                topics: &self.topics,
                checkpoint: &self.checkpoint,
                log: Log::followed(self.pool.clone(), &self.watch),
                watch: &self.watch,
                lock,
                producer: Arc::clone(&producer),
                reachable: &self.reachable,
                status: &self.status,
                shutdown,
            };
            let end = turn.run().await;
            drop(turn);
            // It is closed; dropping it waits for its threads. Joining fails only where the runtime is going away.
            let _ = tokio::task::spawn_blocking(move || drop(producer)).await;
            match end {
                End::Stopped => return Ok(Left::Stopped),
                End::Lost(lock::Lost) => return Ok(Left::Lost),
                End::Failed(error) => return Err(error),
                End::Broken(error) => {
                    warn!(%error, "the Kafka producer can't go on; a new one begins at the checkpoint");
                }
            }
            if timeout(turn::RETRY, shutdown.cancelled()).await.is_ok() {
                return Ok(Left::Stopped);
            }
        }
    }

    /// Keeps the status fresh while nothing else happens.
    async fn report(&self) {
        loop {
            self.status.send_if_modified(|status| {
                let before = *status;
                status.broker_reachable = self.reachable.load(Ordering::Relaxed);
                status.moved(status.position, self.watch.position());
                *status != before
            });
            self.count();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Says in the metrics how it is doing.
    fn count(&self) {
        let RelayStatus { active, broker_reachable, .. } = *self.status.borrow();
        gauge!("daybook_relay_active").set(u32::from(active));
        gauge!("daybook_relay_broker_reachable").set(u32::from(broker_reachable));
    }

    /// Keeps for `daybook status` why nothing more is published.
    async fn stands_still(&self, error: &RelayError) {
        let at = self.checkpoint.load(&self.pool).await.unwrap_or(Head::EMPTY);
        let kept = self.checkpoint.failed(&self.pool, &at, &with_causes(error), Standstill::Failed).await;
        if let Err(error) = kept {
            warn!(error = &error as &dyn std::error::Error, "how the relay is doing is not in status");
        }
    }
}
