//! The way of the events: they are read, produced and, once Kafka has them, settled.
//!
//! The three go on at the same time, each in the order of the log, so that neither Postgres nor Kafka waits for the
//! other.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::RelayError;
use super::producer::{Acks, Outgoing, Producer};
use super::record::Record;
use super::topics::Topics;
use super::turn::{End, MENTION, RETRY, Turn};
use super::watermark::{EndOffsets, Watermark};
use crate::head::Head;
use crate::log::{Batch, LogError};
use crate::recorded::Recorded;

/// How many events are read at once.
const READ: i64 = 2_000;

/// While events trickle in, the log is read once in this time: a request to Kafka for one event costs both as much as one
/// for fifty.
const READ_PACE: Duration = Duration::from_millis(10);

/// Fewer events than this in a batch are a trickle.
const TRICKLE: usize = 500;

/// How many bytes may be under way to Kafka, in KiB: stored payloads, and [`OVERHEAD`] for each event.
const UNDER_WAY: u32 = 32 * 1024;

/// What an event takes in librdkafka's queue beside its payload, in bytes.
const OVERHEAD: usize = 1_024;

/// The least time between two checkpoints. Each writes a head that Kafka keeps for ever.
const PACE: Duration = Duration::from_millis(100);

/// A batch that was handed to the producer.
struct Sent {
    head: Head,
    acks: Arc<Acks>,
    _under_way: OwnedSemaphorePermit,
}

impl Turn<'_> {
    /// Relays what comes after `from`, until it is to stop and all is settled.
    pub(super) async fn flow(&self, from: Head, ends: EndOffsets) -> Result<(), End> {
        let (batches, read) = mpsc::channel(2);
        let (sent, published) = mpsc::channel(64);
        let stop = self.shutdown.child_token();
        let ((), failure, ()) = tokio::try_join!(
            self.read(from, batches, &stop),
            self.publish(from, read, sent, &stop),
            self.settle(published, ends),
        )?;
        failure.map_or(Ok(()), |error| Err(End::Failed(error)))
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
                    let trickles = batch.events.len() < TRICKLE;
                    if batches.send(batch).await.is_err() {
                        return Ok(());
                    }
                    if trickles {
                        sleep(READ_PACE).await;
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
