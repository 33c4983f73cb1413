//! Feeding read models from Kafka, as members of consumer groups: any number of processes share the partitions.
//!
//! A read model's generation has a group, `<prefix>.projections.<model>@<generation>`. The group only says who reads
//! which partition; where each stands is a row of `partition_offsets`, moved in the transaction of the rows, so that an
//! event counts once whoever else believes the partition to be his ([`step`]). The relay may write an event twice:
//! within a partition the log's positions say which are new.
//!
//! How far the read model is in the log, its checkpoint, is the greatest of the relay's watermarks whose offsets all
//! partitions have reached, whoever reads them ([`watermarks`]). So a position means the same as when the log feeds it,
//! and either source can go on where the other one stopped ([`offsets`], [`super::ahead`]).

mod assigned;
mod member;
mod offsets;
mod projector;
mod run;
mod step;
#[cfg(test)]
mod tests;
mod trouble;
mod watermarks;

use event_store::relay::{PARTITIONS, Topics};
use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;

pub(crate) use self::projector::KafkaProjector;
use self::watermarks::Watermarks;

/// Where Kafka is and what the topics are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KafkaConfig {
    /// `host:port`, several separated by commas.
    pub brokers: String,
    /// What the topics' names begin with, as the relay has it.
    pub topic_prefix: String,
    /// Of each topic of events, as the relay has it.
    pub partitions: usize,
}

impl KafkaConfig {
    /// The topics of the relay to these brokers, with everything else as it is documented.
    pub fn of(brokers: impl Into<String>) -> Self {
        Self { brokers: brokers.into(), topic_prefix: "daybook".to_owned(), partitions: PARTITIONS }
    }
}

/// What the projectors of a process have in common.
#[derive(Debug)]
pub(crate) struct Kafka {
    config: KafkaConfig,
    topics: Topics,
    watermarks: Watermarks,
}

impl Kafka {
    pub(crate) fn new(config: &KafkaConfig) -> Self {
        let topics = Topics::new(&config.topic_prefix, config.partitions);
        let watermarks = Watermarks::follow(&topics.watermark, Self::client(config));
        Self { config: config.clone(), topics, watermarks }
    }

    /// The topics of these aggregates, in order.
    fn topics_of(&self, aggregates: &[&str]) -> Vec<String> {
        let mut topics: Vec<_> =
            aggregates.iter().filter_map(|it| self.topics.of(it)).map(str::to_owned).collect();
        topics.sort_unstable();
        topics
    }

    /// The consumer group of a checkpoint.
    fn group(&self, consumer: &str) -> String {
        format!("{}.projections.{consumer}", self.config.topic_prefix)
    }

    /// What every client here is told. No place in a partition is ever guessed, nor taken from Kafka.
    fn client(config: &KafkaConfig) -> ClientConfig {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", &config.brokers)
            .set("client.id", "daybook-projector")
            .set("group.id", format!("{}.projections", config.topic_prefix))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            // One that is gone without a word is replaced after this time.
            .set("session.timeout.ms", "6000")
            .set("heartbeat.interval.ms", "1500")
            .set("partition.assignment.strategy", "range")
            .set("queued.max.messages.kbytes", "16384")
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.keepalive.enable", "true")
            .set_log_level(RDKafkaLogLevel::Warning);
        client
    }
}
