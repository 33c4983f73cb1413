//! The contract: however a history is cut into batches, and however the events of different aggregates come, as long
//! as those of one aggregate come in order, the rows are the same.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI32, Ordering};

use domain::public::PublicEvent;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::{build, published, rows};
use crate::generation::Generation;
use crate::testing::{Shop, TestDatabase};

/// Another order of the same events that keeps each aggregate's.
fn interleaved(events: &[PublicEvent], random: &mut StdRng) -> Vec<PublicEvent> {
    let mut streams: BTreeMap<_, VecDeque<_>> = BTreeMap::new();
    for event in events {
        streams
            .entry((event.aggregate_type, event.aggregate_id.clone()))
            .or_default()
            .push_back(event.clone());
    }
    let mut order = Vec::new();
    while !streams.is_empty() {
        let names: Vec<_> = streams.keys().cloned().collect();
        let name = names.choose(random).unwrap();
        let stream = streams.get_mut(name).unwrap();
        order.extend(stream.pop_front());
        if stream.is_empty() {
            streams.remove(name);
        }
    }
    order
}

fn cut<'a>(events: &'a [PublicEvent], random: &mut StdRng) -> Vec<&'a [PublicEvent]> {
    let mut batches = Vec::new();
    let mut rest = events;
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(random.random_range(1..=rest.len().min(40)));
        batches.push(batch);
        rest = after;
    }
    batches
}

#[test]
fn batches_and_interleaving_make_no_difference() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(TestDatabase::new());
    let generation = AtomicI32::new(1);
    proptest!(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() },
        |(seed: u64, products in 1_usize..12, orders in 0_usize..25, most_lines in 1_usize..6)| {
        let shop = Shop { seed, products, orders, most_lines };
        let mut random = StdRng::seed_from_u64(seed);
        let events = published(shop.history());
        let other = interleaved(&events, &mut random);
        let whole = Generation(generation.fetch_add(2, Ordering::Relaxed) + 1);
        let cut_up = Generation(whole.0 + 1);
        runtime.block_on(async {
            build(&database.owner, whole, &[&events]).await;
            build(&database.owner, cut_up, &cut(&other, &mut random)).await;
            let (expected, actual) =
                (rows(&database.owner, Some(whole)).await, rows(&database.owner, Some(cut_up)).await);
            assert!(expected.iter().any(|(_, rows)| !rows.is_empty()));
            assert_eq!(expected, actual);
        });
    });
}
