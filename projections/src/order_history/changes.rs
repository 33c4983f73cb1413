//! A batch of events, folded: what it changes in each row.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::Minor;
use domain::order::CancelCause;
use domain::order::public::{GoodsAmount, OrderLine, OrderPlaced, OrderPublicEvent, Part};
use domain::payment::public::PaymentPublicEvent;
use domain::public::{PublicData, PublicEvent};
use uuid::Uuid;

use super::row::{OrderStatus, PaymentStatus};
use crate::read_model::ApplyError;

/// What a batch changes, by primary key.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes<'a> {
    pub(super) orders: BTreeMap<Uuid, OrderChange<'a>>,
    pub(super) lines: BTreeMap<(Uuid, u32), LineChange<'a>>,
    pub(super) sellers: BTreeSet<(Uuid, DateTime<Utc>, Uuid)>,
    pub(super) history: BTreeMap<(Uuid, i64), (OrderStatus, DateTime<Utc>)>,
    pub(super) refunds: BTreeMap<(Uuid, Uuid), (Minor, DateTime<Utc>)>,
    pub(super) payments: BTreeMap<Uuid, PaymentChange<'a>>,
}

/// An order: placed in this batch, or changed, or both.
#[derive(Debug, Default, PartialEq)]
pub(super) struct OrderChange<'a> {
    pub(super) placed: Option<(&'a OrderPlaced, DateTime<Utc>)>,
    pub(super) status: Option<OrderStatus>,
    pub(super) cancel_cause: Option<CancelCause>,
    pub(super) captured: Minor,
    pub(super) refunded: Minor,
    pub(super) carrier: Option<&'a str>,
    pub(super) estimated_delivery: Option<DateTime<Utc>>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) version: i64,
}

/// A line: bought in this batch, or come back, or both.
#[derive(Debug, Default, PartialEq)]
pub(super) struct LineChange<'a> {
    pub(super) bought: Option<&'a OrderLine>,
    pub(super) returned: i64,
    pub(super) refunded: Minor,
}

/// A payment: opened in this batch, or changed, or both.
#[derive(Debug, Default, PartialEq)]
pub(super) struct PaymentChange<'a> {
    /// Order, currency, amount.
    pub(super) opened: Option<(Uuid, &'a str, Minor)>,
    pub(super) phase: Option<PaymentStatus>,
    pub(super) captured: Minor,
    pub(super) refunded: Minor,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) version: i64,
}

impl<'a> Changes<'a> {
    pub(super) fn fold(events: &'a [PublicEvent]) -> Result<Self, ApplyError> {
        let mut changes = Self::default();
        for event in events {
            match &event.data {
                PublicData::Orders(order) => changes.order(event, order)?,
                PublicData::Payments(payment) => changes.payment(event, payment)?,
                PublicData::Inventory(_)
                | PublicData::Carts(_)
                | PublicData::Products(_)
                | PublicData::Coupons(_)
                | PublicData::Categories(_) => {}
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
            OrderPublicEvent::OrderPlaced(placed) => {
                order.placed = Some((placed, event.occurred_at));
                self.placed(id, event.occurred_at, placed);
                self.step(event, id, OrderStatus::Pending);
            }
            OrderPublicEvent::OrderPaid(paid) => add(&mut order.captured, paid.amount, event)?,
            OrderPublicEvent::OrderConfirmed(_) => self.step(event, id, OrderStatus::Confirmed),
            OrderPublicEvent::OrderProcessing(it) => {
                self.part_steps(event, id, OrderStatus::Processing, it.part.as_ref());
            }
            OrderPublicEvent::OrderShipped(parcel) => {
                order.carrier = parcel.carrier.as_deref().or(order.carrier);
                order.estimated_delivery = parcel.estimated_delivery.or(order.estimated_delivery);
                self.part_steps(event, id, OrderStatus::Shipped, parcel.part.as_ref());
            }
            OrderPublicEvent::OrderDelivered(it) => {
                self.part_steps(event, id, OrderStatus::Delivered, it.part.as_ref());
            }
            OrderPublicEvent::OrderCancelled(cancelled) => {
                order.cancel_cause = Some(cancelled.cause);
                self.step(event, id, OrderStatus::Cancelled);
            }
            OrderPublicEvent::ItemsReturned(returned) => {
                for item in &returned.items {
                    let line = self.lines.entry((id, item.line)).or_default();
                    add(&mut line.returned, item.quantity.into(), event)?;
                }
            }
            OrderPublicEvent::OrderRefunded(refund) => {
                add(&mut order.refunded, refund.amount, event)?;
                self.refunds.insert((id, refund.refund_id.0), (refund.amount, event.occurred_at));
                self.refunded_lines(event, id, &refund.split.goods)?;
            }
        }
        Ok(())
    }

    fn placed(&mut self, id: Uuid, at: DateTime<Utc>, placed: &'a OrderPlaced) {
        for (number, line) in (0..).zip(&placed.lines) {
            self.lines.entry((id, number)).or_default().bought = Some(line);
            self.sellers.insert((line.seller_id.0, at, id));
        }
    }

    fn refunded_lines(
        &mut self,
        event: &PublicEvent,
        id: Uuid,
        goods: &[GoodsAmount],
    ) -> Result<(), ApplyError> {
        for goods in goods.iter().filter(|goods| goods.amount != 0) {
            let line = self.lines.entry((id, goods.line)).or_default();
            add(&mut line.refunded, goods.amount, event)?;
        }
        Ok(())
    }

    fn step(&mut self, event: &PublicEvent, id: Uuid, status: OrderStatus) {
        self.orders.entry(id).or_default().status = Some(status);
        self.history.insert((id, event.sequence), (status, event.occurred_at));
    }

    /// A step of the whole order, or of a part: then the order has the status that the part says.
    fn part_steps(&mut self, event: &PublicEvent, id: Uuid, status: OrderStatus, part: Option<&Part>) {
        self.step(event, id, status);
        if let Some(part) = part {
            self.orders.entry(id).or_default().status = Some(part.order_status.into());
        }
    }

    fn payment(&mut self, event: &'a PublicEvent, data: &'a PaymentPublicEvent) -> Result<(), ApplyError> {
        let payment = self.payments.entry(ApplyError::aggregate_uuid(event)?).or_default();
        payment.updated_at = event.occurred_at;
        payment.version = event.sequence;
        match data {
            PaymentPublicEvent::PaymentOpened(opened) => {
                payment.opened =
                    Some((opened.order_id.0, opened.amount.currency.code(), opened.amount.amount));
                payment.phase = Some(PaymentStatus::Pending);
            }
            PaymentPublicEvent::PaymentAttempted(_) => payment.phase = Some(PaymentStatus::Processing),
            PaymentPublicEvent::PaymentActionRequired(_) => {
                payment.phase = Some(PaymentStatus::RequiresAction);
            }
            PaymentPublicEvent::PaymentDeclined(_) => payment.phase = Some(PaymentStatus::Failed),
            PaymentPublicEvent::PaymentCaptured(captured) => {
                payment.phase = Some(PaymentStatus::Succeeded);
                add(&mut payment.captured, captured.amount, event)?;
            }
            PaymentPublicEvent::PaymentRefunded(refund) => {
                add(&mut payment.refunded, refund.amount, event)?;
            }
            PaymentPublicEvent::RefundRequested(_) | PaymentPublicEvent::RefundFailed(_) => {}
            PaymentPublicEvent::PaymentCancelled(_) => payment.phase = Some(PaymentStatus::Cancelled),
        }
        Ok(())
    }
}

fn add(sum: &mut i64, amount: i64, event: &PublicEvent) -> Result<(), ApplyError> {
    *sum = sum.checked_add(amount).ok_or_else(|| ApplyError::bad(event, "a sum is too large"))?;
    Ok(())
}
