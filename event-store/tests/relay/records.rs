//! What a consumer finds in the topics.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};
use domain::public::{PublicData, schemas};
use event_store::relay::{Watermark, header};
use event_store::{Head, Recorded};
use serde_json::Value;

use crate::events::{a_claim, one_of_each, order_of};
use crate::harness::test;
use crate::process::Process;
use crate::topics::Consumed;

/// Fails unless the record is valid by the committed schema of its type.
fn validate(aggregate_type: &str, record: &Consumed) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../schemas")
        .join(aggregate_type)
        .join(format!("{}.json", record.header(header::TYPE)));
    let schema = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let payload: Value = serde_json::from_str(&record.payload).unwrap();
    if let Err(error) = jsonschema::validate(&schema, &payload) {
        panic!("{} is not valid by {}: {error}", record.payload, path.display());
    }
}

fn check(record: &Consumed, stored: &Recorded) {
    let time = |name| record.header(name).parse::<DateTime<Utc>>().unwrap();
    assert!(record.topic.ends_with(&format!(".{}", stored.aggregate_type)), "{record:?}");
    assert_eq!(record.key, stored.aggregate_id);
    assert_eq!(record.timestamp, stored.recorded_at.timestamp_millis());
    assert_eq!(record.header(header::SPEC_VERSION), "1.0");
    assert_eq!(record.header(header::ID), stored.event_id.to_string());
    assert_eq!(record.header(header::TYPE), stored.event_type);
    assert_eq!(record.header(header::SOURCE), "/daybook");
    assert_eq!(time(header::TIME), stored.occurred_at());
    assert_eq!(record.header(header::SUBJECT), stored.aggregate_id);
    assert_eq!(record.header(header::CONTENT_TYPE), "application/json");
    assert_eq!(record.number(header::POSITION), stored.position);
    assert_eq!(record.number(header::SEQUENCE), stored.sequence);
    assert_eq!(time(header::RECORDED_AT), stored.recorded_at);
    assert_eq!(record.headers.len(), 10, "{record:?}");
    let extensions = [header::POSITION, header::SEQUENCE, header::RECORDED_AT];
    for name in extensions.map(|name| name.strip_prefix("ce_").unwrap()) {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{name}");
    }
    let data = stored.publish().unwrap().unwrap().data;
    let decoded = PublicData::decode(&stored.aggregate_type, record.header(header::TYPE), &record.payload);
    assert_eq!(decoded.unwrap(), data);
}

#[tokio::test]
async fn every_public_event_is_a_cloud_event_that_is_valid_by_its_schema() {
    test(async |world| {
        let head = world.append(one_of_each()).await;
        let mut relay = Process::start(world).await;
        relay.until(|status| status.position == head.position).await;
        let mut reader = world.all_events();
        let records = reader.everything().await;
        let stored = world.events().await;
        assert_eq!(records.len(), stored.len());
        for record in records {
            let position = record.number(header::POSITION);
            let stored = stored.iter().find(|event| event.position == position).unwrap();
            check(record, stored);
            validate(&stored.aggregate_type, record);
            for private in ["tok_secret", "3ds/secret", "receipt", "JD0002"] {
                assert!(!record.payload.contains(private), "{private} is published in {}", record.payload);
            }
        }
        let seen: BTreeSet<_> =
            stored.iter().map(|e| (e.aggregate_type.as_str(), e.event_type.as_str())).collect();
        let schemas = schemas();
        let all: BTreeSet<_> = schemas.iter().map(|(aggregate, event, _)| (*aggregate, *event)).collect();
        assert_eq!(seen, all, "a public event has no sample");
        relay.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_watermark_says_what_has_been_published_and_the_head_what_the_log_was() {
    test(async |world| {
        world.append(one_of_each()).await;
        let mut relay = Process::start(world).await;
        relay.until(|status| status.position > 0).await;
        let head = world.append([one_of_each(), vec![a_claim()]].concat()).await;
        let status = relay.until(|status| status.position == head.position).await;
        assert_eq!((status.lag, status.active), (0, true));
        assert_eq!(world.checkpoint().await, head);

        let mut marks = world.reader("watermark");
        let mark = marks.everything().await.last().unwrap();
        assert_eq!(mark.key, Watermark::KEY);
        let mark: Watermark = serde_json::from_str(&mark.payload).unwrap();
        assert_eq!(mark.head().unwrap(), head);
        let mut reader = world.all_events();
        let records = reader.everything().await;
        for (topic, ends) in &mark.partitions {
            assert_eq!(ends.len(), event_store::relay::PARTITIONS);
            for (partition, end) in (0..).zip(ends) {
                let of_partition = records.iter().filter(|r| r.topic == *topic && r.partition == partition);
                assert_eq!(*end, i64::try_from(of_partition.count()).unwrap(), "{topic} {partition}");
            }
        }
        assert_eq!(mark.partitions.len(), domain::public::PUBLISHED.len());

        let mut heads = world.reader("heads");
        let last = heads.everything().await.last().unwrap();
        assert_eq!(last.key, head.position.to_string());
        assert_eq!(last.payload.parse::<Head>().unwrap(), head);
        relay.stop().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn aggregates_that_are_not_published_are_passed_over() {
    test(async |world| {
        let head = world.append(vec![a_claim(), a_claim()]).await;
        let mut relay = Process::start(world).await;
        relay.until(|status| status.position == head.position).await;
        assert!(world.all_events().everything().await.is_empty());
        relay.stop().await.unwrap();
        assert_eq!(world.checkpoint().await, head);
    })
    .await;
}

#[tokio::test]
async fn a_large_order_is_one_record() {
    test(async |world| {
        let head = world.append(vec![order_of(1_100), order_of(30_000)]).await;
        let mut relay = Process::start(world).await;
        relay.until(|status| status.position == head.position).await;
        let mut reader = world.reader("orders");
        let records = reader.everything().await;
        let sizes: BTreeSet<_> = records.iter().map(|record| record.payload.len()).collect();
        assert_eq!(records.len(), 2);
        assert!(sizes.last().unwrap() > &(5 << 20), "{sizes:?}: larger than what Kafka takes by default");
        relay.stop().await.unwrap();
    })
    .await;
}
