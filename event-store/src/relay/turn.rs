//! One turn at the lock with one producer: events are read, produced and, once Kafka has them, settled.
//!
//! The three go on at the same time, each in the order of the log, so that neither Postgres nor Kafka waits for the
//! other. Whatever breaks ends the turn, and the next one begins at the checkpoint.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::error::KafkaError;
use rdkafka::producer::Producer as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::lock::{Lock, Lost};
use super::producer::{Acks, Outgoing, Producer};
use super::record::Record;
use super::topics::{NotReady, Topics};
use super::watermark::{EndOffsets, Watermark};
use super::{RelayError, RelayStatus};
use crate::checkpoint::Checkpoint;
use crate::head::Head;
use crate::log::{Batch, Log, LogError};
use crate::recorded::Recorded;
use crate::watch::LogWatch;

/// How many events are read at once.
const READ: i64 = 2_000;

/// How many bytes may be under way to Kafka, in KiB: stored payloads, and [`OVERHEAD`] for each event.
const UNDER_WAY: u32 = 32 * 1024;

/// What an event takes in librdkafka's queue beside its payload, in bytes.
const OVERHEAD: usize = 1_024;

/// The least time between two checkpoints. Each writes a head that Kafka keeps for ever.
const PACE: Duration = Duration::from_millis(100);

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

/// A batch that was handed to the producer.
struct Sent {
    head: Head,
    acks: Arc<Acks>,
    _under_way: OwnedSemaphorePermit,
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
        let (batches, read) = mpsc::channel(2);
        let (sent, published) = mpsc::channel(64);
        let stop = self.shutdown.child_token();
        let work = async {
            let ((), failure, ()) = tokio::try_join!(
                self.read(from, batches, &stop),
                self.publish(from, read, sent, &stop),
                self.settle(published, ends),
            )?;
            failure.map_or(Ok(()), |error| Err(End::Failed(error)))
        };
        tokio::select! {
            done = work => done,
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
            match self.checkpoint.load(self.log.pool()).await {
                Ok(head) => {
                    self.tell(head);
                    return Ok(Some(head));
                }
                Err(LogError::Postgres(error)) => {
                    warn!(
                        error = &error as &dyn std::error::Error,
                        "the relay's checkpoint could not be read"
                    );
                }
                Err(error) => return Err(RelayError::Log(error).into()),
            }
            if !self.pause(RETRY).await {
                return Ok(None);
            }
        }
    }

    /// Reads the log from `at` on, until it is to stop.
    async fn read(
        &self,
        mut at: Head,
        batches: mpsc::Sender<Batch>,
        stop: &CancellationToken,
    ) -> Result<(), End> {
        loop {
            match self.log.read_after(&at, READ).await {
                Ok(batch) if batch.events.is_empty() => {
                    tokio::select! {
                        () = self.watch.beyond(at.position) => {}
                        () = stop.cancelled() => return Ok(()),
                    }
                }
                Ok(batch) => {
                    at = batch.head;
                    if batches.send(batch).await.is_err() {
                        return Ok(());
                    }
                }
                Err(LogError::Postgres(error)) => {
                    warn!(error = &error as &dyn std::error::Error, "the relay could not read the log");
                    self.pause(RETRY).await;
                }
                Err(error) => return Err(RelayError::Log(error).into()),
            }
            if stop.is_cancelled() {
                return Ok(());
            }
        }
    }

    /// Produces batch after batch, with so much under way as is allowed. An event that can't be published stops the
    /// reading and is answered when the groups before it are sent: they are still settled.
    async fn publish(
        &self,
        mut from: Head,
        mut batches: mpsc::Receiver<Batch>,
        sent: mpsc::Sender<Sent>,
        stop: &CancellationToken,
    ) -> Result<Option<RelayError>, End> {
        let room = Arc::new(Semaphore::new(UNDER_WAY as usize));
        while let Some(batch) = batches.recv().await {
            let head = batch.head;
            let kib = u32::try_from(weight(&batch.events) / 1024).unwrap_or(UNDER_WAY).clamp(1, UNDER_WAY);
            let Ok(under_way) = Arc::clone(&room).acquire_many_owned(kib).await else { break };
            let published = match self.produce(batch.events).await? {
                Ok(acks) => sent.send(Sent { head, acks, _under_way: under_way }).await.is_ok(),
                Err((position, error)) => {
                    stop.cancel();
                    if let Some((head, acks)) = self.produce_before(position, from).await? {
                        let _ = sent.send(Sent { head, acks, _under_way: under_way }).await;
                    }
                    return Ok(Some(error));
                }
            };
            if !published {
                break;
            }
            from = head;
        }
        Ok(None)
    }

    /// Maps some events and hands them to the producer, or, if one of them can't be mapped, none of them.
    async fn produce(&self, events: Vec<Recorded>) -> Result<Result<Arc<Acks>, (i64, RelayError)>, End> {
        let producer = Arc::clone(&self.producer);
        let topics = Arc::clone(self.topics);
        let source = self.source.to_owned();
        let task = tokio::task::spawn_blocking(move || {
            let mut records = Vec::with_capacity(events.len());
            for event in events {
                match Record::of(&event, &source) {
                    Ok(record) => records.extend(record),
                    Err(error) => return Ok(Err((event.position, error))),
                }
            }
            let acks = Acks::new(&topics);
            for record in records {
                send(record, &topics, &producer, &acks)?;
            }
            acks.all_sent();
            Ok(Ok(acks))
        });
        task.await.map_err(RelayError::from)?
    }

    /// Produces the whole groups between `from` and an event that can't be mapped.
    async fn produce_before(&self, position: i64, from: Head) -> Result<Option<(Head, Arc<Acks>)>, End> {
        let most = position - 1 - from.position;
        let Ok(batch) = self.log.read_after(&from, most).await else { return Ok(None) };
        if batch.events.is_empty() || batch.head.position >= position {
            return Ok(None);
        }
        let head = batch.head;
        Ok(self.produce(batch.events).await?.ok().map(|acks| (head, acks)))
    }

    /// Waits for the acknowledgements, batch after batch, and then says how far the relay has come: first in Kafka,
    /// then by the checkpoint.
    async fn settle(&self, mut sent: mpsc::Receiver<Sent>, mut ends: EndOffsets) -> Result<(), End> {
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut next = sent.recv().await;
        while let Some(batch) = next {
            self.acknowledged(&batch.acks).await;
            ends.advance(batch.acks.ends());
            let mut head = batch.head;
            drop(batch);
            pace.tick().await;
            // What has arrived meanwhile is settled along with it.
            next = loop {
                match sent.try_recv() {
                    Ok(batch) if batch.acks.is_complete() => {
                        ends.advance(batch.acks.ends());
                        head = batch.head;
                    }
                    Ok(batch) => break Some(batch),
                    Err(_) => break None,
                }
            };
            self.announce(head, &ends).await?;
            self.lock.store(head).await?;
            self.tell(head);
            if next.is_none() {
                next = sent.recv().await;
            }
        }
        Ok(())
    }

    /// Writes how far the relay has come to Kafka: for its consumers, and for auditors.
    async fn announce(&self, head: Head, ends: &EndOffsets) -> Result<(), End> {
        let watermark =
            serde_json::to_string(&Watermark::new(head, self.topics, ends)).map_err(RelayError::Watermark)?;
        let acks = Acks::new(self.topics);
        let position = head.position.to_string();
        let written = head.to_string();
        for (topic, key, payload) in
            [(&self.topics.watermark, Watermark::KEY, &watermark), (&self.topics.heads, &position, &written)]
        {
            let record = Outgoing { topic, key, payload, timestamp: None, headers: None };
            self.producer.send(record, &acks).map_err(End::Broken)?;
        }
        acks.all_sent();
        self.acknowledged(&acks).await;
        Ok(())
    }

    /// Waits for acknowledgements, and says so if they are long in coming.
    async fn acknowledged(&self, acks: &Acks) {
        let since = Instant::now();
        while timeout(MENTION, acks.completed()).await.is_err() {
            warn!(
                seconds = since.elapsed().as_secs(),
                reachable = self.reachable.load(Ordering::Relaxed),
                position = self.status.borrow().position,
                "Kafka has not acknowledged; the relay waits"
            );
        }
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
    async fn pause(&self, time: Duration) -> bool {
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

    fn tell(&self, head: Head) {
        self.status.send_modify(|status| status.moved(head.position, self.watch.position()));
    }
}

/// The bytes that some events take while they are under way.
fn weight(events: &[Recorded]) -> usize {
    events.iter().map(|event| event.payload.len() + OVERHEAD).sum()
}

/// Hands a record to the producer.
fn send(record: Record, topics: &Topics, producer: &Producer, acks: &Arc<Acks>) -> Result<(), End> {
    let Some(topic) = topics.of(record.aggregate_type) else { return Ok(()) };
    let outgoing = Outgoing {
        topic,
        key: &record.key,
        payload: &record.payload,
        timestamp: Some(record.timestamp),
        headers: Some(record.headers),
    };
    producer.send(outgoing, acks).map_err(End::Broken)
}
