//! Folding a batch into sums. Sums, the earliest of moments and sets commute, so the order of events doesn't matter here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, DurationRound as _, NaiveDate, TimeDelta, Utc};
use domain::ids::UserId;
use domain::order::public::{OrderPublicEvent, Split};
use domain::public::{PublicData, PublicEvent};
use uuid::Uuid;

use super::row::Sums;
use crate::read_model::ApplyError;

/// How finely moments are kept: every time zone of today is a whole number of these from UTC.
const QUARTER_MINUTES: i64 = 15;

/// What a batch adds, by primary key.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes<'a> {
    pub(super) sums: BTreeMap<(Uuid, DateTime<Utc>, &'a str), Sums>,
    pub(super) products: BTreeMap<(Uuid, DateTime<Utc>, Uuid, &'a str), Sums>,
    pub(super) product_days: BTreeMap<(Uuid, NaiveDate, Uuid, &'a str), Sums>,
    /// The first of each customer in this batch.
    pub(super) customers: BTreeMap<(Uuid, Uuid), DateTime<Utc>>,
    pub(super) purchases: BTreeSet<(Uuid, DateTime<Utc>, Uuid)>,
}

/// Which way the money went.
#[derive(Clone, Copy)]
enum Way {
    In,
    Out,
    /// What went out came back.
    Reversed,
}

impl<'a> Changes<'a> {
    pub(super) fn fold(events: &'a [PublicEvent]) -> Result<Self, ApplyError> {
        let mut changes = Self::default();
        for event in events {
            match &event.data {
                PublicData::Orders(OrderPublicEvent::OrderPaid(paid)) => {
                    changes.moved(event, Way::In, paid.currency.code(), &paid.split)?;
                    changes.bought(event, paid.customer_id, &paid.split)?;
                }
                PublicData::Orders(OrderPublicEvent::OrderRefunded(refund)) => {
                    changes.moved(event, Way::Out, refund.currency.code(), &refund.split)?;
                }
                PublicData::Orders(OrderPublicEvent::OrderRefundReversed(reversed)) => {
                    changes.moved(event, Way::Reversed, reversed.currency.code(), &reversed.split)?;
                }
                PublicData::Orders(
                    OrderPublicEvent::OrderPlaced(_)
                    | OrderPublicEvent::OrderConfirmed(_)
                    | OrderPublicEvent::OrderProcessing(_)
                    | OrderPublicEvent::OrderShipped(_)
                    | OrderPublicEvent::OrderDelivered(_)
                    | OrderPublicEvent::OrderCancelled(_)
                    | OrderPublicEvent::ItemsReturned(_),
                )
                | PublicData::Inventory(_)
                | PublicData::Carts(_)
                | PublicData::Coupons(_)
                | PublicData::Payments(_)
                | PublicData::Products(_)
                | PublicData::Categories(_)
                | PublicData::Reviews(_) => {}
            }
        }
        Ok(changes)
    }

    fn moved(
        &mut self,
        event: &PublicEvent,
        way: Way,
        currency: &'a str,
        split: &Split,
    ) -> Result<(), ApplyError> {
        let (at, day) = (quarter(event)?, event.occurred_at.date_naive());
        let mut sellers = BTreeSet::new();
        for goods in &split.goods {
            let (seller, product) = (goods.seller_id.0, goods.product_id.0);
            let of_all = self.sums.entry((seller, at, currency)).or_default();
            let of_product = self.products.entry((seller, at, product, currency)).or_default();
            let of_day = self.product_days.entry((seller, day, product, currency)).or_default();
            for sums in [&mut *of_all, of_product, of_day] {
                add(sums, way, goods.amount, goods.quantity.into())
                    .ok_or_else(|| ApplyError::bad(event, "a sum is too large"))?;
            }
            if matches!(way, Way::In) && sellers.insert(seller) {
                of_all.orders += 1;
            }
        }
        Ok(())
    }

    fn bought(
        &mut self,
        event: &PublicEvent,
        customer: Option<UserId>,
        split: &Split,
    ) -> Result<(), ApplyError> {
        let Some(UserId(customer)) = customer else { return Ok(()) };
        let at = quarter(event)?;
        for goods in &split.goods {
            let seller = goods.seller_id.0;
            let first = self.customers.entry((seller, customer)).or_insert(at);
            *first = at.min(*first);
            self.purchases.insert((seller, at, customer));
        }
        Ok(())
    }
}

/// The quarter of an hour in which it occurred.
fn quarter(event: &PublicEvent) -> Result<DateTime<Utc>, ApplyError> {
    event
        .occurred_at
        .duration_trunc(TimeDelta::minutes(QUARTER_MINUTES))
        .map_err(|_| ApplyError::bad(event, "its moment is out of range"))
}

/// Nothing if a sum is too large.
fn add(sums: &mut Sums, way: Way, amount: i64, units: i64) -> Option<()> {
    match way {
        Way::In => {
            sums.gross = sums.gross.checked_add(amount)?;
            sums.units = sums.units.checked_add(units)?;
        }
        Way::Out => {
            sums.refunds = sums.refunds.checked_add(amount)?;
            sums.returned_units = sums.returned_units.checked_add(units)?;
        }
        Way::Reversed => {
            sums.refunds = sums.refunds.checked_sub(amount)?;
            sums.returned_units = sums.returned_units.checked_sub(units)?;
        }
    }
    Some(())
}
