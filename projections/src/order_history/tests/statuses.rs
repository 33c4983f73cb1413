//! Orders that are found by their numbers and in one status.

use domain::ids::SellerId;
use sqlx::postgres::PgArguments;
use uuid::Uuid;

use super::super::list::Wanted;
use super::super::{NumberPrefix, OrderFilter, OrderStatus, Scope};
use super::{Generation, TestDatabase};

/// A shop that has a line of every order.
const SHOP: SellerId = SellerId(Uuid::nil());

/// 20,000 orders, half of them processing, each of it with a line of the shop's.
async fn filled(database: &TestDatabase, generation: Generation) {
    for fill in [
        "INSERT INTO order_history_g{g}_orders
         SELECT gen_random_uuid(), 'ORD-2026-' || lpad(n::text, 6, '0'), NULL, NULL,
                CASE WHEN n % 2 = 0 THEN 'processing' ELSE 'delivered' END,
                NULL, 'GBP', 1000, 0, 50, '0.05', 0, 1050, 0, 0, 2, 3, 'GB', NULL, gen_random_uuid(), NULL, NULL, NULL, now(), now(), 6
         FROM generate_series(1, 20000) n",
        "INSERT INTO order_history_g{g}_sellers
         SELECT '00000000-0000-0000-0000-000000000000', placed_at, order_id, number, status, 1050, 0, 1, 1
         FROM order_history_g{g}_orders",
        "VACUUM ANALYZE order_history_g{g}_orders",
        "VACUUM ANALYZE order_history_g{g}_sellers",
    ] {
        sqlx::query(&generation.sql(fill)).execute(&database.owner).await.unwrap();
    }
}

async fn plan(database: &TestDatabase, generation: Generation, scope: Scope) -> Vec<String> {
    let filter = OrderFilter {
        number: NumberPrefix::typed("ORD-2026-0012"),
        statuses: vec![OrderStatus::Processing],
        limit: 20,
        ..OrderFilter::default()
    };
    let wanted = Wanted::of(scope, &filter);
    let mut arguments = PgArguments::default();
    wanted.bind(&mut arguments).unwrap();
    let explain = format!("EXPLAIN {}", generation.sql(wanted.statement()));
    sqlx::query_scalar_with(&explain, arguments).fetch_all(&database.app).await.unwrap()
}

/// Guards against a page that looks at every order with such a number only to count those in its status; also in tables
/// that a replay makes.
#[tokio::test]
async fn only_an_index_is_read_to_count_the_orders_with_a_number_in_a_status() {
    let database = TestDatabase::new().await;
    sqlx::query("SELECT create_order_history(2)").execute(&database.owner).await.unwrap();
    for generation in [1, 2].map(Generation) {
        filled(&database, generation).await;
        for scope in [Scope::All, Scope::Seller(SHOP)] {
            let plan = plan(&database, generation, scope).await;
            let by_number: Vec<_> = plan.iter().filter(|line| line.contains("_number_order_id_")).collect();
            assert_eq!(by_number.len(), 2, "for the page and its count: {plan:#?}");
            assert!(by_number.iter().all(|line| line.contains("Index Only Scan")), "{plan:#?}");
        }
    }
}
