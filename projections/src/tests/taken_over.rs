//! Two processes, of which the one that stands by takes over.

use std::collections::BTreeSet;

use event_store::Head;
use sqlx::PgPool;

use crate::registry::READ_MODELS;
use crate::runner::start;
use crate::status::{State, status};
use crate::testing::log::{append_all, reached, source};
use crate::testing::{Shop, TestDatabase, until};

const SHOP: Shop = Shop { seed: 29, products: 8, orders: 20, most_lines: 3 };
const ALL: [&str; 5] = ["order_history", "seller_stats", "catalog", "coupons", "reviews"];

/// The connections that have a lock of projectors in this way.
async fn holders(app: &PgPool, mode: &str) -> BTreeSet<i32> {
    let held = "SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)
                WHERE locktype = 'advisory' AND mode = $1 AND datname = current_database()
                  AND application_name = 'daybook-projector'";
    let pids: Vec<i32> = sqlx::query_scalar(held).bind(mode).fetch_all(app).await.unwrap();
    pids.into_iter().collect()
}

/// Guards against a shop that is taken for broken because a connection was, while another process feeds everything: nobody
/// would have taken back what the one that lost it said last.
#[tokio::test(flavor = "multi_thread")]
async fn who_lost_its_connection_says_nothing_of_what_another_one_feeds() {
    let (database, models) = (TestDatabase::new().await, READ_MODELS.len());
    let app = &database.app;
    let history: Vec<_> = SHOP.history().collect();
    let (before, after) = history.split_at(history.len() / 2);
    let old = start(app, &source(app));
    let head = append_all(app, Head::EMPTY, before.to_vec()).await;
    reached(old.positions(), &ALL, head.position).await;
    let new = start(app, &source(app));
    let stand_by = async || holders(app, "ShareLock").await.len();
    until("the new one stands by", stand_by, |there| *there == 2 * models).await;

    let feeding = holders(app, "ExclusiveLock").await;
    for pid in &feeding {
        sqlx::query("SELECT pg_terminate_backend($1)").bind(pid).execute(app).await.unwrap();
    }
    let taken_over = |now: &BTreeSet<i32>| now.len() == models && now.is_disjoint(&feeding);
    until("the new one feeds", async || holders(app, "ExclusiveLock").await, taken_over).await;
    let head = append_all(app, head, after.to_vec()).await;
    reached(new.positions(), &ALL, head.position).await;
    // The old one finds out by what was appended.
    until("the old one stands by", stand_by, |there| *there == 2 * models).await;
    for consumer in status(app, None).await.unwrap() {
        assert_eq!((consumer.state, consumer.error), (State::Following, None), "{}", consumer.name);
    }
}
