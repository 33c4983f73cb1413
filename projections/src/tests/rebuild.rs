//! Replays, while projectors feed and readers read.

use event_store::sqlstate::{self, UNDEFINED_TABLE};
use event_store::{Head, Log};
use tempfile::TempDir;

use super::rows;
use crate::generation::{Generation, live};
use crate::order_history::{OrderFilter, Orders, Scope};
use crate::product_search::Home;
use crate::replay::{Progress, ReplayError, drop_read_model, replay};
use crate::runner::start;
use crate::status::status;
use crate::testing::log::{append, append_all, reached, source};
use crate::testing::{Shop, TestDatabase};

const SHOP: Shop = Shop { seed: 11, products: 20, orders: 80, most_lines: 5 };
const ALL: [&str; 4] = ["order_history", "seller_stats", "catalog", "coupons"];

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
        drop_read_model(name, &database.owner).await.unwrap();
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
    assert_eq!(names, ["catalog", "coupons", "order_history", "seller_stats"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replays_while_events_flow_and_readers_read_lose_nothing() {
    let database = TestDatabase::new().await;
    let projectors = start(&database.app, &source(&database.app));
    let orders = Orders::new(database.app.clone());
    let filter = OrderFilter { limit: 1, ..OrderFilter::default() };

    // The writer: every order, group by group, and after each the reader sees at least what it waited for.
    let flowing = async {
        let mut head = Head::EMPTY;
        let mut seen = 0;
        for group in SHOP.history() {
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
        for _ in 0..4 {
            for name in ALL {
                replay_quietly(&database, name).await.unwrap();
                replays += 1;
            }
        }
        replays
    };
    let (head, replays) = tokio::join!(flowing, replaying);
    assert_eq!(replays, 16);
    reached(projectors.positions(), &ALL, head.position).await;
    drop(projectors);
    let grown = rows(&database.owner, None).await;
    for name in ALL {
        replay_quietly(&database, name).await.unwrap();
        assert_eq!(
            live(&database.app, crate::registry::find(name).unwrap()).await.unwrap(),
            Some(Generation(6))
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
    assert!(error.contains("order_history, seller_stats, catalog, coupons, product_search"), "{error}");
}

/// Guards that no query of several tables waits in a circle with the dropping of the old ones.
#[tokio::test(flavor = "multi_thread")]
async fn who_reads_an_old_table_keeps_nobody_from_the_others() {
    let database = TestDatabase::new().await;
    let replaying = async { replay_quietly(&database, "order_history").await.map(drop) };
    dropped_one_by_one(&database, replaying).await;
}

/// While the tables of order history's first generation are dropped somebody has read the last of them and reads the first.
pub(super) async fn dropped_one_by_one(
    database: &TestDatabase,
    dropping: impl Future<Output = Result<(), ReplayError>>,
) {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relname LIKE 'order\\_history\\_g1\\_%'",
    )
    .fetch_all(&database.owner)
    .await
    .unwrap();
    // In the order in which they are found, and dropped.
    let (first, last) = (&tables[0], &tables[tables.len() - 1]);
    let mut reader = database.app.begin().await.unwrap();
    sqlx::query(&format!("SELECT FROM {last}")).execute(&mut *reader).await.unwrap();
    let reading = async {
        let waits = "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database d ON d.oid = database
                     WHERE d.datname = current_database() AND NOT granted AND mode = 'AccessExclusiveLock')";
        while !sqlx::query_scalar::<_, bool>(waits).fetch_one(&database.owner).await.unwrap() {
            tokio::task::yield_now().await;
        }
        let error = sqlx::query(&format!("SELECT FROM {first}")).execute(&mut *reader).await.unwrap_err();
        reader.rollback().await.unwrap();
        error
    };
    let (dropped, error) = tokio::join!(dropping, reading);
    dropped.unwrap();
    assert!(sqlstate::is(&error, UNDEFINED_TABLE), "it is gone already: {error}");
}
