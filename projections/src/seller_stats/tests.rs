//! Sums, averages and shares.

mod counted;
mod customers;
mod sums;
mod top_products;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use self::counted::Move;
use super::{Rate, SellerStats, Stats, Sums, divide_half_up};
use crate::generation::Generation;
use crate::read_model::ReadModel;
use crate::testing::{Happened, Shop, TestDatabase, happened_at};

const SHOP: Shop = Shop { seed: 5, products: 10, orders: 150, most_lines: 4 };

/// The zones by which is asked: UTC, one that is a part of an hour from it, and one whose clocks change in this history.
const ZONES: [Tz; 3] = [Tz::UTC, Tz::Asia__Kathmandu, Tz::America__Los_Angeles];

/// From February to April, at every time of the day.
fn spread(at: DateTime<Utc>) -> DateTime<Utc> {
    let hours = i32::try_from((at - happened_at(0)).num_hours()).unwrap();
    "2026-02-15T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(131) * hours
}

fn history() -> Vec<Happened> {
    SHOP.history()
        .flatten()
        .map(|event| Happened { occurred_at: spread(event.occurred_at), ..event })
        .collect()
}

/// What moved money in the history.
fn moves() -> Vec<Move> {
    let moves: Vec<Move> = history().into_iter().filter_map(Move::of).collect();
    let winter = "-08:00".parse::<chrono::FixedOffset>().unwrap();
    let on_another_day = moves.iter().filter(|it| {
        let local = it.at.with_timezone(&Tz::America__Los_Angeles);
        local.date_naive() != it.at.with_timezone(&winter).date_naive()
    });
    assert!(on_another_day.count() > 1, "some are on another day than before the clocks changed");
    moves
}

async fn filled() -> (TestDatabase, Stats) {
    let database = TestDatabase::new().await;
    let events: Vec<_> = (1..).zip(history()).map(|(position, event)| event.publish(position)).collect();
    for batch in events.chunks(50) {
        let mut tx = database.app.begin().await.unwrap();
        SellerStats.apply(batch, Generation(1), &mut tx).await.unwrap();
        tx.commit().await.unwrap();
    }
    let stats = Stats::new(database.app.clone());
    (database, stats)
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
