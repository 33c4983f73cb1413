//! Steps over records, without a Kafka: what a member does whom the others believe to be gone.

use std::collections::BTreeMap;

use domain::public::PublicEvent;
use event_store::Head;
use event_store::relay::{PARTITIONS, partition_of};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sqlx::PgPool;

use super::run::{Place, Run, Runs, Stand};
use super::step::{RunsStep, RunsTaken};
use crate::fingerprint::dump;
use crate::generation::{Generation, hold};
use crate::read_model::ReadModel;
use crate::runner::connection::connect;
use crate::runner::start;
use crate::testing::log::{append_all, reached, source};
use crate::testing::{Shop, TestDatabase};

const SHOP: Shop = Shop { seed: 3, products: 10, orders: 30, most_lines: 4 };

fn model(name: &str) -> &'static dyn ReadModel {
    crate::registry::find(name).unwrap()
}

/// The records of each partition of a read model's topics, as a relay writes them.
fn partitioned(model: &dyn ReadModel, events: &[PublicEvent]) -> BTreeMap<Place, Vec<PublicEvent>> {
    let mut places: BTreeMap<Place, Vec<PublicEvent>> = BTreeMap::new();
    for event in events.iter().filter(|event| model.aggregates().contains(&event.aggregate_type)) {
        let partition = partition_of(&event.aggregate_id, PARTITIONS);
        let place = (format!("test.{}", event.aggregate_type), i32::try_from(partition).unwrap());
        places.entry(place).or_default().push(event.clone());
    }
    places
}

async fn at_the_beginning(app: &PgPool, model: &dyn ReadModel) {
    for aggregate_type in model.aggregates() {
        for partition in 0..i32::try_from(PARTITIONS).unwrap() {
            sqlx::query("INSERT INTO partition_offsets VALUES ($1, $2, $3, 0, 0)")
                .bind(format!("{}@1", model.name()))
                .bind(format!("test.{aggregate_type}"))
                .bind(partition)
                .execute(app)
                .await
                .unwrap();
        }
    }
}

async fn take(app: &PgPool, model: &'static dyn ReadModel, place: &Place, run: Run) -> RunsTaken {
    let mut db = connect(app).await.unwrap();
    let runs = Runs(BTreeMap::from([(place.clone(), run)]));
    RunsStep { model, generation: Generation(1), runs }.take(&mut db).await.unwrap()
}

async fn rows(pool: &PgPool, model: &dyn ReadModel, generation: i32) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for table in model.tables() {
        all.push(dump(pool, model, table, Some(Generation(generation))).await.unwrap());
    }
    all
}

/// The second generation is what one large batch makes.
async fn reference(owner: &PgPool, model: &dyn ReadModel, events: &[PublicEvent]) -> Vec<Vec<String>> {
    sqlx::query(&format!("SELECT create_{}(2)", model.name())).execute(owner).await.unwrap();
    let mut tx = owner.begin().await.unwrap();
    model.apply(events, Generation(2), &mut tx).await.unwrap();
    tx.commit().await.unwrap();
    rows(owner, model, 2).await
}

fn published() -> Vec<PublicEvent> {
    (1..).zip(SHOP.history().flatten()).map(|(position, event)| event.publish(position)).collect()
}

#[tokio::test]
async fn records_that_come_again_count_once_and_none_is_left_out() {
    let database = TestDatabase::new().await;
    let stats = model("seller_stats");
    let events = published();
    let right = reference(&database.owner, stats, &events).await;
    at_the_beginning(&database.app, stats).await;
    for (place, events) in &partitioned(stats, &events) {
        let half = events.len() / 2;
        let from = i64::try_from(half).unwrap();
        let of = |range: std::ops::Range<usize>, from| Run::of(from, events[range].to_vec());
        assert_eq!(take(&database.app, stats, place, of(half..events.len(), from)).await, RunsTaken::Gap);
        assert_eq!(take(&database.app, stats, place, of(0..half, 0)).await, RunsTaken::Applied);
        // The one that was thought to be gone, with the same, and with more than the same.
        assert_eq!(take(&database.app, stats, place, of(0..half, 0)).await, RunsTaken::Applied);
        assert_eq!(take(&database.app, stats, place, of(0..events.len(), 0)).await, RunsTaken::Applied);
        assert_eq!(take(&database.app, stats, place, of(half..events.len(), from)).await, RunsTaken::Applied);
        // A relay that was killed writes some again, at new offsets.
        let end = i64::try_from(events.len()).unwrap();
        assert_eq!(take(&database.app, stats, place, of(half..events.len(), end)).await, RunsTaken::Applied);
    }
    assert_eq!(rows(&database.owner, stats, 1).await, right);
}

#[tokio::test]
async fn a_generation_that_is_no_longer_live_takes_nothing() {
    let database = TestDatabase::new().await;
    let stats = model("seller_stats");
    at_the_beginning(&database.app, stats).await;
    sqlx::query("UPDATE read_models SET generation = 7").execute(&database.owner).await.unwrap();
    let (place, events) = partitioned(stats, &published()).pop_first().unwrap();
    assert_eq!(take(&database.app, stats, &place, Run::of(0, events)).await, RunsTaken::Stale);
    assert!(rows(&database.owner, stats, 1).await.iter().all(Vec::is_empty));
}

#[tokio::test]
async fn records_that_change_no_row_move_their_partition_where_they_may() {
    let database = TestDatabase::new().await;
    let stats = model("seller_stats");
    at_the_beginning(&database.app, stats).await;
    let (place, mut events) = partitioned(stats, &published()).pop_first().unwrap();
    events.retain(|event| !stats.concerns(event));
    let (end, last) = (i64::try_from(events.len()).unwrap(), events.last().unwrap().position);
    let stands = async || -> (i64, i64) {
        sqlx::query_as(
            "SELECT next_offset, position FROM partition_offsets
             WHERE consumer = 'seller_stats@1' AND topic = $1 AND partition = $2",
        )
        .bind(&place.0)
        .bind(place.1)
        .fetch_one(&database.app)
        .await
        .unwrap()
    };
    let taken = async |from| take(&database.app, stats, &place, Run::of(from, events.clone())).await;
    assert_eq!((taken(1).await, stands().await), (RunsTaken::Gap, (0, 0)));
    let live = async |generation: i32| {
        let moved = sqlx::query("UPDATE read_models SET generation = $1 WHERE name = 'seller_stats'");
        moved.bind(generation).execute(&database.owner).await.unwrap();
    };
    live(7).await;
    assert_eq!((taken(0).await, stands().await), (RunsTaken::Stale, (0, 0)));
    live(1).await;
    assert_eq!((taken(0).await, stands().await), (RunsTaken::Applied, (end, last)));
    assert_eq!((taken(0).await, stands().await), (RunsTaken::Applied, (end, last)), "they come again");
}

/// Kafka has fed each partition up to somewhere when the log takes over.
#[test]
fn the_log_goes_on_where_each_partition_stands() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    proptest!(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() }, |(seed: u64)| {
        runtime.block_on(async {
            let database = TestDatabase::new().await;
            let mut random = StdRng::seed_from_u64(seed);
            let events = published();
            for name in ["order_history", "seller_stats"] {
                let model = model(name);
                at_the_beginning(&database.app, model).await;
                for (place, events) in partitioned(model, &events) {
                    let run = Run::of(0, events[..random.random_range(0..=events.len())].to_vec());
                    assert_eq!(take(&database.app, model, &place, run).await, RunsTaken::Applied);
                }
            }
            let head = append_all(&database.app, Head::EMPTY, SHOP.history()).await;
            let projectors = start(&database.app, &source(&database.app));
            reached(projectors.positions(), &["order_history", "seller_stats"], head.position).await;
            for name in ["order_history", "seller_stats"] {
                let model = model(name);
                let right = reference(&database.owner, model, &events).await;
                assert_eq!(rows(&database.owner, model, 1).await, right, "{name}");
                let mut db = connect(&database.app).await.unwrap();
                let checkpoint = Generation(1).checkpoint(name);
                // What Kafka was ahead is forgotten, right after the step that comes up to it.
                let farthest = loop {
                    let taken = hold(&mut db, &checkpoint).await.unwrap().unwrap();
                    if taken.ahead.farthest() == 0 {
                        break taken.farthest();
                    }
                    tokio::task::yield_now().await;
                };
                assert_eq!(farthest, head.position);
            }
        });
    });
}

/// Where a poison event has a step taken twice, and another member is faster in between.
#[test]
fn what_is_still_new_is_what_is_new_from_there() {
    let partitioned = partitioned(model("order_history"), &published());
    let runs = || {
        let of = |(place, events): (&Place, &Vec<PublicEvent>)| (place.clone(), Run::of(0, events.clone()));
        Runs(partitioned.iter().map(of).collect())
    };
    let at_first = vec![Stand { next_offset: 0, position: 0 }; partitioned.len()];
    let all = runs().fresh(&at_first).events.len();
    for part in 0..=4 {
        // Each partition has come to another place.
        let after = |(index, events): (usize, &Vec<PublicEvent>)| {
            let count = events.len() * ((part + index) % 5) / 4;
            let position = count.checked_sub(1).map_or(0, |last| events[last].position);
            Stand { next_offset: i64::try_from(count).unwrap(), position }
        };
        let stood: Vec<_> = partitioned.values().enumerate().map(after).collect();
        let still = runs().fresh(&at_first).since(&stood).events;
        assert_eq!(still, runs().fresh(&stood).events);
        assert!(still.len() < all);
    }
}
