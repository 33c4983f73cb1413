//! Customers are new once, and return after that.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::super::{Interval, Period, StatsFilter};
use super::counted::customers;
use super::{ZONES, filled, moves};

/// Days around the night in which clocks change, and around the turns of months.
fn days() -> Vec<Option<NaiveDate>> {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let near = |middle: NaiveDate| (0..3).map(move |nth| middle - Days::new(1) + Days::new(nth));
    let days = [day("2026-03-01"), day("2026-03-08"), day("2026-03-31")].into_iter().flat_map(near);
    std::iter::once(None).chain(days.map(Some)).collect()
}

#[tokio::test]
async fn customers_are_new_once_and_return_after_that() {
    let (_database, stats) = filled().await;
    let moves = moves();
    let seller = moves[0].goods[0].seller_id;
    let (mut new, mut returning) = (0, 0);
    for tz in ZONES {
        for interval in [Interval::Day, Interval::Week, Interval::Month] {
            // A short time has its customers found in another way than a long one.
            for (from, to) in days().into_iter().flat_map(|from| days().into_iter().map(move |to| (from, to)))
            {
                if from.zip(to).is_some_and(|(from, to)| from > to) {
                    continue;
                }
                let period = Period { from, to, tz };
                for seller in [Some(seller), None] {
                    let filter = StatsFilter { seller, period, interval, top: 0 };
                    let report = stats.report(&filter).await.unwrap().value;
                    let (whole, periods) = customers(&moves, &filter);
                    assert_eq!(report.customers, whole, "{filter:?}");
                    let rows = report.customer_periods;
                    assert_eq!(
                        rows.iter().map(|row| (row.day, row.customers)).collect::<BTreeMap<_, _>>(),
                        periods,
                        "{filter:?}"
                    );
                    assert_eq!(rows.len(), periods.len(), "{filter:?}");
                    new += usize::from(whole.new > 0);
                    returning += usize::from(whole.returning > 0);
                }
            }
        }
    }
    assert!(new > 100 && returning > 100, "{new} and {returning} ranges have something to count");
}
