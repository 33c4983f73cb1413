//! What may be asked of seller stats.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono_tz::Tz;
use domain::ids::SellerId;
use sqlx::Arguments as _;
use sqlx::PgPool;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;

use super::NAME;
use super::period::{Interval, Period};
use super::row::Report;
use super::zone::Zone;
use crate::live::{Answer, Live, QueryError};

/// Whose sums, of which days, and how they are grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatsFilter {
    /// Of one seller; of all if none is named.
    pub seller: Option<SellerId>,
    /// Which days.
    pub period: Period,
    /// By day, week or month.
    pub interval: Interval,
    /// How many products of each currency to show at most.
    pub top: i64,
}

/// Asks seller stats. One for a process: it knows which generation is live.
#[derive(Debug)]
pub struct Stats {
    live: Live,
    /// The zones that were asked for so far.
    zones: RwLock<HashMap<Tz, Arc<Zone>>>,
}

/// The first day of the day, week or month of a moment: `$5` is the word, `$12` and `$13` the zone's offsets.
macro_rules! day_of {
    ($at:literal) => {
        concat!(
            "date_trunc($5, (",
            $at,
            " AT TIME ZONE 'UTC')
                + make_interval(secs => ($13::int[])[width_bucket(",
            $at,
            ", $12::timestamptz[])]))::date"
        )
    };
}

/// The report of the rows that are owned so.
///
/// `$1` seller, `$2` and `$3` the moments, `$4` how many products, `$5` the interval, `$6` and `$7` whole days of UTC,
/// `$8` to `$11` what is left at both ends, `$12` and `$13` the zone. Sums of bigint are numeric; the cast back refuses
/// what is beyond it.
macro_rules! report {
    ($owned:literal) => {
        concat!(
            "WITH sums AS MATERIALIZED (
                 SELECT * FROM seller_stats_g{g}_sums
                 WHERE ", $owned, "
                   AND at >= coalesce($2, '-infinity') AND at < coalesce($3, 'infinity')),
             bought AS MATERIALIZED (
                 SELECT DISTINCT ", day_of!("p.at"), " AS day, seller_id, customer_id, c.first_at
                 FROM seller_stats_g{g}_purchases p JOIN seller_stats_g{g}_customers c USING (seller_id, customer_id)
                 WHERE ", $owned, "
                   AND p.at >= coalesce($2, '-infinity') AND p.at < coalesce($3, 'infinity'))
             SELECT json_build_object(
                'totals', coalesce((SELECT json_agg(t ORDER BY t.currency) FROM (
                    SELECT currency, sum(gross)::bigint AS gross, sum(refunds)::bigint AS refunds,
                           sum(orders)::bigint AS orders, sum(units)::bigint AS units,
                           sum(returned_units)::bigint AS returned_units
                    FROM sums GROUP BY currency) t), '[]'),
                'periods', coalesce((SELECT json_agg(d ORDER BY d.day, d.currency) FROM (
                    SELECT ", day_of!("at"), " AS day, currency, sum(gross)::bigint AS gross,
                           sum(refunds)::bigint AS refunds, sum(orders)::bigint AS orders, sum(units)::bigint AS units,
                           sum(returned_units)::bigint AS returned_units
                    FROM sums GROUP BY 1, currency) d), '[]'),
                'customers', (SELECT json_build_object(
                    'new', count(*) FILTER (WHERE first_at >= coalesce($2, '-infinity')),
                    'returning', count(*) FILTER (WHERE first_at < $2))
                    FROM (SELECT DISTINCT seller_id, customer_id, first_at FROM bought) customers),
                'customer_periods', coalesce((SELECT json_agg(d ORDER BY d.day) FROM (
                    SELECT day, count(*) FILTER (WHERE is_new) AS new, count(*) FILTER (WHERE NOT is_new) AS returning
                    FROM (SELECT day, first_at >= coalesce($2, '-infinity') AND ", day_of!("first_at"), " = day AS is_new
                          FROM bought) b
                    GROUP BY day) d), '[]'),
                'top_products', coalesce((SELECT json_agg(p ORDER BY p.currency, p.place) FROM (
                    SELECT product_id, currency, gross, refunds, units, returned_units,
                           row_number() OVER (PARTITION BY currency ORDER BY gross DESC, units DESC, product_id) AS place
                    FROM (
                        SELECT product_id, currency, sum(gross)::bigint AS gross, sum(refunds)::bigint AS refunds,
                               sum(units)::bigint AS units, sum(returned_units)::bigint AS returned_units
                        FROM (SELECT product_id, currency, gross, refunds, units, returned_units
                              FROM seller_stats_g{g}_product_days
                              WHERE ", $owned, "
                                AND day >= coalesce($6, '-infinity') AND day < coalesce($7, 'infinity')
                              UNION ALL
                              SELECT product_id, currency, gross, refunds, units, returned_units
                              FROM seller_stats_g{g}_products
                              WHERE ", $owned, "
                                AND (at >= $8 AND at < $9 OR at >= $10 AND at < $11)) moved
                        GROUP BY product_id, currency) sums) p
                    WHERE p.place <= $4), '[]'))"
        )
    };
}

/// Of one seller, and of all: two statements, so that each has one plan along its index.
const OF_SELLER: &str = report!("seller_id = $1");
const OF_ALL: &str = report!("$1::uuid IS NULL");

impl Stats {
    /// Asks by this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { live: Live::new(NAME, pool), zones: RwLock::default() }
    }

    /// Totals, days, weeks or months, customers, and the products that earned most.
    pub async fn report(&self, filter: &StatsFilter) -> Result<Answer<Report>, QueryError> {
        let StatsFilter { seller, period, interval, top } = filter;
        let (start, end) = period.span();
        let parts = period.parts();
        let zone = self.zone(period.tz);
        let bind = |arguments: &mut PgArguments| -> Result<(), BoxDynError> {
            arguments.add(seller.map(|id| id.0))?;
            arguments.add(start)?;
            arguments.add(end)?;
            arguments.add(top)?;
            arguments.add(interval.as_str())?;
            arguments.add(parts.days.0)?;
            arguments.add(parts.days.1)?;
            for (from, until) in [parts.head, parts.tail] {
                arguments.add(from)?;
                arguments.add(until)?;
            }
            arguments.add(&zone.since)?;
            arguments.add(&zone.offsets)
        };
        let report = if seller.is_some() { OF_SELLER } else { OF_ALL };
        self.live.ask(report, bind).await
    }

    fn zone(&self, tz: Tz) -> Arc<Zone> {
        let known = self.zones.read().unwrap_or_else(PoisonError::into_inner).get(&tz).map(Arc::clone);
        known.unwrap_or_else(|| {
            let zone = Arc::new(Zone::of(tz));
            let mut zones = self.zones.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(zones.entry(tz).or_insert(zone))
        })
    }
}
