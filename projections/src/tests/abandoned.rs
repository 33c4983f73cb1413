//! Whether anybody is at work on a read model, or has left it.

use std::collections::BTreeMap;
use std::time::Duration;

use event_store::{Head, Log};
use sqlx::Connection as _;
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::generation;
use crate::order_history::OrderHistory;
use crate::product_search::{self, Home};
use crate::replay::{Progress, ReplayError, replay, replay_until};
use crate::runner::connection::{connect, try_lock};
use crate::runner::held;
use crate::runner::start;
use crate::status::{State, status};
use crate::testing::log::{append_all, reached, source};
use crate::testing::{Shop, TestDatabase};

const SHOP: Shop = Shop { seed: 31, products: 8, orders: 20, most_lines: 3 };
const ALL: [&str; 5] = ["catalog", "coupons", "order_history", "reviews", "seller_stats"];

async fn states(database: &TestDatabase, home: &TempDir) -> BTreeMap<String, State> {
    let all = status(&database.app, Some(home.path())).await.unwrap();
    all.into_iter().map(|it| (it.name, it.state)).collect()
}

fn all(state: State) -> BTreeMap<String, State> {
    ALL.into_iter().map(|name| (name.to_owned(), state)).collect()
}

/// Waits until this is said.
async fn until(database: &TestDatabase, expected: &BTreeMap<String, State>) {
    let nowhere = TempDir::new().unwrap();
    while states(database, &nowhere).await != *expected {
        tokio::time::sleep(Duration::from_millis(10)).await; // asking again is how one observes it
    }
}

/// Guards against read models that are said to follow a log that nobody reads for them.
#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_feeds_says_so() {
    let database = TestDatabase::new().await;
    until(&database, &all(State::Unfed)).await;
    let projectors = start(&database.app, &source(&database.app));
    until(&database, &all(State::Following)).await;
    // Who stands by will feed it.
    let others = start(&database.app, &source(&database.app));
    let head = append_all(&database.app, Head::EMPTY, SHOP.history()).await;
    reached(projectors.positions(), &ALL, head.position).await;
    drop(projectors);
    until(&database, &all(State::Following)).await;
    drop(others);
    until(&database, &all(State::Unfed)).await;
}

/// Guards against a replay that was killed and looks for ever as if it went on.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_replay_has_left_is_told_from_what_one_fills() {
    let database = TestDatabase::new().await;
    let nowhere = TempDir::new().unwrap();
    let mut replaying = connect(&database.app).await.unwrap();
    assert!(try_lock(&mut replaying, &held::replayer("order_history")).await.unwrap());
    let mut tx = database.owner.begin().await.unwrap();
    generation::create_next(&mut tx, &OrderHistory).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(states(&database, &nowhere).await["order_history@2"], State::Rebuilding);

    replaying.close().await.unwrap();
    while states(&database, &nowhere).await["order_history@2"] != State::Abandoned {
        tokio::time::sleep(Duration::from_millis(10)).await; // asking again is how one observes it
    }
    // As one that could not fill it, too: why it failed is of no use any more.
    let failed =
        "INSERT INTO consumer_failures (name, position, error) VALUES ('order_history@2', 0, 'damaged')";
    sqlx::query(failed).execute(&database.app).await.unwrap();
    assert_eq!(states(&database, &nowhere).await["order_history@2"], State::Abandoned);

    let log = Log::new(database.app.clone());
    replay("order_history", &database.owner, &Home::under(nowhere.path()), &log, |_| {}).await.unwrap();
    assert_eq!(states(&database, &nowhere).await, all(State::Unfed));
}

/// Guards against tables and an index that a stopped replay leaves for the next one.
#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_is_stopped_drops_what_it_has_made() {
    let database = TestDatabase::new().await;
    append_all(&database.app, Head::EMPTY, SHOP.history()).await;
    let folder = TempDir::new().unwrap();
    let (home, log) = (Home::under(folder.path()), Log::new(database.app.clone()));
    for name in ALL.into_iter().chain([product_search::NAME]) {
        let come_far = Notify::new();
        let (progress, stopped) = (|_: Progress| come_far.notify_one(), come_far.notified());
        let error = replay_until(name, &database.owner, &home, &log, progress, stopped).await.unwrap_err();
        assert!(matches!(error, ReplayError::Stopped), "{name}: {error}");
        assert_eq!(states(&database, &folder).await, all(State::Unfed), "{name}");
    }
    let made = "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '_g[2-9]_'";
    let indexes = "SELECT count(*) FROM search_indexes";
    for left in [made, indexes] {
        assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&database.owner).await.unwrap(), 0, "{left}");
    }
    assert!(!home.path().join("building").exists());
    for name in ALL.into_iter().chain([product_search::NAME]) {
        replay(name, &database.owner, &home, &log, |_| {}).await.unwrap();
    }
}

/// Guards against an index that is shown as one that follows the log, and that a killed replay has left.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_being_built_or_was_left_is_not_one_that_is_fed() {
    let database = TestDatabase::new().await;
    append_all(&database.app, Head::EMPTY, SHOP.history()).await;
    let (folder, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let home = Home::under(folder.path());
    let log = Log::new(database.app.clone());
    let indexes = async |home: &TempDir| {
        let mut found = states(&database, home).await;
        found.retain(|name, _| name.starts_with(product_search::NAME));
        found
    };
    // It waits for its first batch for as long as nobody may read the log.
    let mut reader = database.owner.begin().await.unwrap();
    sqlx::query("LOCK TABLE events IN ACCESS EXCLUSIVE MODE").execute(&mut *reader).await.unwrap();
    let (its_home, its_log, owner) = (home.clone(), log.clone(), database.owner.clone());
    let replaying =
        async move { replay(product_search::NAME, &owner, &its_home, &its_log, |_| {}).await.map(drop) };
    let replaying = tokio::spawn(replaying);
    while indexes(&elsewhere).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await; // asking again is how one observes it
    }
    for home in [&folder, &elsewhere] {
        let found: Vec<_> = indexes(home).await.into_iter().collect();
        let [(name, State::Rebuilding)] = &found[..] else { panic!("{found:?}") };
        assert!(name.starts_with("product_search@"), "{name}");
    }
    // As a kill ends it: without a word.
    replaying.abort();
    let _ = replaying.await;
    reader.rollback().await.unwrap();
    while !indexes(&elsewhere).await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await; // asking again is how one observes it
    }
    let found: Vec<_> = indexes(&folder).await.into_values().collect();
    assert_eq!(found, [State::Abandoned]);

    replay(product_search::NAME, &database.owner, &home, &log, |_| {}).await.unwrap();
    let found = indexes(&folder).await;
    assert_eq!(found.keys().collect::<Vec<_>>(), [product_search::NAME]);
}
