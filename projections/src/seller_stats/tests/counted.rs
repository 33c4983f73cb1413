//! What a report must say, counted one event at a time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use domain::Currency;
use domain::ids::{ProductId, SellerId, UserId};
use domain::order::{GoodsAmount, OrderEvent};

use super::super::{Customers, Interval, Period, Report, StatsFilter, Sums};
use crate::testing::{Happened, Stored};

/// An event that moved money.
pub(super) struct Move {
    pub(super) at: DateTime<Utc>,
    pub(super) currency: Currency,
    pub(super) goods: Vec<GoodsAmount>,
    pub(super) way: Way,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Way {
    /// Paid, by a customer or a guest.
    Paid(Option<UserId>),
    Refunded,
    Reversed,
}

impl Move {
    pub(super) fn of(happened: Happened) -> Option<Self> {
        let at = happened.occurred_at;
        let Stored::Order(event) = happened.event else { return None };
        let (currency, split, way) = match event {
            OrderEvent::OrderPaid(paid) => (paid.currency, paid.split, Way::Paid(paid.customer_id)),
            OrderEvent::OrderRefunded(refund) => (refund.currency, refund.split, Way::Refunded),
            OrderEvent::OrderRefundReversed(reversed) => (reversed.currency, reversed.split, Way::Reversed),
            _ => return None,
        };
        Some(Self { at, currency, goods: split.goods, way })
    }

    /// Adds a part of it. That a reversed refund's goods came back stays so.
    fn add(&self, goods: &GoodsAmount, sums: &mut Sums) {
        let (amount, units) = (goods.amount, i64::from(goods.quantity));
        match self.way {
            Way::Paid(_) => (sums.gross, sums.units) = (sums.gross + amount, sums.units + units),
            Way::Refunded => {
                sums.refunds += amount;
                sums.returned_units += units;
            }
            Way::Reversed => sums.refunds -= amount,
        }
    }
}

/// The sums of a report.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Counted {
    pub(super) totals: BTreeMap<Currency, Sums>,
    pub(super) periods: BTreeMap<(NaiveDate, Currency), Sums>,
    pub(super) products: BTreeMap<(ProductId, Currency), Sums>,
}

/// The day of the zone on which it was, if it is asked for.
pub(super) fn day(at: DateTime<Utc>, Period { from, to, tz }: Period) -> Option<NaiveDate> {
    let day = at.with_timezone(&tz).date_naive();
    (from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)).then_some(day)
}

/// The first day of the day, week or month.
pub(super) fn first_day(day: NaiveDate, interval: Interval) -> NaiveDate {
    match interval {
        Interval::Day => day,
        Interval::Week => day - Days::new(day.weekday().num_days_from_monday().into()),
        Interval::Month => day.with_day(1).unwrap(),
    }
}

impl Counted {
    pub(super) fn of(moves: &[Move], filter: &StatsFilter) -> Self {
        let mut counted = Self::default();
        for it in moves {
            let Some(day) = day(it.at, filter.period) else { continue };
            let period = (first_day(day, filter.interval), it.currency);
            let mut sellers: BTreeSet<SellerId> = BTreeSet::new();
            for goods in it.goods.iter().filter(|goods| filter.seller.is_none_or(|it| it == goods.seller_id))
            {
                sellers.insert(goods.seller_id);
                it.add(goods, counted.totals.entry(it.currency).or_default());
                it.add(goods, counted.periods.entry(period).or_default());
                it.add(goods, counted.products.entry((goods.product_id, it.currency)).or_default());
            }
            if matches!(it.way, Way::Paid(_)) && !sellers.is_empty() {
                let orders = i64::try_from(sellers.len()).unwrap();
                counted.totals.entry(it.currency).or_default().orders += orders;
                counted.periods.entry(period).or_default().orders += orders;
            }
        }
        counted
    }

    /// Of each currency those that earned most after refunds; of those that earned the same, of which most were sold.
    pub(super) fn top(&self, most: usize) -> Vec<(Currency, ProductId, Sums)> {
        let mut all: Vec<_> =
            self.products.iter().map(|((id, currency), sums)| (*currency, *id, *sums)).collect();
        all.sort_by_key(|(currency, id, sums)| (*currency, -sums.net(), -sums.units, *id));
        let mut of_currency: BTreeMap<Currency, usize> = BTreeMap::new();
        all.retain(|(currency, ..)| {
            let place = of_currency.entry(*currency).or_default();
            *place += 1;
            *place <= most
        });
        all
    }

    /// Compares all but customers, each row of which there is one.
    pub(super) fn assert_reported(&self, report: &Report, filter: &StatsFilter) {
        let totals: Vec<_> = report.totals.iter().map(|row| (row.currency, row.sums)).collect();
        assert_eq!(totals, self.totals.clone().into_iter().collect::<Vec<_>>(), "{filter:?}");
        let periods: Vec<_> = report.periods.iter().map(|row| ((row.day, row.currency), row.sums)).collect();
        assert_eq!(periods, self.periods.clone().into_iter().collect::<Vec<_>>(), "{filter:?}");
        let top: Vec<_> =
            report.top_products.iter().map(|row| (row.currency, row.product_id, row.sums)).collect();
        assert_eq!(top, self.top(usize::try_from(filter.top).unwrap()), "{filter:?}");
    }
}

/// Who was new and who returned in the whole time, and in each day, week or month of it.
pub(super) fn customers(moves: &[Move], filter: &StatsFilter) -> (Customers, BTreeMap<NaiveDate, Customers>) {
    let mut times: BTreeMap<(SellerId, UserId), Vec<DateTime<Utc>>> = BTreeMap::new();
    for it in moves {
        let Way::Paid(Some(customer)) = it.way else { continue };
        let asked = it.goods.iter().map(|goods| goods.seller_id);
        for seller in asked.filter(|seller| filter.seller.is_none_or(|it| it == *seller)) {
            times.entry((seller, customer)).or_default().push(it.at);
        }
    }
    let period = |at: &DateTime<Utc>| day(*at, filter.period).map(|day| first_day(day, filter.interval));
    let count = |customers: &mut Customers, is_new: bool| {
        *(if is_new { &mut customers.new } else { &mut customers.returning }) += 1;
    };
    let (mut whole, mut periods) = (Customers::default(), BTreeMap::<NaiveDate, Customers>::new());
    for times in times.values() {
        let bought: BTreeSet<NaiveDate> = times.iter().filter_map(period).collect();
        let first = times.iter().min().and_then(period);
        if !bought.is_empty() {
            count(&mut whole, first.is_some());
        }
        for period in bought {
            count(periods.entry(period).or_default(), first == Some(period));
        }
    }
    (whole, periods)
}
