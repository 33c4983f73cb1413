//! No list is read by going through all orders, as its statement is planned for a pool's connections: once, for all pages.

use sqlx::{Connection as _, PgConnection};

use super::super::reading::Reading;
use super::super::statements::{By, Kind, Statuses};
use crate::generation::Generation;
use crate::runner::connection::connect;
use crate::testing::TestDatabase;

/// 20,000 orders of 200 customers, with lines of 20 sellers; every second has an outside number.
async fn filled(database: &TestDatabase) {
    for fill in [
        "INSERT INTO order_history_g1_orders
         SELECT gen_random_uuid(), 'ORD-2026-' || lpad(n::text, 6, '0'), CASE WHEN n % 2 = 0 THEN n::text END,
                lpad(to_hex(n % 200), 32, '0')::uuid, CASE WHEN n % 9 = 0 THEN 'pending' ELSE 'delivered' END,
                NULL, 'GBP', 1000, 0, 50, '0.05', 0, 1050, 0, 0, 2, 3, 'GB', NULL, gen_random_uuid(), NULL, NULL, NULL,
                '2026-01-01'::timestamptz + n * interval '5 minutes', now(), 6
         FROM generate_series(1, 20000) n",
        "INSERT INTO order_history_g1_sellers
         SELECT lpad(to_hex(right(number, 6)::int % 20), 32, '0')::uuid, placed_at, order_id, number, status, 1050, 0, 1, 1
         FROM order_history_g1_orders",
        "VACUUM ANALYZE order_history_g1_orders",
        "VACUUM ANALYZE order_history_g1_sellers",
    ] {
        sqlx::query(fill).execute(&database.owner).await.unwrap();
    }
}

/// The types of what is bound.
fn types(kind: Kind) -> String {
    let whose = if kind.reading == Reading::OfBothByStaff { "uuid[]" } else { "uuid" };
    let status = if kind.statuses == Statuses::Several { "text[]" } else { "text" };
    let rest = match kind.by {
        By::Time => "timestamptz, uuid, timestamptz, date, date, timestamptz[], timestamptz[]",
        By::Number => "text, text, text, uuid, timestamptz, timestamptz, text[]",
        By::NumberOrLastDigits => "text, text, text, uuid, timestamptz, timestamptz, text[], text[]",
    };
    format!("{whose}, {status}, bigint, bigint, {rest}")
}

async fn plan(db: &mut PgConnection, kind: Kind) -> Vec<String> {
    let (types, statement) = (types(kind), Generation(1).sql(kind.statement()));
    let nothing = vec!["NULL"; types.split(',').count()].join(", ");
    for prepare in ["DEALLOCATE ALL".to_owned(), format!("PREPARE page({types}) AS {statement}")] {
        sqlx::raw_sql(&prepare).execute(&mut *db).await.unwrap();
    }
    let explained = format!("EXPLAIN EXECUTE page({nothing})");
    let lines = sqlx::raw_sql(&explained).fetch_all(&mut *db).await.unwrap();
    lines.iter().map(|line| sqlx::Row::get(line, 0)).collect()
}

/// Guards against a page of a million orders that are all read, to find the ten that it shows.
#[tokio::test]
async fn no_page_is_found_by_reading_all_orders() {
    let database = TestDatabase::new().await;
    filled(&database).await;
    let mut db = connect(&database.app).await.unwrap();
    sqlx::raw_sql("SET plan_cache_mode = force_generic_plan").execute(&mut db).await.unwrap();
    let mut kinds = 0;
    for kind in Kind::all() {
        let plan = plan(&mut db, kind).await;
        for table in ["orders", "sellers"] {
            let all = format!("Seq Scan on order_history_g1_{table}");
            assert!(!plan.iter().any(|line| line.contains(&all)), "{kind:?}: {plan:#?}");
        }
        kinds += 1;
    }
    assert_eq!(kinds, 5 * 3 * 2 * 3);
    db.close().await.unwrap();
}
