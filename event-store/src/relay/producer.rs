//! The producer, one for each time that the relay begins, and what it has to be told and asked.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{
    BaseRecord, DeliveryResult, Producer as _, ProducerContext, PurgeConfig, ThreadedProducer,
};
use rdkafka::{ClientContext, Message};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::topics::Topics;
use super::{MOST_MESSAGE_BYTES, RelayConfig, RelayError};

/// librdkafka's producer, until something goes wrong with it: then it takes nothing any more.
pub(super) struct Producer {
    kafka: ThreadedProducer<Deliveries>,
    config: ClientConfig,
    /// Whether it takes records. Closed under the write lock: nothing comes after the purge, for a record that is
    /// sent although an earlier one was purged would be a gap.
    open: RwLock<bool>,
}

/// What is to be sent, and where.
#[derive(Debug)]
pub(super) struct Outgoing<'a> {
    pub(super) topic: &'a str,
    pub(super) key: &'a str,
    pub(super) payload: &'a str,
    pub(super) timestamp: Option<i64>,
    pub(super) headers: Option<OwnedHeaders>,
}

impl Producer {
    pub(super) fn new(
        config: &RelayConfig,
        topics: &Arc<Topics>,
        reachable: &Arc<AtomicBool>,
    ) -> Result<Arc<Self>, RelayError> {
        let client = client_config(config);
        let deliveries = Deliveries {
            topics: Arc::clone(topics),
            reachable: Arc::clone(reachable),
            failure: OnceLock::new(),
            failed: CancellationToken::new(),
        };
        let kafka = client.create_with_context(deliveries).map_err(RelayError::Config)?;
        Ok(Arc::new(Self { kafka, config: client, open: RwLock::new(true) }))
    }

    /// The configuration of the client, for another one.
    pub(super) fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// Hands a record over, and counts it in `acks`. After an error the producer can't go on.
    pub(super) fn send(&self, record: Outgoing<'_>, acks: &Arc<Acks>) -> Result<(), KafkaError> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        if !*open {
            return Err(KafkaError::Canceled);
        }
        acks.expect();
        let mut message = BaseRecord::with_opaque_to(record.topic, Arc::clone(acks))
            .key(record.key)
            .payload(record.payload);
        message.timestamp = record.timestamp;
        message.headers = record.headers;
        self.kafka.send(message).map_err(|(error, _)| error)
    }

    /// Asks the cluster something, away from the threads that must not be blocked.
    pub(super) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        ask: impl FnOnce(&ThreadedProducer<Deliveries>) -> T + Send + 'static,
    ) -> Result<T, RelayError> {
        let this = Arc::clone(self);
        Ok(tokio::task::spawn_blocking(move || ask(&this.kafka)).await?)
    }

    /// Waits until it can't go on: nothing that was not acknowledged by then may be taken for sent.
    pub(super) async fn failed(&self) -> KafkaError {
        let deliveries = self.kafka.context();
        deliveries.failed.cancelled().await;
        deliveries.failure.get().cloned().unwrap_or(KafkaError::Canceled)
    }

    /// Stops at once: what is queued or under way is given up, and nothing is taken any more.
    pub(super) fn close(&self) {
        *self.open.write().unwrap_or_else(PoisonError::into_inner) = false;
        self.kafka.purge(PurgeConfig::default().queue().inflight());
    }
}

fn client_config(config: &RelayConfig) -> ClientConfig {
    let mut client = ClientConfig::new();
    client
        .set("bootstrap.servers", &config.brokers)
        .set("client.id", "daybook-relay")
        .set("enable.idempotence", "true")
        .set("acks", "all")
        // A record that can't be delivered must not be followed by others: either of these would let them pass.
        .set("enable.gapless.guarantee", "true")
        .set("message.timeout.ms", "0")
        // As the Java client partitions, so that others can join on the same keys.
        .set("partitioner", "murmur2_random")
        .set("compression.type", "lz4")
        .set("message.max.bytes", MOST_MESSAGE_BYTES.to_string())
        // The relay bounds by bytes what is under way.
        .set("queue.buffering.max.messages", "0")
        .set("linger.ms", "10")
        // A broker that is back should not be waited for: librdkafka's own limit is ten seconds.
        .set("reconnect.backoff.max.ms", "1000")
        .set("socket.keepalive.enable", "true")
        .set_log_level(RDKafkaLogLevel::Warning);
    client
}

/// Takes librdkafka's reports.
pub(super) struct Deliveries {
    topics: Arc<Topics>,
    reachable: Arc<AtomicBool>,
    failure: OnceLock<KafkaError>,
    failed: CancellationToken,
}

impl Deliveries {
    fn fail(&self, error: KafkaError) {
        // The first failure is the cause; the others follow from it.
        let _ = self.failure.set(error);
        self.failed.cancel();
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // One line for each try to connect: the relay says it once in a while, in its own words.
        debug!(?level, facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        debug!(%error, reason, "librdkafka");
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => self.reachable.store(false, Ordering::Relaxed),
            Some(RDKafkaErrorCode::Fatal) => self.fail(error),
            _ => {}
        }
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Arc<Acks>;

    fn delivery(&self, result: &DeliveryResult<'_>, acks: Arc<Acks>) {
        match result {
            Ok(message) => {
                self.reachable.store(true, Ordering::Relaxed);
                let topic = self.topics.events().iter().position(|topic| topic == message.topic());
                let partition = usize::try_from(message.partition()).unwrap_or(usize::MAX);
                let place = topic.map(|topic| topic * self.topics.partitions + partition);
                acks.acknowledge(place, message.offset() + 1);
            }
            // Never counted as arrived: whoever waits for them waits until the producer is given up.
            Err((error, _)) => self.fail(error.clone()),
        }
    }
}

/// The acknowledgements of some records that are waited for together.
#[derive(Debug)]
pub(super) struct Acks {
    /// Records under way, and one for as long as more are to come.
    outstanding: AtomicUsize,
    /// The end offset of each partition of each topic of events, topic after topic; 0 where none went.
    ends: Vec<AtomicI64>,
    complete: Notify,
}

impl Acks {
    pub(super) fn new(topics: &Topics) -> Arc<Self> {
        let places = topics.events().len() * topics.partitions;
        Arc::new(Self {
            outstanding: AtomicUsize::new(1),
            ends: (0..places).map(|_| AtomicI64::new(0)).collect(),
            complete: Notify::new(),
        })
    }

    fn expect(&self) {
        self.outstanding.fetch_add(1, Ordering::Relaxed);
    }

    /// Says that no more are to come.
    pub(super) fn all_sent(&self) {
        self.arrived();
    }

    fn acknowledge(&self, place: Option<usize>, end: i64) {
        if let Some(known) = place.and_then(|place| self.ends.get(place)) {
            known.fetch_max(end, Ordering::Relaxed);
        }
        self.arrived();
    }

    fn arrived(&self) {
        // Whoever sees none outstanding must see all ends.
        if self.outstanding.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.complete.notify_one();
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.outstanding.load(Ordering::Acquire) == 0
    }

    /// Waits until all were acknowledged. For one waiter.
    pub(super) async fn completed(&self) {
        while !self.is_complete() {
            self.complete.notified().await;
        }
    }

    /// Where the records went, once complete.
    pub(super) fn ends(&self) -> impl Iterator<Item = i64> {
        self.ends.iter().map(|end| end.load(Ordering::Relaxed))
    }
}
