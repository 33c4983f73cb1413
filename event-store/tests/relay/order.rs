//! The order of an aggregate's events.

use std::collections::{BTreeMap, BTreeSet};

use event_store::Recorded;
use event_store::relay::header;

use crate::events::received;
use crate::harness::test;
use crate::process::Process;
use crate::topics::Consumed;

/// Fails unless the records, each event taken where it first appears, are the log, in order in every partition, and
/// every aggregate in one partition. Answers how many came more than once.
pub fn same_as_log(records: &[Consumed], log: &[Recorded]) -> usize {
    let mut highest: BTreeMap<(&str, i32), i64> = BTreeMap::new();
    let mut ids: BTreeMap<i64, &str> = BTreeMap::new();
    let mut homes: BTreeMap<(&str, &str), i32> = BTreeMap::new();
    let mut again = 0;
    for record in records {
        let position = record.number(header::POSITION);
        let home = *homes.entry((&record.topic, &record.key)).or_insert(record.partition);
        assert_eq!(home, record.partition, "{} moved", record.key);
        if let Some(id) = ids.get(&position) {
            assert_eq!(*id, record.header(header::ID), "position {position} is two events");
            again += 1;
            continue;
        }
        ids.insert(position, record.header(header::ID));
        let highest = highest.entry((&record.topic, record.partition)).or_default();
        assert!(*highest < position, "{position} first appears after {highest}");
        *highest = position;
    }
    let published: BTreeSet<_> =
        log.iter().filter(|event| event.aggregate_type != "claims").map(|event| event.position).collect();
    assert_eq!(ids.keys().copied().collect::<BTreeSet<_>>(), published);
    again
}

#[tokio::test]
async fn one_aggregates_events_are_in_one_partition_in_order() {
    test(async |world| {
        let mut relay = Process::start(world).await;
        let products: Vec<_> = (0..40).map(|_| uuid::Uuid::now_v7().to_string()).collect();
        let mut head = event_store::Head::EMPTY;
        for round in 1..=50 {
            head = world.append(products.iter().map(|product| received(product, round)).collect()).await;
        }
        relay.until(|status| status.position == head.position).await;
        relay.stop().await.unwrap();
        let mut reader = world.reader("inventory");
        let records = reader.everything().await;
        assert_eq!(same_as_log(records, &world.events().await), 0);
        for product in &products {
            let of_product = records.iter().filter(|record| record.key == *product);
            let sequences: Vec<_> = of_product.map(|record| record.number(header::SEQUENCE)).collect();
            assert_eq!(sequences, (1..=50).collect::<Vec<_>>());
        }
        let partitions: BTreeSet<_> = records.iter().map(|record| record.partition).collect();
        assert_eq!(partitions.len(), event_store::relay::PARTITIONS);
    })
    .await;
}
