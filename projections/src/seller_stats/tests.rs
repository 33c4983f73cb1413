//! Sums, averages and shares.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use domain::ids::SellerId;
use domain::order::OrderEvent;
use proptest::prelude::*;

use super::{Rate, SellerStats, Stats, StatsFilter, Sums, divide_half_up};
use crate::generation::Generation;
use crate::read_model::ReadModel;
use crate::testing::{Shop, Stored, TestDatabase};

const SHOP: Shop = Shop { seed: 5, products: 10, orders: 60, most_lines: 4 };

/// Each seller's sums by day, counted one event at a time.
fn expected() -> BTreeMap<(SellerId, NaiveDate), Sums> {
    let mut days: BTreeMap<(SellerId, NaiveDate), Sums> = BTreeMap::new();
    for event in SHOP.history().flatten() {
        let day = event.occurred_at.date_naive();
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
    let expected = expected();
    let sellers: Vec<_> = expected.keys().map(|(seller, _)| *seller).collect();
    for seller in sellers {
        let own: BTreeMap<_, _> = expected
            .iter()
            .filter(|((of, _), _)| *of == seller)
            .map(|((_, day), sums)| (*day, *sums))
            .collect();
        let filter = StatsFilter { seller: Some(seller), top: 3, ..StatsFilter::default() };
        let report = stats.report(&filter).await.unwrap().value;
        assert_eq!(report.daily.iter().map(|row| (row.day, row.sums)).collect::<BTreeMap<_, _>>(), own);
        assert_eq!(report.totals.len(), 1);
        assert_eq!(report.totals[0].sums, sum(own.values()));
        assert_eq!(report.top_products.len(), 3);
        assert!(report.top_products.windows(2).all(|pair| pair[0].sums.gross >= pair[1].sums.gross));

        let day = *own.keys().nth(own.len() / 2).unwrap();
        let one_day = StatsFilter { from: Some(day), to: Some(day), ..filter };
        let report = stats.report(&one_day).await.unwrap().value;
        assert_eq!(report.totals_by_currency(), BTreeMap::from([("GBP", &own[&day])]));
        let nothing = StatsFilter { from: day.checked_add_days(Days::new(9_999)), ..filter };
        let report = stats.report(&nothing).await.unwrap().value;
        assert!(report.totals.is_empty() && report.daily.is_empty() && report.top_products.is_empty());
    }
    let all = StatsFilter { top: 1000, ..StatsFilter::default() };
    let report = stats.report(&all).await.unwrap().value;
    assert_eq!(report.totals[0].sums, sum(expected.values()));
    assert_eq!(
        report.top_products.iter().map(|row| row.sums.gross).sum::<i64>(),
        report.totals[0].sums.gross
    );
}

#[test]
fn averages_and_shares_are_rounded_half_up() {
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
