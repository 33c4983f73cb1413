//! Seller stats beside the ledger: two ways from the log, one by the read model and one by the events themselves.
//!
//! The seed is another one each time, and what fails says it: `DAYBOOK_LEDGER_SEED` gives the same ranges again.

mod afterwards;
mod figures;
mod shops;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::TZ_VARIANTS;
use domain::Decide as _;
use domain::aggregate::parse_event;
use domain::ids::SellerId;
use domain::order::{Order, OrderEvent};
use event_store::{Log, LogWatch};
use futures::stream::{self, StreamExt as _};
use projections::LogSource;
use projections::seller_stats::{Interval, NAME, Period, Stats, StatsFilter};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use self::figures::{Booked, Figures};
use super::Importing;
use crate::harness::HANGS;

const RANGES: usize = 1_000;
/// So many are asked for at the same time.
const AT_ONCE: usize = 4;

/// An event that moved money.
struct Move {
    at: DateTime<Utc>,
    event: OrderEvent,
}

/// What is asked, what counting one event at a time gives, and what the ledger says.
struct Case {
    filter: StatsFilter,
    figures: Figures,
    booked: Booked,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seller_stats_equal_the_ledger_as_they_were_fed_and_as_they_are_built_anew() {
    let Some(path) = shared_data::file("data/online_retail_2010-12_to_2011-06.csv.gz") else { return };
    let seed = std::env::var("DAYBOOK_LEDGER_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(rand::random);
    let mut random = StdRng::seed_from_u64(seed);
    let it = Importing::new().await;
    let (pool, log) = (&it.database.pool, Log::new(it.database.pool.clone()));
    let watch = LogWatch::start(pool.clone());
    let source = Arc::new(LogSource::new(Log::followed(pool.clone(), &watch), watch)) as _;
    let projectors = projections::start(pool, &source);

    it.daybook(&shops::lines(&path)).await;
    afterwards::happens(pool, &moves(&log).await, &mut random).await;
    let moves = moves(&log).await;
    let cases = cases(&moves, &mut random);
    let head = log.head().await.unwrap().position;
    let reached = projectors.positions().wait_for(NAME, head, HANGS).await;
    assert!(reached >= head, "{reached} of {head}");
    let stats = Stats::new(pool.clone());
    compare(&stats, &cases, &format!("fed as it happened, seed {seed}")).await;

    let rebuilt = it.place.output(&["replay", NAME]).await;
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    compare(&stats, &cases, &format!("built anew, seed {seed}")).await;
}

async fn compare(stats: &Stats, cases: &[Case], how: &str) {
    stream::iter(cases)
        .for_each_concurrent(AT_ONCE, |case| async move {
            let Case { filter, figures, booked } = case;
            let report = stats.report(filter).await.unwrap().value;
            assert_eq!(&Figures::reported(&report), figures, "{how}: {filter:?}");
            assert_eq!(&figures::booked_by(&report), booked, "{how}: {filter:?}");
            let totals = report.totals.iter().map(|row| &row.sums);
            for sums in totals.chain(report.periods.iter().map(|row| &row.sums)) {
                let average = figures::average(sums);
                assert_eq!(sums.average_order_value(), average, "{how}: {filter:?}");
            }
        })
        .await;
}

/// Random ranges of the shops, and of all of them together.
fn cases(moves: &[Move], random: &mut StdRng) -> Vec<Case> {
    let sellers = sellers(moves);
    assert_eq!(sellers.len(), shops::COUNT);
    let of_seller = |seller| moves.iter().filter(move |it| it.goods().any(|(of, _)| of == seller)).collect();
    let by_seller: BTreeMap<SellerId, Vec<&Move>> =
        sellers.iter().map(|seller| (*seller, of_seller(*seller))).collect();
    let all: Vec<&Move> = moves.iter().collect();
    let cases: Vec<Case> = (0..RANGES)
        .map(|_| {
            let filter = filter(&sellers, random);
            let moves = filter.seller.map_or(&all, |seller| &by_seller[&seller]);
            let (figures, booked) = (Figures::counted(moves, &filter), figures::booked(moves, &filter));
            Case { filter, figures, booked }
        })
        .collect();
    let are = |what: fn(&Figures) -> bool| cases.iter().filter(|case| what(&case.figures)).count();
    assert!(are(|it| !it.totals.is_empty()) > RANGES / 2, "most ranges have something in them");
    assert!(are(|it| it.totals.len() == 2) > RANGES / 4, "many of them in both currencies");
    assert!(are(|it| it.customers.returning > 0 && it.customers.new > 0) > RANGES / 4);
    assert!(are(|it| it.totals.values().any(|sums| sums.refunds > 0)) > RANGES / 4);
    cases
}

fn filter(sellers: &[SellerId], random: &mut StdRng) -> StatsFilter {
    let tz = *TZ_VARIANTS.choose(random).unwrap();
    let from = "2010-11-25".parse::<NaiveDate>().unwrap() + Days::new(random.random_range(0..220));
    let to = from + Days::new(random.random_range(0..60));
    let (from, to) = (random.random_bool(0.9).then_some(from), random.random_bool(0.9).then_some(to));
    let seller = random.random_bool(0.95).then(|| *sellers.choose(random).unwrap());
    let interval = *[Interval::Day, Interval::Week, Interval::Month].choose(random).unwrap();
    StatsFilter { seller, period: Period { from, to, tz }, interval, top: 10_000 }
}

/// Everything that moved money.
async fn moves(log: &Log) -> Vec<Move> {
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
            moves.push(Move { at: event.occurred_at(), event: read.unwrap() });
        }
    }
}

fn sellers(moves: &[Move]) -> Vec<SellerId> {
    let sellers: BTreeSet<_> = moves.iter().flat_map(Move::goods).map(|(seller, _)| seller).collect();
    sellers.into_iter().collect()
}
