//! One turn at the lock with one producer, from the checkpoint on. Whatever breaks ends it, and the next one begins
//! at the checkpoint again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::producer::Producer as _;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::lock::{Lock, Lost};
use super::producer::Producer;
use super::topics::{NotReady, Topics};
use super::watermark::EndOffsets;
use super::{RelayError, RelayStatus};
use crate::checkpoint::Checkpoint;
use crate::head::Head;
use crate::log::{Log, LogError};
use crate::watch::LogWatch;

/// How often an outage is mentioned.
pub(super) const MENTION: Duration = Duration::from_secs(10);

/// How long after something failed it is tried again.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// How long a relay that is to stop waits for what is under way.
const GRACE: Duration = Duration::from_secs(10);

/// How a turn ended.
#[derive(Debug)]
pub(super) enum End {
    /// It was to stop, and what was in hand is done or left to the next start.
    Stopped,
    /// The lock is gone.
    Lost(Lost),
    /// The producer can't go on; another one can.
    Broken(KafkaError),
    /// Nobody but a person can help.
    Failed(RelayError),
}

impl From<RelayError> for End {
    fn from(error: RelayError) -> Self {
        Self::Failed(error)
    }
}

impl From<Lost> for End {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

/// What a turn needs.
pub(super) struct Turn<'a> {
    pub(super) source: &'a str,
    pub(super) topics: &'a Arc<Topics>,
    pub(super) checkpoint: &'a Checkpoint,
    pub(super) log: Log,
    pub(super) watch: &'a LogWatch,
    pub(super) lock: &'a Lock,
    pub(super) producer: Arc<Producer>,
    pub(super) reachable: &'a AtomicBool,
    pub(super) status: &'a watch::Sender<RelayStatus>,
    pub(super) shutdown: &'a CancellationToken,
}

impl Drop for Turn<'_> {
    /// However the turn ends, a batch that is being produced on another thread must not go on.
    fn drop(&mut self) {
        self.producer.close();
    }
}

impl Turn<'_> {
    /// Relays until something ends it.
    pub(super) async fn run(&self) -> End {
        let ended = tokio::select! {
            biased;
            lost = self.lock.lost() => Err(lost.into()),
            error = self.producer.failed() => Err(End::Broken(error)),
            () = self.out_of_patience() => Ok(()),
            done = self.relay() => done,
        };
        ended.err().unwrap_or(End::Stopped)
    }

    /// The way of the events, from the checkpoint on, until it is to stop and all is done.
    async fn relay(&self) -> Result<(), End> {
        if !self.made_ready().await? {
            return Ok(());
        }
        let ends = self.end_offsets().await?;
        let Some(from) = self.starting_point().await? else { return Ok(()) };
        info!(position = from.position, "relaying to Kafka from here");
        tokio::select! {
            done = self.flow(from, ends) => done,
            () = self.look_for_broker() => Ok(()),
        }
    }

    /// Makes the topics ready. Not, if it is to stop before Kafka answers.
    async fn made_ready(&self) -> Result<bool, End> {
        let mut mentioned: Option<Instant> = None;
        loop {
            let error = match self.topics.ensure(&self.producer).await {
                Ok(()) => {
                    self.tell_reachable(true);
                    return Ok(true);
                }
                Err(NotReady::Unreachable(error)) => error,
                Err(NotReady::Wrong(error)) => return Err(error.into()),
            };
            self.tell_reachable(false);
            if mentioned.is_none_or(|at| at.elapsed() >= MENTION) {
                mentioned = Some(Instant::now());
                warn!(%error, "Kafka can't be reached; the relay waits and catches up when it is back");
            }
            if !self.pause(RETRY).await {
                return Ok(false);
            }
        }
    }

    /// Where each partition ends now: what stands before that was there before this turn.
    async fn end_offsets(&self) -> Result<EndOffsets, End> {
        let topics = Arc::clone(self.topics);
        let offsets = self.producer.blocking(move |kafka| {
            let partitions = 0..i32::try_from(topics.partitions).unwrap_or(i32::MAX);
            let places = topics.events().iter().flat_map(|topic| partitions.clone().map(move |p| (topic, p)));
            places
                .map(|(topic, partition)| {
                    let (_, end) = kafka.client().fetch_watermarks(topic, partition, MENTION)?;
                    Ok(end)
                })
                .collect::<Result<Vec<_>, KafkaError>>()
        });
        offsets.await?.map(EndOffsets::new).map_err(End::Broken)
    }

    /// The checkpoint, or nothing if it is to stop.
    async fn starting_point(&self) -> Result<Option<Head>, End> {
        loop {
            let asked = tokio::select! {
                asked = self.goes_on_from() => asked,
                () = self.shutdown.cancelled() => return Ok(None),
            };
            match asked {
                Ok(head) => {
                    self.tell(head);
                    return Ok(Some(head));
                }
                Err(LogError::Postgres(error)) => {
                    warn!(
                        error = &error as &dyn std::error::Error,
                        "the relay can't ask Postgres for its checkpoint"
                    );
                }
                Err(error) => return Err(RelayError::Log(error).into()),
            }
            if !self.pause(RETRY).await {
                return Ok(None);
            }
        }
    }

    /// The checkpoint; and `daybook status` doesn't say any more that the relay stands still.
    async fn goes_on_from(&self) -> Result<Head, LogError> {
        let head = self.checkpoint.load(self.log.pool()).await?;
        self.checkpoint.recovered(self.log.pool()).await?;
        Ok(head)
    }

    /// Asks whether Kafka is back while nothing is produced that would show it.
    async fn look_for_broker(&self) {
        loop {
            sleep(RETRY).await;
            if !self.reachable.load(Ordering::Relaxed) {
                let asked = self.producer.blocking(|kafka| kafka.client().fetch_metadata(None, RETRY)).await;
                if matches!(asked, Ok(Ok(_))) {
                    self.tell_reachable(true);
                    info!("Kafka answers again");
                }
            }
        }
    }

    /// Passes some time; false if it is to stop.
    pub(super) async fn pause(&self, time: Duration) -> bool {
        timeout(time, self.shutdown.cancelled()).await.is_err()
    }

    /// Ends when it was to stop and what is under way takes too long.
    async fn out_of_patience(&self) {
        self.shutdown.cancelled().await;
        sleep(GRACE).await;
        warn!("Kafka has not acknowledged what is under way; the next start sends it again");
    }

    fn tell_reachable(&self, reachable: bool) {
        self.reachable.store(reachable, Ordering::Relaxed);
        self.status.send_modify(|status| status.broker_reachable = reachable);
    }

    pub(super) fn tell(&self, head: Head) {
        self.status.send_modify(|status| status.moved(head.position, self.watch.position()));
    }
}
