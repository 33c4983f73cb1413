//! Errors of Kafka that end nobody's membership: librdkafka goes on by itself when they have passed. Until then no record comes,
//! and somebody should know why.

use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::MetadataTopic;

/// So long no record has to come after an error before it is said that the read model stands still because of it.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How often the cluster is asked whether all is well again: where nothing happens no record says so.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// How long one question may take.
const ASK: Duration = Duration::from_secs(2);

/// An error since which no record came.
pub(super) struct Trouble {
    since: Instant,
    asked: Instant,
    last: KafkaError,
}

impl Trouble {
    /// One that begins, or one that was there, with another error.
    pub(super) fn with(error: KafkaError, before: Option<Self>) -> Self {
        let now = Instant::now();
        let (since, asked) = before.map_or((now, now), |before| (before.since, before.asked));
        Self { since, asked, last: error }
    }

    /// Asks the cluster, when it is time to. Whether the trouble is over.
    pub(super) fn is_over<C: ConsumerContext>(
        &mut self,
        consumer: &BaseConsumer<C>,
        topics: &[String],
    ) -> bool {
        if self.asked.elapsed() < ASK_EVERY {
            return false;
        }
        self.asked = Instant::now();
        match ask(consumer, topics) {
            // Who may ask for a topic may perhaps not read it: only a record says otherwise.
            Ok(()) => !self.is_refusal(),
            Err(error) => {
                if !self.is_refusal() {
                    self.last = error;
                }
                false
            }
        }
    }

    /// Of a topic to us. librdkafka says it once, so it must not be forgotten for what else goes wrong meanwhile.
    fn is_refusal(&self) -> bool {
        self.last.rdkafka_error_code() == Some(RDKafkaErrorCode::TopicAuthorizationFailed)
    }

    /// What there is to say of it, once it lasts too long.
    pub(super) fn said(&self) -> Option<&KafkaError> {
        (self.since.elapsed() >= PATIENCE).then_some(&self.last)
    }
}

/// Whether the topics are there, and the group answers this member.
fn ask<C: ConsumerContext>(consumer: &BaseConsumer<C>, topics: &[String]) -> Result<(), KafkaError> {
    let mut firsts = TopicPartitionList::new();
    for topic in topics {
        let metadata = consumer.fetch_metadata(Some(topic), ASK)?;
        if let Some(error) = metadata.topics().iter().find_map(MetadataTopic::error) {
            return Err(KafkaError::MetadataFetch(error.into()));
        }
        firsts.add_partition(topic, 0);
    }
    consumer.committed_offsets(firsts, ASK).map(drop)
}
