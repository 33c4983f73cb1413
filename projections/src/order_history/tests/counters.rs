//! The counters are what counting gives.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI32, Ordering};

use domain::public::PublicEvent;
use futures::future::join_all;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sqlx::PgPool;

use super::super::OrderHistory;
use crate::generation::Generation;
use crate::read_model::ReadModel;
use crate::testing::{Shop, TestDatabase};

/// What a counter says and the orders don't, or the other way round.
async fn wrong(pool: &PgPool, generation: Generation) -> Vec<String> {
    let compare = "
        WITH counted AS (
            SELECT 'customer' AS whose, customer_id AS owner, '0001-01-01'::date AS since, status, count(*) AS orders
            FROM order_history_g{g}_orders WHERE customer_id IS NOT NULL GROUP BY 2, 3, 4
            UNION ALL
            SELECT 'seller', seller_id, date_trunc('month', placed_at AT TIME ZONE 'UTC')::date, status, count(*)
            FROM order_history_g{g}_sellers GROUP BY 2, 3, 4
            UNION ALL
            SELECT 'all', '00000000-0000-0000-0000-000000000000'::uuid, (placed_at AT TIME ZONE 'UTC')::date, status, count(*)
            FROM order_history_g{g}_orders GROUP BY 2, 3, 4)
        SELECT t::text FROM (
            (SELECT * FROM order_history_g{g}_counts EXCEPT SELECT * FROM counted)
            UNION ALL (SELECT * FROM counted EXCEPT SELECT * FROM order_history_g{g}_counts)) t";
    sqlx::query_scalar(&generation.sql(compare)).fetch_all(pool).await.unwrap()
}

async fn anew(database: &TestDatabase, generation: Generation) {
    let create = "SELECT create_order_history($1)";
    sqlx::query(create).bind(generation.0).execute(&database.owner).await.unwrap();
}

async fn apply(pool: &PgPool, generation: Generation, events: &[PublicEvent]) {
    let mut tx = pool.begin().await.unwrap();
    OrderHistory.apply(events, generation, &mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

fn published(shop: Shop) -> Vec<PublicEvent> {
    (1..).zip(shop.history().flatten()).map(|(position, event)| event.publish(position)).collect()
}

#[test]
fn they_are_right_after_every_batch() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(TestDatabase::new());
    let last = AtomicI32::new(1);
    proptest!(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() },
        |(seed: u64, orders in 1_usize..25, most_lines in 1_usize..6)| {
        let generation = Generation(last.fetch_add(1, Ordering::Relaxed) + 1);
        let events = published(Shop { seed, products: 8, orders, most_lines });
        let mut random = StdRng::seed_from_u64(seed);
        runtime.block_on(async {
            anew(&database, generation).await;
            let mut rest = &events[..];
            while !rest.is_empty() {
                let (batch, after) = rest.split_at(random.random_range(1..=rest.len().min(30)));
                apply(&database.owner, generation, batch).await;
                assert_eq!(wrong(&database.owner, generation).await, [""; 0]);
                rest = after;
            }
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_the_same_customers_sellers_and_days_lose_nothing_and_wait_in_no_circle() {
    let database = TestDatabase::new().await;
    let mut writers: BTreeMap<usize, Vec<PublicEvent>> = BTreeMap::new();
    for event in published(Shop { seed: 17, products: 10, orders: 200, most_lines: 4 }) {
        let writer = event.aggregate_id.bytes().map(usize::from).sum::<usize>() % 4;
        writers.entry(writer).or_default().push(event);
    }
    let writing = writers.into_values().map(|events| {
        let pool = database.app.clone();
        tokio::spawn(async move {
            for batch in events.chunks(9) {
                apply(&pool, Generation(1), batch).await;
            }
        })
    });
    for written in join_all(writing).await {
        written.unwrap();
    }
    assert_eq!(wrong(&database.owner, Generation(1)).await, [""; 0]);
}
