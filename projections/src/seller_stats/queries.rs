//! What may be asked of seller stats.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{NaiveDate, TimeDelta};
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

/// How many customers bought, in the whole time and in each day, week or month: when each first did is looked up.
macro_rules! looked_up {
    ($owned:literal) => {
        concat!(
            "bought AS MATERIALIZED (
                 SELECT b.*, (SELECT c.first_at FROM seller_stats_g{g}_customers c
                              WHERE c.seller_id = b.seller_id AND c.customer_id = b.customer_id) AS first_at
                 FROM (SELECT DISTINCT ",
            day_of!("at"),
            " AS day, seller_id, customer_id
                       FROM seller_stats_g{g}_purchases
                       WHERE ",
            $owned,
            "
                         AND at >= coalesce($2, '-infinity') AND at < coalesce($3, 'infinity')) b),
             customers AS (
                 SELECT count(*) FILTER (WHERE first_at >= coalesce($2, '-infinity')) AS new,
                        count(*) FILTER (WHERE first_at < $2) AS returning
                 FROM (SELECT DISTINCT seller_id, customer_id, first_at FROM bought) each),
             customer_periods AS (
                 SELECT day, count(*) FILTER (WHERE is_new) AS new, count(*) FILTER (WHERE NOT is_new) AS returning
                 FROM (SELECT day, first_at >= coalesce($2, '-infinity') AND ",
            day_of!("first_at"),
            " = day AS is_new
                       FROM bought) each
                 GROUP BY day)"
        )
    };
}

/// The same of a long time, in which most customers bought: those who first did are counted by when, and all others are
/// who returned. Of a million orders of one seller this takes two fifths of the time of looking at each customer's first.
macro_rules! counted {
    ($owned:literal) => {
        concat!(
            "first AS MATERIALIZED (
                 SELECT ",
            day_of!("first_at"),
            " AS day, count(*) AS new
                 FROM seller_stats_g{g}_customers
                 WHERE ",
            $owned,
            "
                   AND first_at >= coalesce($2, '-infinity') AND first_at < coalesce($3, 'infinity')
                 GROUP BY 1),
             customers AS (
                 SELECT new, CASE WHEN $2 IS NULL THEN 0 ELSE
                            (SELECT count(*) FROM (SELECT DISTINCT seller_id, customer_id
                                                   FROM seller_stats_g{g}_purchases
                                                   WHERE ",
            $owned,
            "
                                                     AND at >= $2 AND at < coalesce($3, 'infinity')) each) - new
                        END AS returning
                 FROM (SELECT coalesce(sum_bigint(new), 0) AS new FROM first) of_all),
             customer_periods AS (
                 SELECT day, coalesce(new, 0) AS new, customers - coalesce(new, 0) AS returning
                 FROM (SELECT day, count(*) AS customers
                       FROM (SELECT DISTINCT ",
            day_of!("at"),
            " AS day, seller_id, customer_id
                             FROM seller_stats_g{g}_purchases
                             WHERE ",
            $owned,
            "
                               AND at >= coalesce($2, '-infinity') AND at < coalesce($3, 'infinity')) each
                       GROUP BY day) of_day LEFT JOIN first USING (day))"
        )
    };
}

/// The report of the rows that are owned so, with its customers counted so.
///
/// `$1` seller, `$2` and `$3` the moments, `$4` how many products, `$5` the interval, `$6` and `$7` whole days of UTC,
/// `$8` to `$11` what is left at both ends, `$12` and `$13` the zone. `sum_bigint` refuses what is beyond it. Of the
/// products of each currency, only those that are shown are sorted.
macro_rules! report {
    ($owned:literal, $customers:ident) => {
        concat!(
            "WITH sums AS MATERIALIZED (
                 SELECT * FROM seller_stats_g{g}_sums
                 WHERE ", $owned, "
                   AND at >= coalesce($2, '-infinity') AND at < coalesce($3, 'infinity')),
             ", $customers!($owned), ",
             moved AS MATERIALIZED (
                 SELECT product_id, currency, sum_bigint(gross) AS gross, sum_bigint(refunds) AS refunds,
                        sum_bigint(units) AS units, sum_bigint(returned_units) AS returned_units
                 FROM (SELECT product_id, currency, gross, refunds, units, returned_units
                       FROM seller_stats_g{g}_product_days
                       WHERE ", $owned, "
                         AND day >= coalesce($6, '-infinity') AND day < coalesce($7, 'infinity')
                       UNION ALL
                       SELECT product_id, currency, gross, refunds, units, returned_units
                       FROM seller_stats_g{g}_products
                       WHERE ", $owned, "
                         AND (at >= $8 AND at < $9 OR at >= $10 AND at < $11)) parts
                 GROUP BY product_id, currency)
             SELECT json_build_object(
                'totals', coalesce((SELECT json_agg(t ORDER BY t.currency) FROM (
                    SELECT currency, sum_bigint(gross) AS gross, sum_bigint(refunds) AS refunds,
                           sum_bigint(orders) AS orders, sum_bigint(units) AS units,
                           sum_bigint(returned_units) AS returned_units
                    FROM sums GROUP BY currency) t), '[]'),
                'periods', coalesce((SELECT json_agg(d ORDER BY d.day, d.currency) FROM (
                    SELECT ", day_of!("at"), " AS day, currency, sum_bigint(gross) AS gross,
                           sum_bigint(refunds) AS refunds, sum_bigint(orders) AS orders, sum_bigint(units) AS units,
                           sum_bigint(returned_units) AS returned_units
                    FROM sums GROUP BY 1, currency) d), '[]'),
                'customers', (SELECT to_json(c) FROM customers c),
                'customer_periods', coalesce((SELECT json_agg(d ORDER BY d.day) FROM customer_periods d), '[]'),
                'top_products', coalesce((
                    SELECT json_agg(p ORDER BY p.currency, p.gross - p.refunds DESC, p.units DESC, p.product_id)
                    FROM (SELECT DISTINCT currency FROM moved) c CROSS JOIN LATERAL (
                        SELECT * FROM moved WHERE moved.currency = c.currency
                        ORDER BY gross - refunds DESC, units DESC, product_id LIMIT greatest($4, 0)) p), '[]'))"
        )
    };
}

/// Of one seller, and of all: two statements, so that each has one plan along its index; and two more for a long time.
const OF_SELLER: &str = report!("seller_id = $1", looked_up);
const OF_ALL: &str = report!("$1::uuid IS NULL", looked_up);
const LONG_OF_SELLER: &str = report!("seller_id = $1", counted);
const LONG_OF_ALL: &str = report!("$1::uuid IS NULL", counted);

/// What is longer than a month is a long time.
const LONG: TimeDelta = TimeDelta::days(31);

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
        let is_long = start.zip(end).is_none_or(|(start, end)| end - start > LONG);
        let report = match (seller.is_some(), is_long) {
            (true, false) => OF_SELLER,
            (false, false) => OF_ALL,
            (true, true) => LONG_OF_SELLER,
            (false, true) => LONG_OF_ALL,
        };
        self.live.ask(report, bind).await
    }

    /// The first day of a time zone that can be told from those around it, which begins with a quarter of an hour as all after
    /// it do; none where any can.
    pub fn first_day(&self, tz: Tz) -> Option<NaiveDate> {
        self.zone(tz).first_day
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
