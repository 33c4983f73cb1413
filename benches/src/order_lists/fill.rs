//! A million orders in order history: rows as its projector writes them, made by SQL, for making them of events would take
//! ten times as long and lists read nothing else.

use std::time::Instant;

use projections::{catalog, order_history};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgConnection, PgPool};
use uuid::Uuid;

use crate::Error;
use crate::database::Database;
use crate::http::Shop;
use crate::report::say;
use crate::tables::table;

/// So many orders.
pub const ORDERS: i64 = 1_000_000;

/// Two years and ten months, an order every 90 seconds; the last ones are on their way. Of 20,000 customers the buyers are
/// the first, who order most; one order of ten is a guest's.
const PLACED: &str = "
    INSERT INTO {orders}
        (order_id, number, customer_id, status, currency, subtotal, discount, tax, tax_rate, shipping, total, captured,
         refunded, line_count, unit_count, country, payment_id, placed_at, updated_at, version)
    SELECT lpad(to_hex(n), 32, '0')::uuid,
           'ORD-' || extract(year FROM at AT TIME ZONE 'UTC') || '-' || lpad(n::text, 6, '0'),
           CASE WHEN n % 10 = 0 THEN NULL
                WHEN customer < cardinality($2::uuid[]) THEN ($2::uuid[])[customer + 1]
                ELSE ('00000000-0000-7000-8000-' || lpad(to_hex(customer), 12, '0'))::uuid END,
           status, 'USD', 1000, 0, 50, '0.05', 0, 1050, CASE WHEN status IN ('pending', 'cancelled') THEN 0 ELSE 1050 END,
           0, 2, 3, 'US', gen_random_uuid(), at, at, 6
    FROM (SELECT n, '2024-01-01 00:00+00'::timestamptz + n * interval '90 seconds' AS at,
                 floor(power(random(), 2) * 20000)::int AS customer,
                 CASE WHEN n > $1 - 100 THEN 'pending' WHEN n > $1 - 1000 THEN 'confirmed'
                      WHEN n > $1 - 2000 THEN 'processing' WHEN n > $1 - 10000 THEN 'shipped'
                      WHEN n % 12 = 0 THEN 'cancelled' ELSE 'delivered' END AS status
          FROM generate_series(1, $1::bigint) n) made";

/// Of 200 shops the first has a fifth of the orders, and three of ten are of a second shop, too.
const SHARED: &str = "
    INSERT INTO {sellers}
        (seller_id, placed_at, order_id, number, status, total, refunded, line_count, unit_count)
    SELECT CASE WHEN seller = 0 THEN $1
                ELSE ('00000000-0000-7000-9000-' || lpad(to_hex(seller), 12, '0'))::uuid END,
           placed_at, order_id, number, status, total, 0, 1, 2
    FROM (SELECT *, CASE WHEN random() < 0.2 THEN 0 ELSE floor(random() * 99)::int + 1 END AS seller FROM {orders}
          UNION ALL
          SELECT *, floor(random() * 100)::int + 100 FROM {orders} WHERE random() < 0.3) parts
    ORDER BY placed_at";

/// How many there are, as the projector counts them.
const COUNTED: &str = "
    INSERT INTO {counts} (whose, owner, since, status, orders)
    SELECT 'customer', customer_id, '0001-01-01'::date, status, count(*) FROM {orders}
    WHERE customer_id IS NOT NULL GROUP BY 2, 4
    UNION ALL
    SELECT 'seller', seller_id, date_trunc('month', placed_at AT TIME ZONE 'UTC')::date, status, count(*)
    FROM {sellers} GROUP BY 2, 3, 4
    UNION ALL
    SELECT 'all', '00000000-0000-0000-0000-000000000000', (placed_at AT TIME ZONE 'UTC')::date, status, count(*)
    FROM {orders} GROUP BY 3, 4";

/// The tables, and whose the large shop is.
pub struct Filled {
    /// Its orders.
    pub orders: String,
    /// The parts of shops.
    pub sellers: String,
    /// The shop of the seller who can log in.
    pub shop: Uuid,
    /// Whom to ask how many there really are.
    pub pool: PgPool,
}

impl Filled {
    /// Fills the tables of a Daybook that has a shop and no orders.
    pub async fn of(database: &Database, shop: &Shop) -> Result<Self, Error> {
        let pool = PgPoolOptions::new().max_connections(1).connect_with(database.owner()).await?;
        let products = table(&pool, catalog::NAME, "products").await?;
        let seller = format!("SELECT seller_id FROM {products} WHERE product_id = $1");
        let seller: Uuid = sqlx::query_scalar(&seller).bind(shop.products[0]).fetch_one(&pool).await?;
        let [orders, sellers, counts] = [
            table(&pool, order_history::NAME, "orders").await?,
            table(&pool, order_history::NAME, "sellers").await?,
            table(&pool, order_history::NAME, "counts").await?,
        ];
        let named = |statement: &str| {
            statement.replace("{orders}", &orders).replace("{sellers}", &sellers).replace("{counts}", &counts)
        };
        let buyers: Vec<Uuid> = shop.buyers.iter().map(|buyer| buyer.id).collect();
        let began = Instant::now();
        let mut db = pool.acquire().await?;
        require_empty(&orders, &mut db).await?;
        // The same in each run.
        db.execute("SELECT setseed(0.5)").await?;
        sqlx::query(&named(PLACED)).bind(ORDERS).bind(buyers).execute(&mut *db).await?;
        sqlx::query(&named(SHARED)).bind(seller).execute(&mut *db).await?;
        sqlx::query(&named(COUNTED)).execute(&mut *db).await?;
        for filled in [&orders, &sellers, &counts] {
            db.execute(format!("VACUUM ANALYZE {filled}").as_str()).await?;
        }
        drop(db);
        database.checkpoint().await?;
        say(&format!("  {ORDERS} orders made in {:.1} s", began.elapsed().as_secs_f64()));
        Ok(Self { orders, sellers, shop: seller, pool })
    }
}

async fn require_empty(orders: &str, db: &mut PgConnection) -> Result<(), Error> {
    let there: bool =
        sqlx::query_scalar(&format!("SELECT EXISTS (SELECT FROM {orders})")).fetch_one(db).await?;
    if there { Err("there are orders already".into()) } else { Ok(()) }
}
