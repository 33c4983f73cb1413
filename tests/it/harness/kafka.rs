//! What tests ask of Kafka itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use event_store::relay::{PARTITIONS, Topics};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::message::{Headers, Message};
use uuid::Uuid;

use super::{Database, HANGS};

/// The Kafka of all tests.
pub fn brokers() -> String {
    std::env::var("KAFKA_BROKERS").expect("KAFKA_BROKERS is not set: run ./dev test")
}

/// Topics of a test's own on the Kafka of all tests; they are gone with this.
pub struct OwnTopics {
    /// What their names begin with.
    pub prefix: String,
}

impl OwnTopics {
    pub fn new() -> Self {
        Self { prefix: format!("it-{}", Uuid::now_v7().simple()) }
    }
}

impl Drop for OwnTopics {
    fn drop(&mut self) {
        let topics = Topics::new(&self.prefix, PARTITIONS);
        // The test's own runtime may be going down, and can't be blocked on from inside.
        let deleting = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let admin: Result<AdminClient<DefaultClientContext>, _> =
                ClientConfig::new().set("bootstrap.servers", brokers()).create();
            let mut names: Vec<_> = topics.events().iter().map(String::as_str).collect();
            names.extend([topics.watermark.as_str(), topics.heads.as_str()]);
            if let Ok(admin) = admin {
                // Whether it succeeds or not, nobody reads them any more.
                let _ = runtime.block_on(admin.delete_topics(&names, &AdminOptions::new()));
            }
        });
        let _ = deleting.join();
    }
}

/// Kafka, without what came twice, has what the log has, and each key's events in order.
pub async fn everything_is_in_kafka(database: &Database, brokers: &str) {
    let topics = [
        "daybook.orders",
        "daybook.inventory",
        "daybook.carts",
        "daybook.payments",
        "daybook.products",
        "daybook.coupons",
        "daybook.categories",
        "daybook.reviews",
    ];
    let rows: Vec<(Uuid, String, i64)> = sqlx::query_as(
        "SELECT event_id, aggregate_id, sequence FROM events WHERE 'daybook.' || aggregate_type = ANY($1)",
    )
    .bind(topics.map(str::to_owned).to_vec())
    .fetch_all(&database.pool)
    .await
    .unwrap();
    let mut missing: BTreeMap<String, (String, i64)> =
        rows.into_iter().map(|(id, key, sequence)| (id.to_string(), (key, sequence))).collect();
    let expected: BTreeSet<_> = missing.values().map(|(key, _)| key.clone()).collect();
    let consumer: StreamConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", format!("it-{}", Uuid::now_v7()))
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    consumer.subscribe(&topics).unwrap();
    // A product and its stock have one id, and are two streams.
    let mut last: HashMap<(String, String), i64> = HashMap::new();
    while !missing.is_empty() {
        let record = tokio::time::timeout(HANGS, consumer.recv()).await;
        let record = record.unwrap_or_else(|_| panic!("{} events are not in Kafka", missing.len())).unwrap();
        let key = String::from_utf8(record.key().unwrap().to_vec()).unwrap();
        if !expected.contains(&key) {
            continue; // of another test
        }
        let header = |name: &str| {
            let found = record.headers().unwrap().iter().find(|header| header.key == name).unwrap();
            String::from_utf8(found.value.unwrap().to_vec()).unwrap()
        };
        let sequence: i64 = header("ce_sequence").parse().unwrap();
        let last = last.entry((record.topic().to_owned(), key.clone())).or_default();
        if sequence > *last {
            assert_eq!(sequence, *last + 1, "a gap in {key}");
            *last = sequence;
            let known = missing.remove(&header("ce_id"));
            assert_eq!(known, Some((key, sequence)), "Kafka has an event that the log has not");
        }
    }
}
