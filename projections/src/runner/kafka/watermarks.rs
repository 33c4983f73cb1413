//! Following the relay's watermarks.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use event_store::relay::Watermark;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use tokio::sync::watch;
use tracing::{debug, warn};

use super::assigned::lock;
use super::trouble::PATIENCE;

#[cfg(test)]
mod tests;

/// How many are kept for read models that have not come so far. Where there are more, each second one is forgotten.
const KEPT: usize = 256;

/// Between two looks at whether this is to end, and between two tries.
const POLL: Duration = Duration::from_millis(100);
const RETRY: Duration = Duration::from_secs(1);

/// What is refused is refused sooner after its beginning: then all is well though no watermark comes.
const SETTLED: Duration = Duration::from_secs(5);

/// The watermarks of late. Dropping it ends the following.
#[derive(Debug)]
pub(super) struct Watermarks {
    seen: Arc<Seen>,
    stop: Arc<AtomicBool>,
}

#[derive(Debug, Default)]
struct Seen {
    /// In order.
    recent: Mutex<VecDeque<Arc<Watermark>>>,
    newest: watch::Sender<i64>,
    /// Since when they can't be read, and why.
    failing: Mutex<Option<(Instant, KafkaError)>>,
}

impl Watermarks {
    /// Follows a topic of watermarks, from the last one that is there.
    pub(super) fn follow(topic: &str, client: ClientConfig) -> Self {
        let (seen, stop) = (Arc::<Seen>::default(), Arc::new(AtomicBool::new(false)));
        let this = Self { seen: Arc::clone(&seen), stop: Arc::clone(&stop) };
        let topic = topic.to_owned();
        tokio::task::spawn_blocking(move || {
            while !stop.load(Ordering::Relaxed) {
                if let Err(error) = read(&topic, &client, &seen, &stop) {
                    warn!(%error, "the relay's watermarks can't be read");
                    seen.fails(error);
                    std::thread::sleep(RETRY);
                }
            }
        });
        this
    }

    /// Those that are known of, to wait for the next.
    pub(super) fn newest(&self) -> watch::Receiver<i64> {
        self.seen.newest.subscribe()
    }

    /// Why they can't be read, and could not for long.
    pub(super) fn trouble(&self) -> Option<KafkaError> {
        let failing = lock(&self.seen.failing);
        failing.as_ref().filter(|(since, _)| since.elapsed() >= PATIENCE).map(|(_, error)| error.clone())
    }

    /// The greatest one above a position that `holds`.
    pub(super) fn greatest(&self, above: i64, holds: impl Fn(&Watermark) -> bool) -> Option<Arc<Watermark>> {
        let recent: Vec<_> =
            lock(&self.seen.recent).iter().filter(|it| it.position > above).cloned().collect();
        recent.into_iter().rev().find(|it| holds(it))
    }
}

impl Drop for Watermarks {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Seen {
    fn fails(&self, error: KafkaError) {
        let mut failing = lock(&self.failing);
        let since = failing.as_ref().map_or_else(Instant::now, |(since, _)| *since);
        *failing = Some((since, error));
    }

    fn is_well(&self) {
        *lock(&self.failing) = None;
    }

    fn add(&self, watermark: Watermark) {
        let position = watermark.position;
        let mut recent = lock(&self.recent);
        // After its restart a relay may begin with an earlier one.
        if recent.back().is_some_and(|last| last.position >= position) {
            return;
        }
        recent.push_back(Arc::new(watermark));
        if recent.len() > KEPT {
            let mut place = 0_usize;
            recent.retain(|_| {
                place += 1;
                place.is_multiple_of(2) || place > KEPT
            });
        }
        drop(recent);
        self.newest.send_replace(position);
    }
}

fn read(topic: &str, client: &ClientConfig, seen: &Seen, stop: &AtomicBool) -> Result<(), KafkaError> {
    let consumer: BaseConsumer = client.create()?;
    let mut last = TopicPartitionList::new();
    last.add_partition_offset(topic, 0, begin(&consumer, topic)?)?;
    consumer.assign(&last)?;
    let begun = Instant::now();
    while !stop.load(Ordering::Relaxed) {
        let polled = consumer.poll(POLL);
        if matches!(polled, Some(Ok(_))) || begun.elapsed() >= SETTLED {
            seen.is_well();
        }
        match polled {
            Some(Ok(message)) => match serde_json::from_slice(message.payload().unwrap_or_default()) {
                Ok(watermark) => seen.add(watermark),
                Err(error) => warn!(%error, offset = message.offset(), "a watermark that can't be read"),
            },
            Some(Err(error)) if is_last(&error) => return Err(error),
            Some(Err(error)) => debug!(%error, "Kafka"),
            None => {}
        }
    }
    Ok(())
}

/// Whether no record comes after this error, which librdkafka says once: the place where we stood is not there any more, or
/// the topic isn't, or not for us. After any other it connects again by itself.
fn is_last(error: &KafkaError) -> bool {
    match error {
        KafkaError::MessageConsumptionFatal(_) => true,
        KafkaError::MessageConsumption(code) => matches!(
            code,
            RDKafkaErrorCode::AutoOffsetReset
                | RDKafkaErrorCode::OffsetOutOfRange
                | RDKafkaErrorCode::UnknownTopic
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::TopicAuthorizationFailed
        ),
        _ => false,
    }
}

/// The last one; where there is none yet, the beginning.
fn begin(consumer: &BaseConsumer, topic: &str) -> Result<Offset, KafkaError> {
    let (low, high) = consumer.fetch_watermarks(topic, 0, Duration::from_secs(10))?;
    Ok(Offset::Offset((high - 1).max(low)))
}
