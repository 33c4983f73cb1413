//! How fast lists of orders are at a million orders: of 20,000 customers and 200 sellers, one of whom has a fifth.

use std::time::Instant;

use domain::ids::{SellerId, UserId};
use uuid::Uuid;

use crate::order_history::{NumberPrefix, OrderFilter, OrderStatus, Orders, Scope, Sort};
use crate::testing::TestDatabase;

/// A customer's, a seller's: the numbers that the statements below make of them.
const CUSTOMER: Scope = Scope::Customer(UserId(Uuid::from_u128(0x7000_8000_0000_0000_0002)));
const LARGE_SELLER: Scope = Scope::Seller(SellerId(Uuid::from_u128(0x7000_9000_0000_0000_0001)));
const SMALL_SELLER: Scope = Scope::Seller(SellerId(Uuid::from_u128(0x7000_9000_0000_0000_0064)));

/// Two years and ten months, an order every 90 seconds; the last ones are on their way.
const ORDERS: &str = "
    INSERT INTO order_history_g1_orders
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'ORD-' || extract(year FROM at) || '-' || lpad(n::text, 6, '0'), NULL,
           CASE WHEN n % 10 > 0 THEN ('00000000-0000-7000-8000-' || lpad(to_hex((power(random(), 2) * 20000)::int), 12, '0'))::uuid END,
           CASE WHEN n > 999900 THEN 'pending' WHEN n > 999000 THEN 'confirmed' WHEN n > 998000 THEN 'processing'
                WHEN n > 990000 THEN 'shipped' WHEN n % 12 = 0 THEN 'cancelled' ELSE 'delivered' END,
           NULL, 'GBP', 1000, 0, 50, '0.05', 0, 1050, 1050, 0, 2, 3, 'GB', NULL, gen_random_uuid(), NULL, NULL, NULL, at,
           at, 6
    FROM (SELECT n, '2024-01-01'::timestamptz + n * interval '90 seconds' AS at FROM generate_series(1, 1000000) n) n";

/// Each order is of one seller, and three of ten are of another one, too.
const SELLERS: &str = "
    INSERT INTO order_history_g1_sellers
    SELECT ('00000000-0000-7000-9000-' || lpad(to_hex(seller), 12, '0'))::uuid, placed_at, order_id, number, status,
           total, 0, 1, 2
    FROM (SELECT *, CASE WHEN random() < 0.2 THEN 1 ELSE (random() * 98)::int + 2 END AS seller
          FROM order_history_g1_orders
          UNION ALL SELECT *, (random() * 98)::int + 101 FROM order_history_g1_orders WHERE random() < 0.3) o
    ORDER BY placed_at";

const COUNTS: &str = "
    INSERT INTO order_history_g1_counts
    SELECT 'customer', customer_id, '0001-01-01'::date, status, count(*) FROM order_history_g1_orders
    WHERE customer_id IS NOT NULL GROUP BY 2, 4
    UNION ALL
    SELECT 'seller', seller_id, date_trunc('month', placed_at AT TIME ZONE 'UTC')::date, status, count(*)
    FROM order_history_g1_sellers GROUP BY 2, 3, 4
    UNION ALL
    SELECT 'all', '00000000-0000-0000-0000-000000000000', (placed_at AT TIME ZONE 'UTC')::date, status, count(*)
    FROM order_history_g1_orders GROUP BY 3, 4";

fn first_page() -> OrderFilter {
    OrderFilter { limit: 10, ..OrderFilter::default() }
}

/// What is asked for, and how.
fn kinds() -> Vec<(&'static str, OrderFilter)> {
    let number = |text| OrderFilter { number: NumberPrefix::typed(text), ..first_page() };
    let status = |status| OrderFilter { statuses: vec![status], ..first_page() };
    vec![
        ("the newest", first_page()),
        ("the oldest", OrderFilter { sort: Sort::Oldest, ..first_page() }),
        ("100 of them", OrderFilter { limit: 100, ..first_page() }),
        ("page 1,000", OrderFilter { offset: 9_990, ..first_page() }),
        ("page 10,000", OrderFilter { offset: 99_990, ..first_page() }),
        ("delivered", status(OrderStatus::Delivered)),
        ("pending, the oldest", OrderFilter { sort: Sort::Oldest, ..status(OrderStatus::Pending) }),
        (
            "of 19 days",
            OrderFilter {
                from: "2025-03-02T00:00:00Z".parse().ok(),
                until: "2025-03-21T00:00:00Z".parse().ok(),
                ..first_page()
            },
        ),
        (
            "of 20 months and some hours",
            OrderFilter {
                from: "2024-03-02T07:00:00Z".parse().ok(),
                until: "2025-11-21T08:00:00Z".parse().ok(),
                ..first_page()
            },
        ),
        (
            "cancelled, of two years",
            OrderFilter {
                from: "2024-03-02T07:00:00Z".parse().ok(),
                until: "2026-03-01T00:00:00Z".parse().ok(),
                ..status(OrderStatus::Cancelled)
            },
        ),
        ("one number", number("ORD-2025-500000")),
        ("numbers of a hundred", number("2025-5000")),
        ("numbers of a year", number("2025")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
#[allow(clippy::print_stdout, reason = "its output is what it is for")]
async fn a_million_orders() {
    let database = TestDatabase::new().await;
    for (what, fill) in [("orders", ORDERS), ("sellers", SELLERS), ("counts", COUNTS)] {
        let started = Instant::now();
        let filled = sqlx::query(fill).execute(&database.owner).await.unwrap();
        println!("{what}: {} rows in {:?}", filled.rows_affected(), started.elapsed());
    }
    for table in ["orders", "sellers", "counts"] {
        sqlx::raw_sql(&format!("VACUUM ANALYZE order_history_g1_{table}"))
            .execute(&database.owner)
            .await
            .unwrap();
    }
    let orders = Orders::new(database.app.clone());
    for (whose, scope) in [
        ("a customer's", CUSTOMER),
        ("a large seller's", LARGE_SELLER),
        ("a small seller's", SMALL_SELLER),
        ("all", Scope::All),
    ] {
        for (what, filter) in kinds() {
            measure(&orders, &format!("{whose}, {what}"), scope, &filter).await;
        }
        walk(&orders, whose, scope).await;
    }
}

#[allow(clippy::print_stdout, reason = "the figures are what is asked for")]
async fn measure(orders: &Orders, what: &str, scope: Scope, filter: &OrderFilter) {
    let total = orders.list(scope, filter).await.unwrap().value.total;
    let mut times = Vec::new();
    for _ in 0..100 {
        let started = Instant::now();
        orders.list(scope, filter).await.unwrap();
        times.push(started.elapsed());
    }
    times.sort_unstable();
    println!("{what}: {total} orders, p50 {:?}, p99 {:?}", times[50], times[98]);
}

/// Goes on from place to place, a thousand pages deep.
#[allow(clippy::print_stdout, reason = "the figures are what is asked for")]
async fn walk(orders: &Orders, whose: &str, scope: Scope) {
    let (mut filter, mut times) = (OrderFilter { limit: 100, ..first_page() }, Vec::new());
    for _ in 0..1_000 {
        let started = Instant::now();
        filter.after = orders.list(scope, &filter).await.unwrap().value.next;
        times.push(started.elapsed());
        if filter.after.is_none() {
            break;
        }
    }
    times.sort_unstable();
    let pages = times.len();
    println!(
        "{whose}, {pages} pages of 100 by their places: p50 {:?}, p99 {:?}",
        times[pages / 2],
        times[pages * 99 / 100]
    );
}
