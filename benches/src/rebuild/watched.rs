//! Whose rows are read meanwhile, and grow.

use chrono::NaiveDate;
use domain::ids::{SellerId, UserId};
use projections::{order_history, seller_stats};
use sqlx::PgPool;
use uuid::Uuid;

use crate::Error;
use crate::tables::table;

/// Customers, and the largest seller with the days on which it sold.
pub struct Watched {
    /// Some who have ordered.
    pub customers: Vec<UserId>,
    /// Who has sold most kinds of things on most days.
    pub seller: SellerId,
    /// From the first to the last.
    pub days: Vec<NaiveDate>,
}

impl Watched {
    /// Of the history that was imported.
    pub async fn of(pool: &PgPool) -> Result<Self, Error> {
        let orders = table(pool, order_history::NAME, "orders").await?;
        let customers =
            format!("SELECT DISTINCT customer_id FROM {orders} WHERE customer_id IS NOT NULL LIMIT 500");
        let customers: Vec<Uuid> = sqlx::query_scalar(&customers).fetch_all(pool).await?;
        let products = table(pool, seller_stats::NAME, "product_days").await?;
        let days = format!(
            "SELECT seller_id, min(day), max(day) FROM {products} GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
        );
        let (seller, first, last): (Uuid, NaiveDate, NaiveDate) =
            sqlx::query_as(&days).fetch_one(pool).await?;
        Ok(Self {
            customers: customers.into_iter().map(UserId).collect(),
            seller: SellerId(seller),
            days: first.iter_days().take_while(|day| *day <= last).collect(),
        })
    }
}
