//! Why the relay stops.

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::log::LogError;

/// Why the relay stopped. What passes by itself (an outage of Kafka or of Postgres) doesn't stop it.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The log is not the one that the checkpoint was taken from, or is damaged.
    #[error("the relay can't go on where it stopped")]
    Log(#[source] LogError),
    /// An event can't be published. Nothing after it is settled until it can.
    #[error("the event at position {position}, {aggregate_type}/{event_type}, can't be published")]
    Unmappable {
        /// Where it is.
        position: i64,
        /// Its aggregate's type.
        aggregate_type: String,
        /// Its type.
        event_type: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An event is of an aggregate that this build doesn't know. It is not passed over: the checkpoint would say that it is in
    /// Kafka, and no later build would come back to it.
    #[error(
        "the event at position {position}, {aggregate_type}/{event_type}, is of a later version of Daybook: a relay of that \
         version goes on from here"
    )]
    Unknown {
        /// Where it is.
        position: i64,
        /// Its aggregate's type.
        aggregate_type: String,
        /// Its type.
        event_type: String,
    },
    /// A topic was made by others, or was changed.
    #[error(
        "the topic {topic} has {found} partitions instead of {expected}; their number never changes, because keys would \
         lose their order: make the relay's partitions {found}, or give it topics of another prefix"
    )]
    Partitions {
        /// Its name.
        topic: String,
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// Kafka won't make a topic.
    #[error("Kafka refuses to make the topic {topic}")]
    Refused {
        /// Its name.
        topic: String,
        /// Why.
        #[source]
        code: RDKafkaErrorCode,
    },
    /// librdkafka doesn't take the configuration.
    #[error("the Kafka client can't be made")]
    Config(#[source] KafkaError),
    /// A watermark can't be written.
    #[error("the watermark can't be written")]
    Watermark(#[source] serde_json::Error),
    /// A thread that works for the relay broke off.
    #[error("a part of the relay broke off")]
    Task(#[from] tokio::task::JoinError),
}
