//! What is changed is found by its key from the first batch on.

use sqlx::Connection as _;

use super::published;
use crate::generation::Generation;
use crate::registry::READ_MODELS;
use crate::runner::connection::connect_to_feed;
use crate::testing::{Shop, TestDatabase};

const SHOP: Shop = Shop { seed: 11, products: 20, orders: 60, most_lines: 4 };

/// Guards against plans that are made for empty tables and read all of them ever after: paid orders were shown after 0.2 s
/// instead of 0.03, until the tables were analyzed.
#[tokio::test]
async fn no_batch_reads_a_whole_table() {
    let database = TestDatabase::new().await;
    let events = published(SHOP.with_coupons());
    let mut db = connect_to_feed(&database.app).await.unwrap();
    for model in READ_MODELS {
        let mut tx = db.begin().await.unwrap();
        for batch in events.chunks(20) {
            model.apply(batch, Generation(1), &mut tx).await.unwrap();
        }
        let counted =
            "SELECT relname::text, seq_scan, coalesce(idx_scan, 0), n_tup_ins FROM pg_stat_xact_user_tables
                       WHERE relname LIKE $1 || '\\_g1\\_%'";
        let tables: Vec<(String, i64, i64, i64)> =
            sqlx::query_as(counted).bind(model.name()).fetch_all(&mut *tx).await.unwrap();
        assert!(tables.iter().any(|(_, _, _, written)| *written > 0), "{}: {tables:?}", model.name());
        let whole: Vec<_> = tables.iter().filter(|(_, whole, ..)| *whole > 0).collect();
        assert!(whole.is_empty(), "table, read whole, by key, rows written: {whole:?}");
        tx.rollback().await.unwrap();
    }
    db.close().await.unwrap();
}
