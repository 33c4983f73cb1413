//! A batch of events, folded: what it changes in each row.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::Minor;
use domain::order::CancelCause;
use domain::order::public::{OrderLine, OrderPlaced, OrderPublicEvent, Part, ReturnedItem, Split};
use domain::public::{PublicData, PublicEvent};
use uuid::Uuid;

use super::row::OrderStatus;
use crate::read_model::ApplyError;

/// What a batch changes, by primary key.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes<'a> {
    pub(super) orders: BTreeMap<Uuid, OrderChange<'a>>,
    pub(super) lines: BTreeMap<(Uuid, u32), LineChange<'a>>,
    /// By order and seller.
    pub(super) sellers: BTreeMap<(Uuid, Uuid), SellerChange<'a>>,
}

/// Why an order is parked of which nobody can say what of it is whose.
const DONT_ADD_UP: &str = "its amounts don't add up";

/// An order: placed in this batch, or changed, or both.
#[derive(Debug, Default, PartialEq)]
pub(super) struct OrderChange<'a> {
    pub(super) placed: Option<(&'a OrderPlaced, DateTime<Utc>)>,
    pub(super) status: Option<OrderStatus>,
    /// The last step of all lines.
    pub(super) all_lines: Option<OrderStatus>,
    /// The last step of each line that took one of its own since.
    pub(super) own_lines: BTreeMap<u32, OrderStatus>,
    pub(super) cancel_cause: Option<CancelCause>,
    pub(super) captured: Minor,
    pub(super) refunded: Minor,
    pub(super) carrier: Option<&'a str>,
    pub(super) estimated_delivery: Option<DateTime<Utc>>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) version: i64,
}

/// A seller's part of an order: placed in this batch, or refunded, or both.
#[derive(Debug, Default, PartialEq)]
pub(super) struct SellerChange<'a> {
    pub(super) placed: Option<SellerPart<'a>>,
    pub(super) refunded: Minor,
}

/// What of an order is a seller's.
#[derive(Debug, PartialEq)]
pub(super) struct SellerPart<'a> {
    pub(super) placed_at: DateTime<Utc>,
    /// The order's.
    pub(super) number: &'a str,
    pub(super) total: Minor,
    /// The lines' numbers.
    pub(super) lines: Vec<u32>,
    pub(super) units: i64,
}

/// A line: bought in this batch, or come back, or both.
#[derive(Debug, Default, PartialEq)]
pub(super) struct LineChange<'a> {
    pub(super) bought: Option<&'a OrderLine>,
    pub(super) returned: i64,
    pub(super) refunded: Minor,
}

impl<'a> Changes<'a> {
    pub(super) fn fold(events: &'a [PublicEvent]) -> Result<Self, ApplyError> {
        let mut changes = Self::default();
        for event in events {
            match &event.data {
                PublicData::Orders(order) => changes.order(event, order)?,
                PublicData::Payments(_)
                | PublicData::Inventory(_)
                | PublicData::Carts(_)
                | PublicData::Products(_)
                | PublicData::Coupons(_)
                | PublicData::Categories(_)
                | PublicData::Reviews(_) => {}
            }
        }
        Ok(changes)
    }

    fn order(&mut self, event: &'a PublicEvent, data: &'a OrderPublicEvent) -> Result<(), ApplyError> {
        let id = ApplyError::aggregate_uuid(event)?;
        let order = self.orders.entry(id).or_default();
        order.updated_at = event.occurred_at;
        order.version = event.sequence;
        match data {
            OrderPublicEvent::OrderPlaced(placed) => self.placed(event, id, placed)?,
            OrderPublicEvent::OrderPaid(paid) => add(&mut order.captured, paid.amount, event)?,
            OrderPublicEvent::OrderConfirmed(_) => self.step(id, OrderStatus::Confirmed),
            OrderPublicEvent::OrderProcessing(it) => {
                self.part_steps(id, OrderStatus::Processing, it.part.as_ref());
            }
            OrderPublicEvent::OrderShipped(parcel) => {
                order.carrier = parcel.carrier.as_deref().or(order.carrier);
                order.estimated_delivery = parcel.estimated_delivery.or(order.estimated_delivery);
                self.part_steps(id, OrderStatus::Shipped, parcel.part.as_ref());
            }
            OrderPublicEvent::OrderDelivered(it) => {
                self.part_steps(id, OrderStatus::Delivered, it.part.as_ref());
            }
            OrderPublicEvent::OrderCancelled(cancelled) => {
                order.cancel_cause = Some(cancelled.cause);
                self.step(id, OrderStatus::Cancelled);
            }
            OrderPublicEvent::ItemsReturned(returned) => self.returned(event, id, &returned.items)?,
            OrderPublicEvent::OrderRefunded(refund) => {
                self.refunded(event, id, add, refund.amount, &refund.split)?;
            }
            OrderPublicEvent::OrderRefundReversed(reversed) => {
                self.refunded(event, id, take, reversed.amount, &reversed.split)?;
            }
        }
        Ok(())
    }

    fn returned(&mut self, event: &PublicEvent, id: Uuid, items: &[ReturnedItem]) -> Result<(), ApplyError> {
        for item in items {
            let line = self.lines.entry((id, item.line)).or_default();
            add(&mut line.returned, item.quantity.into(), event)?;
        }
        Ok(())
    }

    /// Money went back, or came back to us: it is added to what was refunded, or taken from it.
    fn refunded(
        &mut self,
        event: &PublicEvent,
        id: Uuid,
        count: Count,
        amount: Minor,
        split: &Split,
    ) -> Result<(), ApplyError> {
        count(&mut self.orders.entry(id).or_default().refunded, amount, event)?;
        for goods in split.goods.iter().filter(|goods| goods.amount != 0) {
            let line = self.lines.entry((id, goods.line)).or_default();
            count(&mut line.refunded, goods.amount, event)?;
        }
        let parts = split.refunded_parts().ok_or_else(|| ApplyError::bad(event, DONT_ADD_UP))?;
        for (seller, amount) in parts {
            let part = self.sellers.entry((id, seller.0)).or_default();
            count(&mut part.refunded, amount, event)?;
        }
        Ok(())
    }

    fn placed(&mut self, event: &PublicEvent, id: Uuid, placed: &'a OrderPlaced) -> Result<(), ApplyError> {
        let at = event.occurred_at;
        if self.orders.entry(id).or_default().placed.replace((placed, at)).is_some() {
            return Err(ApplyError::bad(event, "it is placed already"));
        }
        for (number, line) in (0..).zip(&placed.lines) {
            self.lines.entry((id, number)).or_default().bought = Some(line);
            let seller = self.sellers.entry((id, line.seller_id.0)).or_default();
            let part = seller.placed.get_or_insert_with(|| SellerPart {
                placed_at: at,
                number: &placed.number,
                total: 0,
                lines: Vec::new(),
                units: 0,
            });
            part.lines.push(number);
            part.units += i64::from(line.quantity);
        }
        let parts = placed.seller_parts().ok_or_else(|| ApplyError::bad(event, DONT_ADD_UP))?;
        for (seller, amounts) in parts {
            let part = self.sellers.entry((id, seller.0)).or_default();
            if let Some(part) = &mut part.placed {
                part.total = amounts.total;
            }
        }
        self.step(id, OrderStatus::Pending);
        Ok(())
    }

    /// What a seller's lines became in this batch, of an order that was placed in it.
    pub(super) fn seller_status(&self, order: Uuid, lines: &[u32]) -> OrderStatus {
        let Some(order) = self.orders.get(&order) else { return OrderStatus::Pending };
        let all = order.all_lines.unwrap_or(OrderStatus::Pending);
        // A seller's lines step together.
        lines.iter().find_map(|line| order.own_lines.get(line).copied()).unwrap_or(all)
    }

    fn step(&mut self, id: Uuid, status: OrderStatus) {
        let order = self.orders.entry(id).or_default();
        order.status = Some(status);
        order.all_lines = Some(status);
        order.own_lines.clear();
    }

    /// A step of the whole order, or of a part: then the order has the status that the part says.
    fn part_steps(&mut self, id: Uuid, status: OrderStatus, part: Option<&Part>) {
        let Some(part) = part else { return self.step(id, status) };
        let order = self.orders.entry(id).or_default();
        order.status = Some(part.order_status.into());
        order.own_lines.extend(part.lines.iter().map(|line| (*line, status)));
    }
}

/// [`add`] or [`take`].
type Count = fn(&mut i64, i64, &PublicEvent) -> Result<(), ApplyError>;

fn add(sum: &mut i64, amount: i64, event: &PublicEvent) -> Result<(), ApplyError> {
    *sum = sum.checked_add(amount).ok_or_else(|| ApplyError::bad(event, "a sum is too large"))?;
    Ok(())
}

fn take(sum: &mut i64, amount: i64, event: &PublicEvent) -> Result<(), ApplyError> {
    *sum = sum.checked_sub(amount).ok_or_else(|| ApplyError::bad(event, "a sum is too large"))?;
    Ok(())
}
