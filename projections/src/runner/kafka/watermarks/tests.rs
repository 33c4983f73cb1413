//! A topic of watermarks that is not what it was.

use std::collections::BTreeMap;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::time::timeout;
use uuid::Uuid;

use super::*;
use crate::KafkaConfig;
use crate::runner::kafka::Kafka;
use crate::testing::until;
use crate::testing::until::HANGS;

struct Topic {
    name: String,
    client: ClientConfig,
    admin: AdminClient<DefaultClientContext>,
}

impl Topic {
    fn new(client: ClientConfig) -> Self {
        let name = format!("watermarks-{}", Uuid::now_v7().simple());
        let admin = client.create().unwrap();
        Self { name, client, admin }
    }

    /// Makes it, as soon as an earlier one of the name is gone.
    async fn make(&self) {
        loop {
            let new = NewTopic::new(&self.name, 1, TopicReplication::Fixed(1));
            let made = self.admin.create_topics([&new], &AdminOptions::new()).await.unwrap();
            match &made[0] {
                Ok(_) => return,
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => tokio::task::yield_now().await,
                Err((_, error)) => panic!("{error}"),
            }
        }
    }

    fn followed(&self, brokers: &str) -> Watermarks {
        Watermarks::follow(&self.name, Kafka::client(&KafkaConfig::of(brokers)))
    }

    async fn delete(&self) {
        let deleted = self.admin.delete_topics(&[&self.name], &AdminOptions::new()).await.unwrap();
        assert!(deleted[0].is_ok(), "{deleted:?}");
    }

    async fn write(&self, position: i64) {
        let watermark = Watermark { position, hash: "00".repeat(32), partitions: BTreeMap::new() };
        let written = serde_json::to_string(&watermark).unwrap();
        let record = FutureRecord::to(&self.name).key(Watermark::KEY).payload(&written);
        // Of its own: it knows nothing of an earlier topic of the name.
        let producer: FutureProducer = self.client.create().unwrap();
        producer.send(record, HANGS).await.unwrap();
    }
}

fn brokers() -> String {
    std::env::var("KAFKA_BROKERS").expect("KAFKA_BROKERS leads to the Kafka of the tests")
}

fn topic() -> Topic {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", brokers());
    Topic::new(client)
}

/// Guards against checkpoints that stand still for good, without a word, where a topic was made anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_made_anew_is_followed_from_its_last_watermark() {
    let topic = topic();
    topic.make().await;
    for position in 1..=3 {
        topic.write(position).await;
    }
    let watermarks = topic.followed(&brokers());
    let mut newest = watermarks.newest();
    timeout(HANGS, newest.wait_for(|newest| *newest == 3)).await.unwrap().unwrap();

    // It has fewer records now than we have read.
    topic.delete().await;
    topic.make().await;
    topic.write(4).await;
    timeout(HANGS, newest.wait_for(|newest| *newest == 4)).await.unwrap().unwrap();
    topic.delete().await;
}

/// Guards against the same without a word where the topic is not there.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_not_there_is_said_until_it_is() {
    let topic = topic();
    let watermarks = topic.followed(&brokers());
    let trouble = async || watermarks.trouble();
    assert_eq!(trouble().await, None, "not at once");
    until("it is said", trouble, Option::is_some).await;
    topic.make().await;
    topic.write(1).await;
    until("it is over", trouble, Option::is_none).await;
    topic.delete().await;
}
