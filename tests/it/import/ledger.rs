//! Seller stats beside the ledger: two ways from the log, one by the read model and one by the events themselves.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use chrono_tz::TZ_VARIANTS;
use domain::aggregate::parse_event;
use domain::ids::SellerId;
use domain::order::{Order, OrderEvent};
use domain::{Currency, Decide as _};
use event_store::Log;
use projections::seller_stats::{Interval, Period, Stats, StatsFilter};
use query_api::audit::daily::{Ledger, Scope};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::Importing;

const RANGES: usize = 1_000;

/// Captured and refunded.
type Money = (i64, i64);

pub(super) async fn seller_stats_equal_it(it: &Importing) {
    let rebuilt = it.place.output(&["replay", "seller_stats"]).await;
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    let moves = moves(&Log::new(it.database.pool.clone())).await;
    let sellers = sellers(&moves);
    assert_eq!(sellers.len(), 2);
    let stats = Stats::new(it.database.pool.clone());
    let mut random = StdRng::seed_from_u64(4);
    let mut compared = 0;
    for _ in 0..RANGES {
        let tz = *TZ_VARIANTS.choose(&mut random).unwrap();
        let from: NaiveDate =
            "2010-11-25".parse::<NaiveDate>().unwrap() + Days::new(random.random_range(0..220));
        let to = from + Days::new(random.random_range(0..60));
        let (from, to) = (random.random_bool(0.9).then_some(from), random.random_bool(0.9).then_some(to));
        let seller = *sellers.choose(&mut random).unwrap();
        let interval = *[Interval::Day, Interval::Week, Interval::Month].choose(&mut random).unwrap();
        let filter =
            StatsFilter { seller: Some(seller), period: Period { from, to, tz }, interval, top: 10_000 };
        let report = stats.report(&filter).await.unwrap().value;

        let mut ledger = Ledger::new(Scope { from, to, seller: Some(seller), tz });
        for (at, event) in &moves {
            ledger.book(*at, event).unwrap();
        }
        let mut expected: BTreeMap<(NaiveDate, Currency), Money> = BTreeMap::new();
        for row in ledger.rows().unwrap() {
            let sums = expected.entry((first_day(row.date, interval), row.figures.currency)).or_default();
            sums.0 += row.figures.captured.0.amount;
            sums.1 += row.figures.refunded.0.amount;
        }
        let rows =
            report.periods.iter().map(|row| ((row.day, row.currency), (row.sums.gross, row.sums.refunds)));
        assert_eq!(rows.collect::<BTreeMap<_, _>>(), expected, "{filter:?}");
        let total = expected.values().fold((0, 0), |sum, money| (sum.0 + money.0, sum.1 + money.1));
        let totals = report.totals.iter().map(|row| (row.sums.gross, row.sums.refunds));
        assert_eq!(totals.fold((0, 0), |sum, money| (sum.0 + money.0, sum.1 + money.1)), total, "{filter:?}");
        let products = report.top_products.iter().map(|row| (row.sums.gross, row.sums.refunds));
        assert_eq!(
            products.fold((0, 0), |sum, money| (sum.0 + money.0, sum.1 + money.1)),
            total,
            "{filter:?}"
        );
        compared += usize::from(total != (0, 0));
    }
    assert!(compared > RANGES / 2, "only {compared} ranges had anything in them");
}

fn first_day(day: NaiveDate, interval: Interval) -> NaiveDate {
    match interval {
        Interval::Day => day,
        Interval::Week => day - Days::new(day.weekday().num_days_from_monday().into()),
        Interval::Month => day.with_day(1).unwrap(),
    }
}

/// Everything that moved money.
async fn moves(log: &Log) -> Vec<(DateTime<Utc>, OrderEvent)> {
    let upcasters = Order::upcasters();
    let (mut moves, mut after) = (Vec::new(), 0);
    loop {
        let page = log
            .read_types(&["OrderPaid", "OrderRefunded", "OrderRefundReversed"], after, 1_000)
            .await
            .unwrap();
        let Some(last) = page.last() else { return moves };
        after = last.position;
        for event in page.iter().filter(|event| event.aggregate_type == Order::TYPE) {
            let read =
                parse_event::<Order>(&upcasters, &event.event_type, &event.event_version, &event.payload);
            moves.push((event.occurred_at(), read.unwrap()));
        }
    }
}

fn sellers(moves: &[(DateTime<Utc>, OrderEvent)]) -> Vec<SellerId> {
    let mut sellers: Vec<_> = moves
        .iter()
        .filter_map(|(_, event)| match event {
            OrderEvent::OrderPaid(paid) => Some(&paid.split.goods),
            _ => None,
        })
        .flatten()
        .map(|goods| goods.seller_id)
        .collect();
    sellers.sort_unstable();
    sellers.dedup();
    sellers
}
