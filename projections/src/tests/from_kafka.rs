//! Read models that Kafka feeds: the same rows, the same positions.

use event_store::{Head, Log};
use tempfile::TempDir;

use super::readers::{Readers, Rows};
use super::{build, published, rows};
use crate::generation::Generation;
use crate::order_history::{OrderFilter, Orders, Scope};
use crate::product_search::Home;
use crate::replay::replay;
use crate::runner::{start, start_from_kafka};
use crate::status::{State, status};
use crate::testing::log::{append_all, reached, source};
use crate::testing::{Happened, Relayed, Shop, TestDatabase};

const SHOP: Shop = Shop { seed: 31, products: 20, orders: 60, most_lines: 5 };
const ALL: [&str; 5] = ["order_history", "seller_stats", "catalog", "coupons", "reviews"];

/// A database, and what one large batch makes of the shop's history.
async fn database() -> (TestDatabase, Vec<(String, Vec<String>)>) {
    let database = TestDatabase::new().await;
    build(&database.owner, Generation(9), &[&published(SHOP.history())]).await;
    let right = rows(&database.owner, Some(Generation(9))).await;
    (database, right)
}

/// The history in so many parts.
fn parts(count: usize) -> Vec<Vec<Vec<Happened>>> {
    let groups: Vec<_> = SHOP.history().collect();
    groups.chunks(groups.len().div_ceil(count)).map(<[_]>::to_vec).collect()
}

fn places_an_order(event: &Happened) -> bool {
    event.event.aggregate_type() == "orders" && event.sequence == 1
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_and_positions_are_those_from_the_log() {
    let (database, right) = database().await;
    let relayed = Relayed::start(&database.app).await;
    let projectors = start_from_kafka(&database.app, &relayed.config);
    let (orders, filter) = (Orders::new(database.app.clone()), OrderFilter::default());
    let (mut head, mut placed) = (Head::EMPTY, 0);
    for part in parts(4) {
        placed +=
            i64::try_from(part.iter().flatten().filter(|event| places_an_order(event)).count()).unwrap();
        head = append_all(&database.app, head, part).await;
        reached(projectors.positions(), &ALL, head.position).await;
        let answer = orders.list(Scope::All, &filter).await.unwrap();
        assert_eq!((answer.position, answer.value.total), (head.position, placed));
    }
    assert_eq!(rows(&database.owner, None).await, right);
    let consumers = status(&database.app, None).await.unwrap();
    // The relay stores where it is after it has said so to Kafka.
    for consumer in consumers.into_iter().filter(|consumer| consumer.name != "relay") {
        assert_eq!((consumer.position, consumer.lag_events), (head.position, 0), "{}", consumer.name);
        assert_eq!((consumer.state, consumer.error), (State::Following, None), "{}", consumer.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_share_the_partitions_and_take_over_from_one_that_is_gone() {
    let (database, right) = database().await;
    let relayed = Relayed::start(&database.app).await;
    let parts = parts(3);
    let first = start_from_kafka(&database.app, &relayed.config);
    let second = start_from_kafka(&database.app, &relayed.config);
    let head = append_all(&database.app, Head::EMPTY, parts[0].clone()).await;
    // Each knows how far all are.
    reached(first.positions(), &ALL, head.position).await;
    reached(second.positions(), &ALL, head.position).await;
    let head = append_all(&database.app, head, parts[1].clone()).await;
    drop(first);
    reached(second.positions(), &ALL, head.position).await;
    let third = start_from_kafka(&database.app, &relayed.config);
    let head = append_all(&database.app, head, parts[2].clone()).await;
    reached(third.positions(), &ALL, head.position).await;
    assert_eq!(rows(&database.owner, None).await, right);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_relay_writes_twice_counts_once() {
    let (database, right) = database().await;
    let mut relayed = Relayed::start(&database.app).await;
    let projectors = start_from_kafka(&database.app, &relayed.config);
    let mut head = Head::EMPTY;
    let mut before = Head::EMPTY;
    for part in parts(3) {
        let begun = head;
        head = append_all(&database.app, head, part).await;
        relayed.reached(head.position).await;
        // Its checkpoint is as of before the last part but one: a crash of Postgres that took more than it can.
        sqlx::query("UPDATE checkpoints SET position = $1, hash = $2 WHERE name = 'relay'")
            .bind(before.position)
            .bind(&before.hash.0[..])
            .execute(&database.owner)
            .await
            .unwrap();
        relayed.restart().await;
        before = begun;
    }
    reached(projectors.positions(), &ALL, head.position).await;
    assert_eq!(rows(&database.owner, None).await, right);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_source_goes_on_where_the_other_one_stopped() {
    let (database, right) = database().await;
    let mut relayed = Relayed::start(&database.app).await;
    let mut head = Head::EMPTY;
    for (number, part) in parts(6).into_iter().enumerate() {
        let projectors = if number % 2 == 0 {
            start(&database.app, &source(&database.app))
        } else {
            start_from_kafka(&database.app, &relayed.config)
        };
        let before = head.position;
        head = append_all(&database.app, head, part).await;
        relayed.reached(head.position).await;
        // Somewhere in the middle of it: all have begun, and some are at the end.
        reached(projectors.positions(), &ALL, before + 1).await;
        reached(projectors.positions(), &ALL[number % 4..][..1], head.position).await;
    }
    let both =
        [start(&database.app, &source(&database.app)), start_from_kafka(&database.app, &relayed.config)];
    reached(both[0].positions(), &ALL, head.position).await;
    assert_eq!(rows(&database.owner, None).await, right);
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_beside_kafka_lose_nothing_and_no_read_goes_back() {
    let history = SHOP.with_coupons();
    let database = TestDatabase::new().await;
    build(&database.owner, Generation(9), &[&published(history.clone())]).await;
    let right = rows(&database.owner, Some(Generation(9))).await;
    let relayed = Relayed::start(&database.app).await;
    let projectors = start_from_kafka(&database.app, &relayed.config);
    let readers = Readers::start(&database.app, &history, Rows::MaybeAhead).await;
    let flowing = append_all(&database.app, Head::EMPTY, history);
    let replaying = async {
        let (folder, log) = (TempDir::new().unwrap(), Log::new(database.app.clone()));
        for name in ALL {
            replay(name, &database.owner, &Home::under(folder.path()), &log, |_| {}).await.unwrap();
        }
    };
    let (head, ()) = tokio::join!(flowing, replaying);
    reached(projectors.positions(), &ALL, head.position).await;
    readers.end().await;
    assert_eq!(rows(&database.owner, None).await, right);
}
