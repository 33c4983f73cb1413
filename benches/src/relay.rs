//! The relay, from the log to acknowledged records and its checkpoint, beside rdkafka's own producer that only sends the
//! same records with acks=all.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use event_store::relay::{Relay, RelayConfig};
use event_store::{Head, Log, LogWatch};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext};
use sqlx::ConnectOptions;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::Error;
use crate::append::Appender;
use crate::database::{Database, Server};
use crate::decider::per_second;
use crate::report::{Measurement, Report};

const EVENTS: usize = 300_000;
const A_CALL: usize = 1000;

pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    let measurement =
        Measurement { name: "relay", unit: "events/s", peer: "rdkafka's producer, acks=all", aim: 0.8 };
    if !report.wants(measurement.name) {
        return Ok(());
    }
    let brokers = std::env::var("KAFKA_BROKERS").map_err(|_| "KAFKA_BROKERS is not set: run ./dev bench")?;
    let database = server.daybook().await?;
    let mut appender =
        Appender::open(event_store::connect::appending(&database.application()).connect().await?).await?;
    appender.round(EVENTS / A_CALL, A_CALL).await?;
    drop(appender);
    let records = records(&database).await?;
    let mut rounds = Vec::new();
    for _ in 0..report.rounds() {
        let ours = relay_once(&database, &brokers).await?;
        let peer = producer_once(&brokers, &records).await?;
        rounds.push((ours, peer));
    }
    report.add(&measurement, &rounds)?;
    database.drop().await
}

/// From the relay's first look at the log to its checkpoint at the log's end.
async fn relay_once(database: &Database, brokers: &str) -> Result<f64, Error> {
    let pool = database.pool(8).await?;
    sqlx::query("DELETE FROM checkpoints").execute(&pool).await?;
    let mut config = RelayConfig::to(brokers);
    config.topic_prefix = format!("bench-{}", Uuid::now_v7().simple());
    let relay = Relay::new(config, pool.clone(), LogWatch::start(pool.clone()));
    let mut status = relay.status();
    let stop = CancellationToken::new();
    let running = tokio::spawn(relay.run(stop.clone()));
    // Making the topics is done once in a relay's life.
    status.wait_for(|status| status.active && status.broker_reachable).await?;
    let started = Instant::now();
    let end = i64::try_from(EVENTS)?;
    status.wait_for(|status| status.position >= end).await?;
    let rate = per_second(EVENTS, started);
    stop.cancel();
    running.await??;
    pool.close().await;
    Ok(rate)
}

struct Record {
    key: String,
    payload: String,
    headers: Vec<(&'static str, String)>,
}

/// The records that the relay makes of the same log.
async fn records(database: &Database) -> Result<Vec<Record>, Error> {
    let log = Log::new(database.pool(2).await?);
    let (mut head, mut records) = (Head::EMPTY, Vec::with_capacity(EVENTS));
    loop {
        let batch = log.read_after(&head, 10_000).await?;
        if batch.events.is_empty() {
            log.pool().close().await;
            return Ok(records);
        }
        head = batch.head;
        for event in batch.events {
            let Some(public) = event.publish()? else { continue };
            let headers = vec![
                ("ce_specversion", "1.0".to_owned()),
                ("ce_id", public.event_id.to_string()),
                ("ce_type", public.data.event_type().to_owned()),
                ("ce_source", "/daybook".to_owned()),
                ("ce_time", public.occurred_at.to_rfc3339()),
                ("ce_subject", public.aggregate_id.clone()),
                ("content-type", "application/json".to_owned()),
                ("ce_position", public.position.to_string()),
                ("ce_sequence", public.sequence.to_string()),
                ("ce_recordedat", public.recorded_at.to_rfc3339()),
            ];
            records.push(Record { payload: public.data.to_json()?, key: public.aggregate_id, headers });
        }
    }
}

#[derive(Default)]
struct Acknowledged(AtomicUsize);

impl ClientContext for Acknowledged {}

impl ProducerContext for Acknowledged {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        self.0.fetch_add(usize::from(result.is_ok()), Ordering::Relaxed);
    }
}

/// The producer alone, from the first send to the last acknowledgement.
async fn producer_once(brokers: &str, records: &[Record]) -> Result<f64, Error> {
    let topic = format!("bench-{}", Uuid::now_v7().simple());
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("acks", "all");
    let admin: AdminClient<DefaultClientContext> = config.create()?;
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(10)));
    admin.create_topics(&[NewTopic::new(&topic, 6, TopicReplication::Fixed(1))], &options).await?;
    let producer: ThreadedProducer<Acknowledged> = config.create_with_context(Acknowledged::default())?;
    let started = Instant::now();
    for record in records {
        let headers = record.headers.iter().fold(OwnedHeaders::new_with_capacity(10), |all, (key, value)| {
            all.insert(Header { key, value: Some(value) })
        });
        let mut message = BaseRecord::to(&topic).key(&record.key).payload(&record.payload).headers(headers);
        // The queue is full: the producer's thread has to send some first.
        while let Err((_, again)) = producer.send(message) {
            message = again;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    while producer.context().0.load(Ordering::Relaxed) < records.len() {
        producer.flush(Duration::from_millis(5)).ok();
    }
    Ok(per_second(records.len(), started))
}
