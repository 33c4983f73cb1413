//! How fast read models are fed and rebuilt. Not a test: `cargo test --release -p projections speed -- --ignored --nocapture`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::category::{CategoryDetails, CategoryEvent};
use domain::ids::{CategoryId, SellerId};
use domain::inventory::InventoryEvent;
use domain::product::ProductEvent;
use event_store::{Head, Log};
use tempfile::TempDir;
use uuid::Uuid;

use crate::catalog::Products;
use crate::product_search::{self, Home, SearchQuery, Sort};
use crate::replay::replay;
use crate::runner::start;
use crate::testing::history::details;
use crate::testing::log::{append_all, reached, source};
use crate::testing::{Happened, Shop, Stored, TestDatabase, happened_at};

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
    let all = ["order_history", "seller_stats", "catalog", "coupons", "reviews", "product_search"];
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

/// How fast a catalog of 20,000 products in 300 categories answers.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
#[allow(clippy::print_stdout, reason = "its output is what it is for")]
async fn catalog() {
    let database = TestDatabase::new().await;
    let head = append_all(&database.app, Head::EMPTY, a_large_catalog()).await;
    let folder = TempDir::new().unwrap();
    let source = source(&database.app);
    let projectors = start(&database.app, &source);
    let home = Home::under(folder.path());
    let search = product_search::start(home, &database.app, &source, projectors.positions());
    reached(projectors.positions(), &["catalog", "product_search"], head.position).await;
    sqlx::raw_sql("VACUUM ANALYZE").execute(&database.owner).await.unwrap();

    let products = Products::new(database.app.clone());
    let newest =
        products.detail_by_slug("white-heart-19999").await.unwrap().value.unwrap().product.product_id;
    let list = |sort, word: Option<&str>| {
        let (products, search) = (&products, &search);
        let word = word.map(str::to_owned);
        async move {
            let keys = match word {
                Some(word) => Some(products.bare_tree().await.unwrap().value.keys(&word)),
                None => None,
            };
            let query = SearchQuery { sort, categories: keys, limit: 20, ..SearchQuery::default() };
            let found = search.search(query).await.unwrap().value;
            assert_eq!(found.hits.len(), 20);
        }
    };
    median("list, the newest first", || list(Sort::Newest, None)).await;
    median("list, by price", || list(Sort::PriceAscending, None)).await;
    median("list, by name", || list(Sort::NameAscending, None)).await;
    median("list of a root with 29 below it", || list(Sort::Newest, Some("category-0"))).await;
    median("tree with counts", || async {
        assert!(products.tree().await.unwrap().value.roots().count() == 10);
    })
    .await;
    median("detail", || async { assert!(products.detail_by_id(newest).await.unwrap().value.is_some()) })
        .await;
}

/// Ten roots with 29 categories each, and products over all of them.
fn a_large_catalog() -> impl Iterator<Item = Vec<Happened>> {
    let category = |n: usize| CategoryId(Uuid::from_u128(0xca7_1000 + n as u128));
    let happened = |aggregate_id, n: usize, event| {
        let occurred_at = happened_at(i64::try_from(n).unwrap());
        Happened { aggregate_id, sequence: 1, occurred_at, event }
    };
    let categories = (0..300).map(move |n| {
        let details = CategoryDetails {
            name: format!("Category {n}"),
            slug: format!("category-{n}"),
            description: None,
            image: None,
            parent_id: (n >= 10).then(|| category(n % 10)),
            sort_order: 0,
        };
        vec![happened(category(n).0, n, Stored::Category(CategoryEvent::CategoryCreated(details)))]
    });
    let products = (0..20_000).map(move |n| {
        let seller = SellerId(Uuid::from_u128(n as u128 % 50 + 1));
        let mut details = details(seller, n, (i64::try_from(n).unwrap() * 7_919) % 50_000);
        details.long_description = Some("A heart to hang, for one tea light. ".repeat(20));
        (details.category, details.category_id) =
            (Some(format!("Category {}", n % 300)), Some(category(n % 300)));
        let id = Uuid::from_u128(0xbeef_0000_0000 + n as u128);
        let created = ProductEvent::ProductCreated(Box::new(details));
        let received = InventoryEvent::StockReceived { quantity: 5, reason: None };
        vec![happened(id, n, Stored::Product(created)), happened(id, n, Stored::Inventory(received))]
    });
    categories.chain(products)
}

#[allow(clippy::print_stdout, reason = "the figures are what is asked for")]
async fn median<F: Future<Output = ()>>(what: &str, ask: impl Fn() -> F) {
    let mut times = Vec::new();
    for _ in 0..200 {
        let started = Instant::now();
        ask().await;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    println!("{what}: p50 {:?}, p99 {:?}", times[100], times[198]);
}
