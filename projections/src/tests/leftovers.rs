//! Tables that a replay left, because it was broken off or because somebody read them.

use event_store::{Head, Log};
use tempfile::TempDir;

use super::rebuild::tables;
use crate::generation::{self, Generation, live};
use crate::order_history::OrderHistory;
use crate::product_search::Home;
use crate::read_model::ReadModel;
use crate::replay::replay;
use crate::testing::log::append_all;
use crate::testing::{Shop, TestDatabase};

const SHOP: Shop = Shop { seed: 41, products: 6, orders: 10, most_lines: 3 };

async fn replayed(database: &TestDatabase) -> Generation {
    let (folder, log) = (TempDir::new().unwrap(), Log::new(database.app.clone()));
    let home = Home::under(folder.path());
    replay(OrderHistory.name(), &database.owner, &home, &log, |_| {}).await.unwrap();
    live(&database.app, &OrderHistory).await.unwrap().unwrap()
}

/// Guards against a rebuild that a backup keeps from beginning. It waits ten seconds for the reader, twice.
#[tokio::test(flavor = "multi_thread")]
async fn while_they_are_read_a_replay_leaves_them_and_the_next_one_drops_them() {
    let database = TestDatabase::new().await;
    append_all(&database.app, Head::EMPTY, SHOP.history()).await;
    let mut tx = database.owner.begin().await.unwrap();
    let left = generation::create_next(&mut tx, &OrderHistory).await.unwrap();
    tx.commit().await.unwrap();
    let mut reader = database.owner.begin().await.unwrap();
    sqlx::query(&format!("SELECT FROM order_history_g{left}_orders")).execute(&mut *reader).await.unwrap();

    assert_eq!(replayed(&database).await, Generation(3));
    assert_ne!(tables(&database, left).await, Vec::<String>::new());
    assert_eq!(tables(&database, Generation(1)).await, Vec::<String>::new(), "nobody read these");

    reader.rollback().await.unwrap();
    assert_eq!(replayed(&database).await, Generation(4));
    for old in [left, Generation(3)] {
        assert_eq!(tables(&database, old).await, Vec::<String>::new());
    }
}
