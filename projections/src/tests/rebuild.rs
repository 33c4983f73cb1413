//! Replays, while projectors feed and readers read.

use std::pin::pin;

use event_store::sqlstate::{self, UNDEFINED_TABLE};
use event_store::{Head, Log};
use tempfile::TempDir;

use super::readers::{Readers, Rows};
use super::rows;
use crate::generation::{Generation, live};
use crate::order_history::{OrderFilter, Orders, Scope};
use crate::product_search::Home;
use crate::replay::{Progress, ReplayError, replay};
use crate::runner::start;
use crate::status::status;
use crate::testing::log::{append, append_all, reached, source};
use crate::testing::{Shop, TestDatabase, until};

const SHOP: Shop = Shop { seed: 11, products: 20, orders: 80, most_lines: 5 };
const ALL: [&str; 5] = ["order_history", "seller_stats", "catalog", "coupons", "reviews"];

async fn replay_quietly(database: &TestDatabase, name: &str) -> Result<i64, ReplayError> {
    let folder = TempDir::new().unwrap();
    let log = Log::new(database.app.clone());
    let report = replay(name, &database.owner, &Home::under(folder.path()), &log, |_: Progress| {}).await?;
    Ok(report.events)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_and_replayed_model_is_the_same_row_for_row() {
    let database = TestDatabase::new().await;
    let projectors = start(&database.app, &source(&database.app));
    let head = append_all(&database.app, Head::EMPTY, SHOP.history()).await;
    reached(projectors.positions(), &ALL, head.position).await;
    drop(projectors);
    let before = rows(&database.owner, None).await;
    for name in ALL {
        database.drop_read_model(name).await;
        assert_eq!(replay_quietly(&database, name).await.unwrap(), head.position);
        assert_eq!(
            live(&database.app, crate::registry::find(name).unwrap()).await.unwrap(),
            Some(Generation(2))
        );
    }
    assert_eq!(rows(&database.owner, None).await, before);
    // The application's projectors go on with the new tables.
    let projectors = start(&database.app, &source(&database.app));
    let more = Shop { seed: 12, ..SHOP };
    // Both shops have the same categories.
    let new = more.history().filter(|group| group[0].event.aggregate_type() != "categories");
    let head = append_all(&database.app, head, new).await;
    reached(projectors.positions(), &ALL, head.position).await;
    let names: Vec<_> = status(&database.app, None).await.unwrap().into_iter().map(|c| c.name).collect();
    assert_eq!(names, ["catalog", "coupons", "order_history", "reviews", "seller_stats"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_while_events_flow_and_readers_read_lose_nothing() {
    let database = TestDatabase::new().await;
    let projectors = start(&database.app, &source(&database.app));
    let orders = Orders::new(database.app.clone());
    let filter = OrderFilter { limit: 1, ..OrderFilter::default() };
    let history = SHOP.with_coupons();
    let readers = Readers::start(&database.app, &history, Rows::OfThePosition).await;

    // The writer: every order, group by group, and after each the reader sees at least what it waited for.
    let flowing = async {
        let mut head = Head::EMPTY;
        let mut seen = 0;
        for group in history {
            let places = group.iter().any(|e| e.sequence == 1 && e.event.aggregate_type() == "orders");
            head = append(&database.app, head, group).await;
            seen += i64::from(places);
            reached(projectors.positions(), &ALL[..1], head.position).await;
            let answer = orders.list(Scope::All, &filter).await.unwrap();
            assert!(answer.position >= head.position, "an answer of {} after {head}", answer.position);
            assert_eq!(answer.value.total, seen);
        }
        head
    };
    let replaying = async {
        let mut replays = 0;
        for _ in 0..3 {
            for name in ALL {
                replay_quietly(&database, name).await.unwrap();
                replays += 1;
            }
        }
        replays
    };
    let (head, replays) = tokio::join!(flowing, replaying);
    assert_eq!(replays, 3 * ALL.len());
    reached(projectors.positions(), &ALL, head.position).await;
    readers.end().await;
    drop(projectors);
    let grown = rows(&database.owner, None).await;
    for name in ALL {
        replay_quietly(&database, name).await.unwrap();
        assert_eq!(
            live(&database.app, crate::registry::find(name).unwrap()).await.unwrap(),
            Some(Generation(5))
        );
    }
    assert_eq!(rows(&database.owner, None).await, grown);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_clears_what_a_broken_one_left() {
    let database = TestDatabase::new().await;
    append_all(&database.app, Head::EMPTY, SHOP.history().take(30)).await;
    let mut tx = database.owner.begin().await.unwrap();
    let model = crate::registry::find("catalog").unwrap();
    crate::generation::create_next(&mut tx, model).await.unwrap();
    tx.commit().await.unwrap();
    replay_quietly(&database, "catalog").await.unwrap();
    assert_eq!(live(&database.app, model).await.unwrap(), Some(Generation(3)));
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relname LIKE 'catalog\\_g%' AND relkind = 'r' ORDER BY 1",
    )
    .fetch_all(&database.owner)
    .await
    .unwrap();
    assert_eq!(tables, ["catalog_g3_categories", "catalog_g3_products", "catalog_g3_stock"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_name_is_refused_with_those_there_are() {
    let database = TestDatabase::new().await;
    let error = replay_quietly(&database, "orders").await.unwrap_err().to_string();
    assert!(
        error.contains("order_history, seller_stats, catalog, coupons, reviews, product_search"),
        "{error}"
    );
}

/// Guards that no query of several tables waits in a circle with the dropping of the old ones.
#[tokio::test(flavor = "multi_thread")]
async fn who_reads_an_old_table_keeps_nobody_from_the_others() {
    let database = TestDatabase::new().await;
    let replaying = async { replay_quietly(&database, "order_history").await.map(drop) };
    dropped_one_by_one(&database, Generation(1), replaying).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_what_a_broken_replay_left_keeps_nobody_from_the_others() {
    let database = TestDatabase::new().await;
    let model = crate::registry::find("order_history").unwrap();
    let mut tx = database.owner.begin().await.unwrap();
    let left = crate::generation::create_next(&mut tx, model).await.unwrap();
    tx.commit().await.unwrap();
    let replaying = async { replay_quietly(&database, "order_history").await.map(drop) };
    dropped_one_by_one(&database, left, replaying).await;
}

/// Guards that another replay's new tables are not taken for old ones, and that the projector doesn't wait for who reads those.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_old_tables_are_read_no_other_replay_begins_and_the_new_ones_are_fed() {
    let database = TestDatabase::new().await;
    let projectors = start(&database.app, &source(&database.app));
    let history: Vec<_> = SHOP.history().collect();
    let (before, after) = history.split_at(history.len() / 2);
    let head = append_all(&database.app, Head::EMPTY, before.to_vec()).await;
    reached(projectors.positions(), &ALL, head.position).await;
    let mut reader = database.app.begin().await.unwrap();
    sqlx::query("SELECT FROM order_history_g1_orders").execute(&mut *reader).await.unwrap();
    let mut replaying = pin!(replay_quietly(&database, "order_history"));
    tokio::select! {
        ended = &mut replaying => panic!("it doesn't wait for who reads an old table: {ended:?}"),
        _ = dropping(&database) => {}
    }
    let error = replay_quietly(&database, "order_history").await.unwrap_err();
    assert!(matches!(error, ReplayError::Running), "{error}");
    let head = append_all(&database.app, head, after.to_vec()).await;
    reached(projectors.positions(), &ALL, head.position).await;
    reader.rollback().await.unwrap();
    replaying.await.unwrap();
}

/// While the tables of a generation of order history are dropped somebody has read the last of them and reads the first.
pub(super) async fn dropped_one_by_one(
    database: &TestDatabase,
    generation: Generation,
    ended: impl Future<Output = Result<(), ReplayError>>,
) {
    let old = tables(database, generation).await;
    let (first, last) = (&old[0], &old[old.len() - 1]);
    let mut reader = database.app.begin().await.unwrap();
    sqlx::query(&format!("SELECT FROM {last}")).execute(&mut *reader).await.unwrap();
    let mut ended = pin!(ended);
    tokio::select! {
        ended = &mut ended => panic!("it doesn't wait for who reads an old table: {ended:?}"),
        _ = dropping(database) => {}
    }
    let error = sqlx::query(&format!("SELECT FROM {first}")).execute(&mut *reader).await.unwrap_err();
    assert!(sqlstate::is(&error, UNDEFINED_TABLE), "it is gone already: {error}");
    reader.rollback().await.unwrap();
    ended.await.unwrap();
    assert_eq!(tables(database, generation).await, Vec::<String>::new());
}

/// Order history's tables of a generation, in the order in which they are dropped.
pub(super) async fn tables(database: &TestDatabase, generation: Generation) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relname ~ $1 ORDER BY relname",
    )
    .bind(format!("^order_history_g{generation}_"))
    .fetch_all(&database.owner)
    .await
    .unwrap()
}

/// Waits until somebody waits for a table's readers in order to drop it: the process that does.
pub(super) async fn dropping(database: &TestDatabase) -> i32 {
    let waits = "SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database
                 WHERE d.datname = current_database() AND NOT granted AND mode = 'AccessExclusiveLock'";
    let ask = async || sqlx::query_scalar(waits).fetch_optional(&database.owner).await.unwrap();
    until("somebody waits for a table's readers", ask, Option::is_some).await.unwrap()
}
