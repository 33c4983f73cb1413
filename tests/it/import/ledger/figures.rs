//! The figures of a report, as they are reported and as they are counted one event at a time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use domain::ids::{ProductId, SellerId, UserId};
use domain::order::{GoodsAmount, OrderEvent, Split};
use domain::{Currency, Minor};
use projections::seller_stats::{Customers, Interval, Period, Report, StatsFilter, Sums};
use query_api::audit::daily::{Ledger, Scope};

use super::Move;

/// Captured, refunded, and what of it is left, by day, week or month.
pub type Booked = BTreeMap<(NaiveDate, Currency), [Minor; 3]>;

#[derive(Debug, Default, PartialEq)]
pub struct Figures {
    pub totals: BTreeMap<Currency, Sums>,
    pub periods: BTreeMap<(NaiveDate, Currency), Sums>,
    pub products: BTreeMap<(ProductId, Currency), Sums>,
    pub customers: Customers,
    pub customer_periods: BTreeMap<NaiveDate, Customers>,
}

impl Move {
    fn split(&self) -> (Currency, &Split) {
        match &self.event {
            OrderEvent::OrderPaid(paid) => (paid.currency, &paid.split),
            OrderEvent::OrderRefunded(refund) => (refund.currency, &refund.split),
            OrderEvent::OrderRefundReversed(reversed) => (reversed.currency, &reversed.split),
            other => panic!("it moves no money: {other:?}"),
        }
    }

    /// Whose goods it is about.
    pub fn goods(&self) -> impl Iterator<Item = (SellerId, &GoodsAmount)> {
        self.split().1.goods.iter().map(|goods| (goods.seller_id, goods))
    }

    fn add(&self, goods: &GoodsAmount, sums: &mut Sums) {
        match &self.event {
            OrderEvent::OrderPaid(_) => {
                sums.gross += goods.amount;
                sums.units += i64::from(goods.quantity);
            }
            OrderEvent::OrderRefunded(_) => {
                sums.refunds += goods.amount;
                sums.returned_units += i64::from(goods.quantity);
            }
            // The goods stay where they are.
            _ => sums.refunds -= goods.amount,
        }
    }
}

/// The day of the seller's zone on which it was, if it is asked for.
fn day(at: DateTime<Utc>, Period { from, to, tz }: Period) -> Option<NaiveDate> {
    let day = at.with_timezone(&tz).date_naive();
    (from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)).then_some(day)
}

fn first_day(day: NaiveDate, interval: Interval) -> NaiveDate {
    match interval {
        Interval::Day => day,
        Interval::Week => day - Days::new(day.weekday().num_days_from_monday().into()),
        Interval::Month => day.with_day(1).unwrap(),
    }
}

impl Figures {
    /// One event at a time. `moves` are those of the seller, with others' goods in the same orders.
    pub fn counted(moves: &[&Move], filter: &StatsFilter) -> Self {
        let mut figures = Self::default();
        let mut bought: BTreeMap<(SellerId, UserId), Vec<DateTime<Utc>>> = BTreeMap::new();
        for it in moves {
            let (currency, _) = it.split();
            let period = day(it.at, filter.period).map(|day| first_day(day, filter.interval));
            let mut sellers = BTreeSet::new();
            for (seller, goods) in
                it.goods().filter(|(seller, _)| filter.seller.is_none_or(|asked| asked == *seller))
            {
                sellers.insert(seller);
                let Some(period) = period else { continue };
                it.add(goods, figures.totals.entry(currency).or_default());
                it.add(goods, figures.periods.entry((period, currency)).or_default());
                it.add(goods, figures.products.entry((goods.product_id, currency)).or_default());
            }
            let OrderEvent::OrderPaid(paid) = &it.event else { continue };
            for seller in sellers {
                if let Some(period) = period {
                    figures.totals.entry(currency).or_default().orders += 1;
                    figures.periods.entry((period, currency)).or_default().orders += 1;
                }
                if let Some(customer) = paid.customer_id {
                    bought.entry((seller, customer)).or_default().push(it.at);
                }
            }
        }
        for times in bought.values() {
            figures.customer(times, filter);
        }
        figures
    }

    /// A customer who bought of a seller at these times: new with the first of all, known ever after.
    fn customer(&mut self, times: &[DateTime<Utc>], filter: &StatsFilter) {
        let period = |at: &DateTime<Utc>| day(*at, filter.period).map(|day| first_day(day, filter.interval));
        let periods: BTreeSet<NaiveDate> = times.iter().filter_map(period).collect();
        if periods.is_empty() {
            return;
        }
        let first = times.iter().min().and_then(period);
        let count = |customers: &mut Customers, is_new: bool| {
            *(if is_new { &mut customers.new } else { &mut customers.returning }) += 1;
        };
        count(&mut self.customers, first.is_some());
        for period in periods {
            count(self.customer_periods.entry(period).or_default(), first == Some(period));
        }
    }

    /// As a report has them; each row is there once.
    pub fn reported(report: &Report) -> Self {
        let figures = Self {
            totals: report.totals.iter().map(|row| (row.currency, row.sums)).collect(),
            periods: report.periods.iter().map(|row| ((row.day, row.currency), row.sums)).collect(),
            products: report
                .top_products
                .iter()
                .map(|row| ((row.product_id, row.currency), row.sums))
                .collect(),
            customers: report.customers,
            customer_periods: report.customer_periods.iter().map(|row| (row.day, row.customers)).collect(),
        };
        assert_eq!(
            (figures.totals.len(), figures.periods.len(), figures.products.len()),
            (report.totals.len(), report.periods.len(), report.top_products.len())
        );
        assert_eq!(figures.customer_periods.len(), report.customer_periods.len());
        figures
    }
}

/// By the ledger.
pub fn booked(moves: &[&Move], filter: &StatsFilter) -> Booked {
    let StatsFilter { seller, period: Period { from, to, tz }, interval, .. } = *filter;
    let mut ledger = Ledger::new(Scope { from, to, seller, tz });
    for it in moves {
        ledger.book(it.at, &it.event).unwrap();
    }
    let mut booked = Booked::new();
    for row in ledger.rows().unwrap() {
        let of = &row.figures;
        let sums = booked.entry((first_day(row.date, interval), of.currency)).or_default();
        // What is for goods is what came in less what went back: neither tax nor shipping is in this history.
        assert_eq!(of.balance, of.goods);
        for (sum, amount) in sums.iter_mut().zip([of.captured, of.refunded, of.goods]) {
            *sum += amount.0.amount;
        }
    }
    booked
}

/// The same by a report.
pub fn booked_by(report: &Report) -> Booked {
    let row = |sums: &Sums| [sums.gross, sums.refunds, sums.net()];
    report.periods.iter().map(|it| ((it.day, it.currency), row(&it.sums))).collect()
}

/// Gross revenue by order, rounded half up.
pub fn average(sums: &Sums) -> Minor {
    if sums.orders == 0 { 0 } else { (2 * sums.gross + sums.orders) / (2 * sums.orders) }
}
