//! The topics: their names, and that they are there as they must be before anything is produced.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::public::PUBLISHED;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;
use rdkafka::producer::Producer as _;
use tracing::info;

use super::producer::Producer;
use super::{MOST_MESSAGE_BYTES, RelayError};

/// How long one question to the cluster may take.
const ASK: Duration = Duration::from_secs(5);

/// How long a new topic may take until all its partitions have a leader.
const SETTLE: Duration = Duration::from_secs(30);

/// The names of the topics, and how many partitions each topic of events has.
#[derive(Clone, Debug)]
pub struct Topics {
    /// One for each type of [`PUBLISHED`], in that order.
    events: Vec<String>,
    /// Where [`Watermark`](super::Watermark)s go; one partition.
    pub watermark: String,
    /// Where heads (`position:hash`) go; one partition.
    pub heads: String,
    /// Of each topic of events. It never changes: a key would move to another partition and its order would be lost.
    pub partitions: usize,
}

/// What may go wrong while the topics are made ready.
#[derive(Debug)]
pub(super) enum NotReady {
    /// Kafka can't be asked now.
    Unreachable(KafkaError),
    /// Nobody but a person can help.
    Wrong(RelayError),
}

impl Topics {
    /// The topics of a namespace, `daybook` but in tests.
    pub fn new(prefix: &str, partitions: usize) -> Self {
        Self {
            events: PUBLISHED.iter().map(|aggregate_type| format!("{prefix}.{aggregate_type}")).collect(),
            watermark: format!("{prefix}.watermark"),
            heads: format!("{prefix}.heads"),
            partitions,
        }
    }

    /// The topics of events.
    pub fn events(&self) -> &[String] {
        &self.events
    }

    /// The topic of an aggregate type's events, or nothing if it isn't published.
    pub fn of(&self, aggregate_type: &str) -> Option<&str> {
        let at = PUBLISHED.iter().position(|published| *published == aggregate_type)?;
        self.events.get(at).map(String::as_str)
    }

    /// Every topic with the number of its partitions.
    fn wanted(&self) -> BTreeMap<&str, usize> {
        let events = self.events.iter().map(|topic| (topic.as_str(), self.partitions));
        events.chain([(self.watermark.as_str(), 1), (self.heads.as_str(), 1)]).collect()
    }

    /// Makes the topics that aren't there and checks those that are.
    pub(super) async fn ensure(&self, producer: &Arc<Producer>) -> Result<(), NotReady> {
        let missing = self.missing(&ask(producer).await?)?;
        if missing.is_empty() {
            return Ok(());
        }
        let admin: AdminClient<DefaultClientContext> =
            producer.config().create().map_err(NotReady::Unreachable)?;
        for (topic, partitions) in missing {
            self.create(&admin, topic, partitions).await?;
        }
        let deadline = tokio::time::Instant::now() + SETTLE;
        while !self.missing(&ask(producer).await?)?.is_empty() {
            if tokio::time::Instant::now() > deadline {
                return Err(NotReady::Unreachable(KafkaError::AdminOp(RDKafkaErrorCode::LeaderNotAvailable)));
            }
            // The controller has made them; the brokers hear of it in their own time, and there is nothing to wait on.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// The topics that can't be produced to yet; an error if one is there with another number of partitions.
    fn missing<'a>(&'a self, metadata: &Metadata) -> Result<Vec<(&'a str, usize)>, NotReady> {
        let mut missing = self.wanted();
        for topic in metadata.topics() {
            let Some(expected) = missing.get(topic.name()).copied() else { continue };
            let found = topic.partitions().len();
            if topic.error().is_some() || found == 0 || topic.partitions().iter().any(|p| p.leader() < 0) {
                continue;
            }
            if found != expected {
                let topic = topic.name().to_owned();
                return Err(NotReady::Wrong(RelayError::Partitions { topic, found, expected }));
            }
            missing.remove(topic.name());
        }
        Ok(missing.into_iter().collect())
    }

    async fn create(
        &self,
        admin: &AdminClient<DefaultClientContext>,
        topic: &str,
        partitions: usize,
    ) -> Result<(), NotReady> {
        let most_bytes = MOST_MESSAGE_BYTES.to_string();
        // -1: as many copies as the brokers make by default; min.insync.replicas is theirs to say as well.
        let new =
            NewTopic::new(topic, i32::try_from(partitions).unwrap_or(i32::MAX), TopicReplication::Fixed(-1))
                .set("max.message.bytes", &most_bytes)
                .set("retention.ms", "-1")
                .set("retention.bytes", "-1");
        let new = if topic == self.watermark {
            // A later watermark says what the earlier ones said.
            new.set("cleanup.policy", "compact").set("min.compaction.lag.ms", "86400000")
        } else {
            new.set("cleanup.policy", "delete")
        };
        let options = AdminOptions::new().request_timeout(Some(ASK)).operation_timeout(Some(ASK));
        let results = admin.create_topics([&new], &options).await.map_err(NotReady::Unreachable)?;
        for result in results {
            match result {
                Ok(name) => info!(topic = name, partitions, "made a topic"),
                // Another relay was faster, or an earlier try was slow. Its partitions are checked next.
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) if permanent(code) => {
                    return Err(NotReady::Wrong(RelayError::Refused { topic: name, code }));
                }
                Err((_, code)) => return Err(NotReady::Unreachable(KafkaError::AdminOp(code))),
            }
        }
        Ok(())
    }
}

/// Whether the brokers' answer would be the same tomorrow.
fn permanent(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::InvalidTopic
            | RDKafkaErrorCode::InvalidPartitions
            | RDKafkaErrorCode::InvalidConfig
            | RDKafkaErrorCode::PolicyViolation
    )
}

/// What the cluster has. All of it: asking for one topic would make it where the brokers make topics by themselves.
async fn ask(producer: &Arc<Producer>) -> Result<Metadata, NotReady> {
    producer
        .blocking(|kafka| kafka.client().fetch_metadata(None, ASK))
        .await
        .map_err(NotReady::Wrong)?
        .map_err(NotReady::Unreachable)
}
