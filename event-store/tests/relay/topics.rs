//! Reading what is in the topics.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::{Offset, TopicPartitionList};

use crate::harness::client;

/// A broker may be slow to answer, among all the tests.
const METADATA: Duration = Duration::from_secs(60);

/// A record as a consumer gets it.
#[derive(Clone, Debug)]
pub struct Consumed {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub timestamp: i64,
    pub key: String,
    pub headers: BTreeMap<String, String>,
    pub payload: String,
}

impl Consumed {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("{self:?} has no {name}"))
    }

    pub fn number(&self, name: &str) -> i64 {
        self.header(name).parse().unwrap()
    }
}

/// Reads topics from their beginning, every partition.
pub struct Reader {
    consumer: BaseConsumer,
    topics: Vec<String>,
    /// What has come so far, each partition in order.
    pub records: Vec<Consumed>,
}

impl Reader {
    /// The topics must be there.
    pub fn of(brokers: &str, topics: Vec<String>) -> Self {
        let consumer: BaseConsumer = client(brokers)
            .set("group.id", "tests")
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "50")
            .create()
            .unwrap();
        let metadata = consumer.fetch_metadata(None, METADATA).unwrap();
        let mut list = TopicPartitionList::new();
        for topic in metadata.topics().iter().filter(|topic| topics.iter().any(|name| name == topic.name())) {
            for partition in topic.partitions() {
                list.add_partition_offset(topic.name(), partition.id(), Offset::Beginning).unwrap();
            }
        }
        consumer.assign(&list).unwrap();
        Self { consumer, topics, records: Vec::new() }
    }

    /// Reads on until something has come. Blocks its thread for a moment at a time.
    pub async fn until(&mut self, mut come: impl FnMut(&[Consumed]) -> bool) -> &[Consumed] {
        while !come(&self.records) {
            self.poll(Duration::from_millis(20));
            tokio::task::yield_now().await;
        }
        &self.records
    }

    /// Reads everything that is there now.
    pub async fn everything(&mut self) -> &[Consumed] {
        let mut ends = BTreeMap::new();
        let metadata = self.consumer.fetch_metadata(None, METADATA).unwrap();
        for topic in
            metadata.topics().iter().filter(|topic| self.topics.iter().any(|name| name == topic.name()))
        {
            for partition in topic.partitions() {
                let (_, end) =
                    self.consumer.fetch_watermarks(topic.name(), partition.id(), METADATA).unwrap();
                ends.insert((topic.name().to_owned(), partition.id()), end);
            }
        }
        self.until(|records| {
            ends.iter().all(|((topic, partition), end)| {
                let last = records.iter().rev().find(|r| r.topic == *topic && r.partition == *partition);
                last.map_or(0, |record| record.offset + 1) >= *end
            })
        })
        .await
    }

    fn poll(&mut self, wait: Duration) {
        let mut wait = wait;
        while let Some(message) = self.consumer.poll(wait) {
            wait = Duration::ZERO;
            // A broker that is away is waited for.
            let Ok(message) = message else { continue };
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            let headers = message.headers().map_or_else(BTreeMap::new, |headers| {
                headers.iter().map(|header| (header.key.to_owned(), text(header.value.unwrap()))).collect()
            });
            self.records.push(Consumed {
                topic: message.topic().to_owned(),
                partition: message.partition(),
                offset: message.offset(),
                timestamp: message.timestamp().to_millis().unwrap(),
                key: text(message.key().unwrap()),
                headers,
                payload: text(message.payload().unwrap()),
            });
        }
    }
}
