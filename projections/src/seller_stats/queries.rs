//! What may be asked of seller stats.

use chrono::NaiveDate;
use domain::ids::SellerId;
use sqlx::Arguments as _;
use sqlx::PgPool;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;

use super::NAME;
use super::row::Report;
use crate::live::{Answer, Live, QueryError};

/// Whose sums, and of which days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatsFilter {
    /// Of one seller; of all if none is named.
    pub seller: Option<SellerId>,
    /// From this day on.
    pub from: Option<NaiveDate>,
    /// Up to this day, itself included.
    pub to: Option<NaiveDate>,
    /// How many products of each currency to show at most.
    pub top: i64,
}

/// Asks seller stats. One for a process: it knows which generation is live.
#[derive(Debug)]
pub struct Stats {
    live: Live,
}

/// `$1` seller, `$2` and `$3` days, `$4` how many products. Sums of bigint are numeric; the cast back refuses what is
/// beyond it.
const REPORT: &str = "
    SELECT json_build_object(
        'totals', coalesce((SELECT json_agg(t ORDER BY t.currency) FROM (
            SELECT currency, sum(gross)::bigint AS gross, sum(refunds)::bigint AS refunds,
                   sum(orders)::bigint AS orders, sum(units)::bigint AS units,
                   sum(returned_units)::bigint AS returned_units
            FROM seller_stats_g{g}_days
            WHERE ($1::uuid IS NULL OR seller_id = $1)
              AND day BETWEEN coalesce($2, '-infinity') AND coalesce($3, 'infinity')
            GROUP BY currency) t), '[]'),
        'daily', coalesce((SELECT json_agg(d ORDER BY d.day, d.currency) FROM (
            SELECT day, currency, sum(gross)::bigint AS gross, sum(refunds)::bigint AS refunds,
                   sum(orders)::bigint AS orders, sum(units)::bigint AS units,
                   sum(returned_units)::bigint AS returned_units
            FROM seller_stats_g{g}_days
            WHERE ($1::uuid IS NULL OR seller_id = $1)
              AND day BETWEEN coalesce($2, '-infinity') AND coalesce($3, 'infinity')
            GROUP BY day, currency) d), '[]'),
        'top_products', coalesce((SELECT json_agg(p ORDER BY p.currency, p.place) FROM (
            SELECT product_id, currency, gross, refunds, units, returned_units,
                   row_number() OVER (PARTITION BY currency ORDER BY gross DESC, units DESC, product_id) AS place
            FROM (
                SELECT product_id, currency, sum(gross)::bigint AS gross, sum(refunds)::bigint AS refunds,
                       sum(units)::bigint AS units, sum(returned_units)::bigint AS returned_units
                FROM seller_stats_g{g}_products
                WHERE ($1::uuid IS NULL OR seller_id = $1)
                  AND day BETWEEN coalesce($2, '-infinity') AND coalesce($3, 'infinity')
                GROUP BY product_id, currency) sums) p
            WHERE p.place <= $4), '[]'))";

impl Stats {
    /// Asks by this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { live: Live::new(NAME, pool) }
    }

    /// Totals, days and the products that earned most.
    pub async fn report(&self, filter: &StatsFilter) -> Result<Answer<Report>, QueryError> {
        let bind = |arguments: &mut PgArguments| -> Result<(), BoxDynError> {
            arguments.add(filter.seller.map(|id| id.0))?;
            arguments.add(filter.from)?;
            arguments.add(filter.to)?;
            arguments.add(filter.top)
        };
        self.live.ask(REPORT, bind).await
    }
}
