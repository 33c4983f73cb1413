//! How fast read models are fed and rebuilt. Not a test: `cargo test --release -p projections speed -- --ignored --nocapture`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use event_store::{Head, Log};
use tempfile::TempDir;

use crate::product_search::{self, Home};
use crate::replay::replay;
use crate::runner::start;
use crate::testing::log::{append_all, reached, source};
use crate::testing::{Shop, TestDatabase};

/// About as many products, orders and lines as half a year of the Online Retail data.
const SHOP: Shop = Shop { seed: 1, products: 3_600, orders: 9_500, most_lines: 48 };

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
#[allow(clippy::print_stdout, reason = "its output is what it is for")]
async fn speed() {
    let database = TestDatabase::new().await;
    let started = Instant::now();
    let head = append_all(&database.app, Head::EMPTY, SHOP.history()).await;
    println!("{} events appended in {:?}", head.position, started.elapsed());

    let folder = TempDir::new().unwrap();
    let home = Home::under(folder.path());
    let started = Instant::now();
    let source = source(&database.app);
    let projectors = start(&database.app, &source);
    let search = product_search::start(home.clone(), &database.app, &source, projectors.positions());
    let all = ["order_history", "seller_stats", "catalog", "product_search"];
    for name in all {
        while projectors.positions().known(name) < head.position {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        println!("{name} caught up after {:?}", started.elapsed());
    }
    reached(projectors.positions(), &all, head.position).await;
    println!("all caught up: {} events/s", rate(head.position, started.elapsed()));
    drop((projectors, search, Arc::clone(&source)));

    let log = Log::new(database.app.clone());
    for name in all {
        let report = replay(name, &database.owner, &home, &log, |_| {}).await.unwrap();
        println!("replay {name}: {} events in {:?}, {}/s", report.events, report.elapsed, report.rate());
    }
}

fn rate(events: i64, elapsed: Duration) -> u128 {
    u128::from(events.unsigned_abs()) * 1000 / elapsed.as_millis().max(1)
}
