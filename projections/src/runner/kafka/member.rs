//! A member of a consumer group: a thread that polls, and hands over what it gets.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use event_store::Checkpoint;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};
use sqlx::PgPool;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tracing::debug;

use super::Kafka;
use super::assigned::{Assigned, lock};
use super::run::{Place, Run, Runs};
use super::trouble::Trouble;
use crate::runner::failure::FeedError;

/// How many records are handed over together, at most.
const MOST: usize = 5_000;

/// How long the thread waits for a record before it looks whether it is to stop.
const POLL: Duration = Duration::from_millis(100);

/// How long it waits for one more while what it has is not taken yet.
const POLL_MORE: Duration = Duration::from_millis(1);

/// How often the group is told how far we are. Nothing hangs on it: it is for who looks at the group's lag.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// A member of the group of a checkpoint. Dropping it leaves the group.
pub(super) struct Member {
    runs: Receiver<Result<Runs, FeedError>>,
    trouble: watch::Receiver<Option<KafkaError>>,
    stop: Arc<AtomicBool>,
    applied: Arc<Mutex<HashMap<Place, i64>>>,
}

impl Member {
    /// Joins the group. Where a partition begins is asked of the database whenever one is assigned.
    pub(super) fn join(
        kafka: &Kafka,
        topics: &[String],
        checkpoint: &Checkpoint,
        pool: &PgPool,
    ) -> Result<Self, KafkaError> {
        let assigned = Assigned::to(checkpoint, pool);
        let mut client = Kafka::client(&kafka.config);
        client.set("group.id", kafka.group(checkpoint.name()));
        let consumer: BaseConsumer<Assigned> = client.create_with_context(assigned)?;
        let names: Vec<_> = topics.iter().map(String::as_str).collect();
        consumer.subscribe(&names)?;
        let ((sender, runs), (said, told)) = (channel(1), watch::channel(None));
        let (stop, applied) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let thread = Thread {
            consumer,
            topics: topics.to_vec(),
            trouble: None,
            said,
            sender,
            stop: Arc::clone(&stop),
            applied: Arc::clone(&applied),
            runs: Runs::default(),
            next: HashMap::new(),
            assignment: 0,
        };
        // One of the runtime's own threads: its end waits for this one, and so for the group to hear of it.
        tokio::task::spawn_blocking(move || thread.run());
        Ok(Self { runs, trouble: told, stop, applied })
    }

    /// Why no record comes, and has not for long; nothing where one may come.
    pub(super) fn trouble(&self) -> Option<KafkaError> {
        self.trouble.borrow().clone()
    }

    /// The next records; nothing once the thread has ended.
    pub(super) async fn next(&mut self) -> Option<Result<Runs, FeedError>> {
        self.runs.recv().await
    }

    /// Says that partitions are applied up to these offsets.
    pub(super) fn applied(&self, ends: Vec<(Place, i64)>) {
        lock(&self.applied).extend(ends);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

struct Thread {
    consumer: BaseConsumer<Assigned>,
    topics: Vec<String>,
    trouble: Option<Trouble>,
    /// What of it is told.
    said: watch::Sender<Option<KafkaError>>,
    sender: Sender<Result<Runs, FeedError>>,
    stop: Arc<AtomicBool>,
    applied: Arc<Mutex<HashMap<Place, i64>>>,
    /// What was read and not handed over.
    runs: Runs,
    /// Where each partition goes on.
    next: HashMap<Place, i64>,
    /// The number of the assignment that these are of.
    assignment: u64,
}

impl Thread {
    fn run(mut self) {
        if let Err(error) = self.poll() {
            // If nobody waits for it any more, nobody misses it.
            let _ = self.sender.blocking_send(Err(error));
        }
    }

    fn poll(&mut self) -> Result<(), FeedError> {
        let mut told = Instant::now();
        while !self.stop.load(Ordering::Relaxed) {
            let patience = match (self.runs.len(), self.sender.capacity()) {
                (0, _) => POLL,
                (_, 0) => POLL_MORE,
                _ => Duration::ZERO,
            };
            // A record borrows the consumer, so that it is dealt with before anything else.
            let consumer = &self.consumer;
            let polled = consumer.poll(patience);
            let (assigned, before) = (consumer.context(), self.assignment);
            assigned.note(&mut self.assignment, &mut self.next, &mut self.runs)?;
            if self.assignment != before && !self.next.is_empty() {
                self.trouble = None; // the group has answered: one that is lost leaves nothing
            }
            let more = match polled {
                Some(Ok(message)) => {
                    take(&mut self.runs, &mut self.next, &message)?;
                    self.trouble = None;
                    self.runs.len() < MOST
                }
                Some(Err(error)) => {
                    refused(&error)?;
                    self.trouble = Some(Trouble::with(error, self.trouble.take()));
                    false
                }
                None => false,
            };
            self.look_after_trouble();
            if !self.hand_over(more) {
                return Ok(());
            }
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                self.tell();
            }
        }
        self.tell();
        Ok(())
    }

    /// Hands over what there is, unless more is there already. Where the last was not taken yet this keeps it, up to a
    /// limit. False when nobody takes it any more.
    fn hand_over(&mut self, more: bool) -> bool {
        if self.runs.len() == 0 || more {
            return !self.sender.is_closed();
        }
        let full = self.runs.len() >= MOST;
        match self.sender.try_send(Ok(std::mem::take(&mut self.runs))) {
            Ok(()) => true,
            Err(TrySendError::Full(runs)) if full => self.sender.blocking_send(runs).is_ok(),
            Err(TrySendError::Full(runs)) => {
                self.runs = runs.unwrap_or_default();
                true
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }

    /// Forgets the trouble that is over, and says of the rest what is to be said.
    fn look_after_trouble(&mut self) {
        if self.trouble.as_mut().is_some_and(|trouble| trouble.is_over(&self.consumer, &self.topics)) {
            self.trouble = None;
        }
        let now = self.trouble.as_ref().and_then(Trouble::said);
        self.said.send_if_modified(|said| {
            let code = |error: Option<&KafkaError>| error.map(KafkaError::rdkafka_error_code);
            let changed = code(said.as_ref()) != code(now);
            if changed {
                *said = now.cloned();
            }
            changed
        });
    }

    fn tell(&self) {
        let applied = std::mem::take(&mut *lock(&self.applied));
        let mut offsets = TopicPartitionList::new();
        for ((topic, partition), next) in applied {
            if offsets.add_partition_offset(&topic, partition, Offset::Offset(next)).is_err() {
                return;
            }
        }
        if offsets.count() > 0
            && let Err(error) = self.consumer.commit(&offsets, CommitMode::Async)
        {
            debug!(%error, "the group was not told");
        }
    }
}

fn take(
    runs: &mut Runs,
    next: &mut HashMap<Place, i64>,
    message: &BorrowedMessage<'_>,
) -> Result<(), FeedError> {
    let place = (message.topic().to_owned(), message.partition());
    // Of a partition that was taken away meanwhile.
    let Some(next) = next.get_mut(&place) else { return Ok(()) };
    let run = runs.0.entry(place).or_insert_with(|| Run::beginning(*next));
    run.push(message)?;
    *next = run.end;
    Ok(())
}

/// What of an error ends it. librdkafka connects again by itself.
fn refused(error: &KafkaError) -> Result<(), FeedError> {
    match error {
        KafkaError::MessageConsumptionFatal(_) => Err(error.clone().into()),
        KafkaError::MessageConsumption(
            RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange,
        ) => Err(FeedError::NotKept("a partition".to_owned())),
        _ => {
            debug!(%error, "Kafka");
            Ok(())
        }
    }
}
