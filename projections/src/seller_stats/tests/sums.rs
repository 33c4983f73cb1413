//! The sums are what counting event by event gives: of each currency, product, day, week and month, in any zone.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use domain::ids::SellerId;

use super::super::{Interval, Period, StatsFilter};
use super::counted::Counted;
use super::{Move, ZONES, filled, moves};

/// Both sellers, and all of them.
fn sellers(moves: &[Move]) -> Vec<Option<SellerId>> {
    let sellers: BTreeSet<_> = moves.iter().flat_map(|it| &it.goods).map(|goods| goods.seller_id).collect();
    assert_eq!(sellers.len(), 2);
    sellers.into_iter().map(Some).chain([None]).collect()
}

/// From the first day to the last; a day; a week around the night in which clocks change; more than a month from the middle
/// of one on; up to a day; and never.
fn times(moves: &[Move]) -> [(Option<NaiveDate>, Option<NaiveDate>); 6] {
    let day = |nth: usize| Some(moves[nth].at.date_naive());
    let clocks_change = "2026-03-08".parse::<NaiveDate>().unwrap();
    let (middle, last) = (moves.len() / 2, moves.len() - 1);
    [
        (None, None),
        (day(middle), day(middle)),
        (Some(clocks_change - Days::new(3)), Some(clocks_change + Days::new(3))),
        (Some("2026-02-18".parse().unwrap()), Some("2026-04-02".parse().unwrap())),
        (None, day(middle)),
        (day(last).map(|last| last + Days::new(10)), None),
    ]
}

#[tokio::test]
async fn the_report_is_what_counting_event_by_event_gives() {
    let (_database, stats) = filled().await;
    let moves = moves();
    for tz in ZONES {
        for (from, to) in times(&moves) {
            for seller in sellers(&moves) {
                for interval in [Interval::Day, Interval::Week, Interval::Month] {
                    let period = Period { from, to, tz };
                    let filter = StatsFilter { seller, period, interval, top: 1_000 };
                    let counted = Counted::of(&moves, &filter);
                    let report = stats.report(&filter).await.unwrap().value;
                    counted.assert_reported(&report, &filter);
                    let few = StatsFilter { top: 2, ..filter };
                    counted.assert_reported(&stats.report(&few).await.unwrap().value, &few);
                }
            }
        }
    }
    // What is compared has something of everything in it.
    let all = Counted::of(&moves, &StatsFilter::default());
    assert_eq!(all.totals.len(), 2);
    assert!(all.products.keys().any(|(id, _)| all.products.keys().filter(|(of, _)| of == id).count() == 2));
    assert!(all.totals.values().all(|sums| sums.refunds > 0 && sums.returned_units > 0));
}

#[tokio::test]
async fn nothing_is_earned_in_a_time_without_orders() {
    let (_database, stats) = filled().await;
    let from = Some("2026-05-01".parse().unwrap());
    for tz in ZONES {
        let filter = StatsFilter { period: Period { from, to: None, tz }, top: 9, ..StatsFilter::default() };
        let report = stats.report(&filter).await.unwrap().value;
        assert!(report.totals.is_empty() && report.periods.is_empty() && report.top_products.is_empty());
        assert!(report.customer_periods.is_empty());
    }
}
