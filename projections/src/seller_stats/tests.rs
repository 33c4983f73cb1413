//! Sums, averages and shares.

mod top_products;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use domain::ids::{SellerId, UserId};
use domain::order::OrderEvent;
use proptest::prelude::*;

use super::{Customers, Interval, Period, Rate, SellerStats, Stats, StatsFilter, Sums, divide_half_up};
use crate::generation::Generation;
use crate::read_model::ReadModel;
use crate::testing::{Shop, Stored, TestDatabase};

const SHOP: Shop = Shop { seed: 5, products: 10, orders: 60, most_lines: 4 };

/// The first day of the day, week or month of a moment.
fn first_day(at: DateTime<Utc>, tz: Tz, interval: Interval) -> NaiveDate {
    let day = at.with_timezone(&tz).date_naive();
    match interval {
        Interval::Day => day,
        Interval::Week => day - Days::new(day.weekday().num_days_from_monday().into()),
        Interval::Month => day.with_day(1).unwrap(),
    }
}

/// Each seller's sums by day, week or month, counted one event at a time.
fn expected(tz: Tz, interval: Interval) -> BTreeMap<(SellerId, NaiveDate), Sums> {
    let mut days: BTreeMap<(SellerId, NaiveDate), Sums> = BTreeMap::new();
    for event in SHOP.history().flatten() {
        let day = first_day(event.occurred_at, tz, interval);
        match event.event {
            Stored::Order(OrderEvent::OrderPaid(paid)) => {
                let mut sellers = Vec::new();
                for goods in paid.split.goods {
                    let sums = days.entry((goods.seller_id, day)).or_default();
                    sums.gross += goods.amount;
                    sums.units += i64::from(goods.quantity);
                    if !sellers.contains(&goods.seller_id) {
                        sums.orders += 1;
                        sellers.push(goods.seller_id);
                    }
                }
            }
            Stored::Order(OrderEvent::OrderRefunded(refund)) => {
                for goods in refund.split.goods {
                    let sums = days.entry((goods.seller_id, day)).or_default();
                    sums.refunds += goods.amount;
                    sums.returned_units += i64::from(goods.quantity);
                }
            }
            Stored::Order(OrderEvent::OrderRefundReversed(reversed)) => {
                for goods in reversed.split.goods {
                    days.entry((goods.seller_id, day)).or_default().refunds -= goods.amount;
                }
            }
            _ => {}
        }
    }
    days
}

fn sum<'a>(all: impl Iterator<Item = &'a Sums>) -> Sums {
    all.fold(Sums::default(), |a, b| Sums {
        gross: a.gross + b.gross,
        refunds: a.refunds + b.refunds,
        orders: a.orders + b.orders,
        units: a.units + b.units,
        returned_units: a.returned_units + b.returned_units,
    })
}

async fn filled() -> (TestDatabase, Stats) {
    let database = TestDatabase::new().await;
    let events: Vec<_> =
        (1..).zip(SHOP.history().flatten()).map(|(position, event)| event.publish(position)).collect();
    for batch in events.chunks(50) {
        let mut tx = database.app.begin().await.unwrap();
        SellerStats.apply(batch, Generation(1), &mut tx).await.unwrap();
        tx.commit().await.unwrap();
    }
    let stats = Stats::new(database.app.clone());
    (database, stats)
}

#[tokio::test]
async fn the_report_is_what_counting_event_by_event_gives() {
    let (_database, stats) = filled().await;
    for tz in [Tz::UTC, Tz::Asia__Kathmandu, Tz::America__Los_Angeles] {
        for interval in [Interval::Day, Interval::Week, Interval::Month] {
            counted_alike(&stats, tz, interval).await;
        }
    }
}

async fn counted_alike(stats: &Stats, tz: Tz, interval: Interval) {
    let expected = expected(tz, interval);
    let sellers: Vec<_> = expected.keys().map(|(seller, _)| *seller).collect();
    for seller in sellers {
        let own: BTreeMap<_, _> = expected
            .iter()
            .filter(|((of, _), _)| *of == seller)
            .map(|((_, day), sums)| (*day, *sums))
            .collect();
        let period = Period { tz, ..Period::default() };
        let filter = StatsFilter { seller: Some(seller), period, interval, top: 3 };
        let report = stats.report(&filter).await.unwrap().value;
        assert_eq!(report.periods.iter().map(|row| (row.day, row.sums)).collect::<BTreeMap<_, _>>(), own);
        assert_eq!(report.totals.len(), 1);
        assert_eq!(report.totals[0].sums, sum(own.values()));
        assert_eq!(report.top_products.len(), 3);
        assert!(report.top_products.windows(2).all(|pair| pair[0].sums.net() >= pair[1].sums.net()));
        let more = stats.report(&StatsFilter { top: 1000, ..filter }).await.unwrap().value;
        assert_eq!(report.top_products, more.top_products[..3]);

        if interval == Interval::Day {
            let day = *own.keys().nth(own.len() / 2).unwrap();
            let one_day = Period { from: Some(day), to: Some(day), tz };
            let report = stats.report(&StatsFilter { period: one_day, ..filter }).await.unwrap().value;
            assert_eq!(report.totals_by_currency(), BTreeMap::from([("GBP", &own[&day])]));
            let products = sum(report.top_products.iter().map(|row| &row.sums));
            assert!(report.top_products.len() == 3 || products.gross == own[&day].gross);
            let of_all =
                stats.report(&StatsFilter { seller: None, period: one_day, ..filter }).await.unwrap();
            let of_the_day = expected.iter().filter(|((_, on), _)| *on == day).map(|(_, sums)| sums);
            assert_eq!(of_all.value.totals[0].sums, sum(of_the_day));
            let never = Period { from: day.checked_add_days(Days::new(9_999)), to: None, tz };
            let report = stats.report(&StatsFilter { period: never, ..filter }).await.unwrap().value;
            assert!(report.totals.is_empty() && report.periods.is_empty() && report.top_products.is_empty());
        }
    }
    let all = StatsFilter { top: 1000, ..StatsFilter::default() };
    let report = stats.report(&all).await.unwrap().value;
    assert_eq!(report.totals[0].sums, sum(expected.values()));
    assert_eq!(
        report.top_products.iter().map(|row| row.sums.gross).sum::<i64>(),
        report.totals[0].sums.gross
    );
}

/// Who bought of the seller, and when, in order of time.
fn purchases(seller: SellerId) -> Vec<(DateTime<Utc>, UserId)> {
    let paid = SHOP.history().flatten().filter_map(|event| match event.event {
        Stored::Order(OrderEvent::OrderPaid(paid)) => Some((event.occurred_at, paid)),
        _ => None,
    });
    let of_seller = paid.filter(|(_, paid)| paid.split.goods.iter().any(|goods| goods.seller_id == seller));
    let mut all: Vec<_> = of_seller.filter_map(|(at, paid)| Some((at, paid.customer_id?))).collect();
    all.sort();
    all
}

#[tokio::test]
async fn customers_are_new_once_and_return_after_that() {
    let (_database, stats) = filled().await;
    let seller = expected(Tz::UTC, Interval::Day).keys().next().unwrap().0;
    let purchases = purchases(seller);
    let mut first: BTreeMap<UserId, DateTime<Utc>> = BTreeMap::new();
    for (at, customer) in &purchases {
        first.entry(*customer).or_insert(*at);
    }
    assert!(first.len() > 1 && first.len() < purchases.len(), "some must return");
    let last = purchases.last().unwrap().0.date_naive();
    for interval in [Interval::Day, Interval::Week, Interval::Month] {
        let since = [None, Some(last - Days::new(1)), Some(last - Days::new(3))];
        // Up to the last one is all as well, but a short time, of which customers are found in another way.
        for (from, to) in since.into_iter().flat_map(|from| [(from, None), (from, Some(last))]) {
            let period = Period { from, to, tz: Tz::UTC };
            let within = |at: DateTime<Utc>| from.is_none_or(|from| at.date_naive() >= from);
            let filter = StatsFilter { seller: Some(seller), period, interval, top: 0 };
            let report = stats.report(&filter).await.unwrap().value;
            let bought: BTreeSet<_> =
                purchases.iter().filter(|(at, _)| within(*at)).map(|(_, customer)| *customer).collect();
            let new = bought.iter().filter(|customer| within(first[customer])).count();
            let expected = Customers {
                new: new.try_into().unwrap(),
                returning: (bought.len() - new).try_into().unwrap(),
            };
            assert_eq!(report.customers, expected, "{interval:?} {from:?}");
            let by_period = &report.customer_periods;
            assert_eq!(by_period.iter().map(|row| row.customers.new).sum::<i64>(), expected.new);
            let days: BTreeSet<_> = purchases
                .iter()
                .filter(|(at, _)| within(*at))
                .map(|(at, customer)| (first_day(*at, Tz::UTC, interval), *customer))
                .collect();
            let counted =
                by_period.iter().map(|row| row.customers.new + row.customers.returning).sum::<i64>();
            assert_eq!(counted, i64::try_from(days.len()).unwrap());
        }
    }
}

#[test]
fn averages_and_shares_are_rounded_half_up() {
    let came_back = Sums { gross: 1001, refunds: -250, ..Sums::default() };
    assert_eq!((came_back.net(), came_back.refund_rate().to_string()), (1251, "-0.2498".to_owned()));
    let sums = Sums { gross: 1001, refunds: 250, orders: 2, ..Sums::default() };
    assert_eq!((sums.net(), sums.average_order_value()), (751, 501));
    assert_eq!(sums.refund_rate(), Rate(2498));
    assert_eq!(sums.refund_rate().to_string(), "0.2498");
    assert_eq!(Rate(10_000).to_string(), "1.0000");
    assert_eq!((Sums::default().average_order_value(), Sums::default().refund_rate()), (0, Rate(0)));
    assert_eq!((divide_half_up(1, 2), divide_half_up(-1, 2), divide_half_up(-5, 3)), (1, -1, -2));
}

proptest! {
    #[test]
    fn a_rounded_quotient_is_never_farther_off_than_a_half(dividend: i64, divisor in 1..i64::MAX) {
        let quotient = i128::from(divide_half_up(dividend.into(), divisor.into()));
        let off = (i128::from(dividend) - quotient * i128::from(divisor)).abs();
        prop_assert!(off * 2 <= i128::from(divisor));
    }
}
