//! How fast it is beside rdkafka's own producers, with the same records. `--ignored`, in release.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{
    BaseRecord, DeliveryResult, FutureProducer, FutureRecord, ProducerContext, ThreadedProducer,
};
use rdkafka::{ClientConfig, ClientContext};
use sqlx::ConnectOptions;

use crate::events::{one_of_each, order_of};
use crate::harness::{World, client, test};
use crate::process::Process;
use crate::topics::Consumed;

#[derive(Default)]
struct Count(AtomicUsize);
impl ClientContext for Count {}
impl ProducerContext for Count {
    type DeliveryOpaque = ();
    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        assert!(result.is_ok());
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn headers(record: &Consumed) -> OwnedHeaders {
    record.headers.iter().fold(OwnedHeaders::new_with_capacity(10), |all, (key, value)| {
        all.insert(Header { key, value: Some(value) })
    })
}

fn peer(brokers: &str) -> ClientConfig {
    let mut config = client(brokers);
    config.set("acks", "all");
    for setting in std::env::var("PEER").unwrap_or_default().split_whitespace() {
        let (key, value) = setting.split_once('=').unwrap();
        config.set(key, value);
    }
    config
}

async fn topics(world: &World, suffix: &str) {
    let admin: AdminClient<DefaultClientContext> = client(&world.brokers).create().unwrap();
    let names: Vec<_> =
        domain::public::PUBLISHED.iter().map(|t| format!("{}{suffix}.{t}", world.prefix())).collect();
    let new: Vec<_> = names
        .iter()
        .map(|n| NewTopic::new(n, 6, TopicReplication::Fixed(-1)).set("max.message.bytes", "16777216"))
        .collect();
    admin
        .create_topics(&new, &AdminOptions::new().operation_timeout(Some(Duration::from_secs(10))))
        .await
        .unwrap();
}

fn topic(world: &World, record: &Consumed, suffix: &str) -> String {
    record.topic.replace(world.prefix(), &format!("{}{suffix}", world.prefix()))
}

async fn base(world: &World, records: &[Consumed], suffix: &str, extra: &[(&str, &str)]) -> f64 {
    topics(world, suffix).await;
    let mut config = peer(&world.brokers);
    for (key, value) in extra {
        config.set(*key, *value);
    }
    let producer: ThreadedProducer<Count> = config.create_with_context(Count::default()).unwrap();
    use rdkafka::producer::Producer;
    producer.client().fetch_metadata(None, Duration::from_secs(5)).unwrap();
    let began = Instant::now();
    for record in records {
        let topic = topic(world, record, suffix);
        let mut message =
            BaseRecord::to(&topic).key(&record.key).payload(&record.payload).headers(headers(record));
        while let Err((_, again)) = producer.send(message) {
            message = again;
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    while producer.context().0.load(Ordering::Relaxed) < records.len() {
        std::thread::sleep(Duration::from_millis(1));
    }
    records.len() as f64 / began.elapsed().as_secs_f64()
}

async fn future(world: &World, records: &[Consumed], suffix: &str, extra: &[(&str, &str)]) -> f64 {
    topics(world, suffix).await;
    let mut config = peer(&world.brokers);
    for (key, value) in extra {
        config.set(*key, *value);
    }
    let producer: FutureProducer = config.create().unwrap();
    let began = Instant::now();
    let mut sent = FuturesUnordered::new();
    for record in records {
        let topic = topic(world, record, suffix);
        let producer = producer.clone();
        while sent.len() >= 50_000 {
            let result: Result<_, _> = sent.next().await.unwrap();
            assert!(result.is_ok());
        }
        sent.push(async move {
            producer
                .send(
                    FutureRecord::to(&topic)
                        .key(&record.key)
                        .payload(&record.payload)
                        .headers(headers(record)),
                    Duration::from_secs(60),
                )
                .await
        });
    }
    while let Some(result) = sent.next().await {
        assert!(result.is_ok());
    }
    records.len() as f64 / began.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn beside_the_bare_producer() {
    test(async |world| {
        let total: i64 = std::env::var("EVENTS").map_or(200_000, |n| n.parse().unwrap());
        let mut connection = event_store::connect::appending(&world.app()).connect().await.unwrap();
        let mut head = event_store::Head::EMPTY;
        while head.position < total {
            let mut group: Vec<_> = (0..10).flat_map(|_| one_of_each()).collect();
            group.push(order_of(25));
            head = world.append_by(&mut connection, group).await;
        }
        println!("{head}: appended");
        sqlx::query("ANALYZE").execute(&world.pool).await.ok();
        let mut relay = Process::start(world).await;
        relay.until(|status| status.broker_reachable && status.active && status.position == 0).await;
        let began = Instant::now();
        relay.until(|status| status.position == head.position).await;
        let first = head.position as f64 / began.elapsed().as_secs_f64();
        relay.stop().await.unwrap();
        println!("relay, first: {first:.0}/s");
        let mut reader = world.all_events();
        let mut records = reader.to_the_end().await.to_vec();
        records.sort_by_key(|r| r.number("ce_position"));
        let bytes: usize = records.iter().map(|r| r.payload.len()).sum();
        println!("{} records, {} bytes of payload each", records.len(), bytes / records.len());
        let records = Arc::new(records);
        for round in 0..std::env::var("ROUNDS").map_or(3, |n| n.parse().unwrap()) {
            let b = base(world, &records, &format!("b{round}"), &[]).await;
            let f = future(world, &records, &format!("f{round}"), &[]).await;
            let bl = base(world, &records, &format!("bl{round}"), &[("enable.idempotence", "true"), ("compression.type", "lz4")]).await;
            let mut config = crate::process::config(world);
            config.topic_prefix = format!("{}r{round}", world.prefix());
            sqlx::query("DELETE FROM checkpoints").execute(&world.pool).await.unwrap();
            let began = Instant::now();
            let mut relay = Process::with(world, config).await;
            relay.until(|status| status.active && status.broker_reachable).await;
            let ready = began.elapsed();
            relay.until(|status| status.position == head.position).await;
            let r = head.position as f64 / (began.elapsed() - ready).as_secs_f64();
            println!("relay with its start: {:.0}/s", head.position as f64 / began.elapsed().as_secs_f64());
            relay.stop().await.unwrap();
            println!("base {b:.0}/s  future {f:.0}/s  base+idempotent+lz4 {bl:.0}/s  relay {r:.0}/s  (ready after {ready:?})  ratio to base {:.2}, future {:.2}", r / b, r / f);
        }
    })
    .await;
}
