//! An order, from placed to delivered, and what comes back of it.
//!
//! An order is placed with its prices frozen and its stock reserved, and is *pending* until it is paid. A payment
//! in full confirms it (an order of 0 at once). Then it is *processing*, *shipped*, *delivered*, one step after the
//! other, each line of it on its own ([`steps`]), because each seller sends what is the seller's. Until the first line
//! is shipped it can be cancelled, by its customer or by staff; a pending one is also cancelled when nobody paid in
//! time. A payment that arrives for a cancelled order is recorded all the same, because the money is ours, and is then
//! refunded. Of a shipped or delivered order goods may come back, never more than were bought; of a paid one money may
//! go back, never more than was captured. Where the customer's bank doesn't take it, it comes back to us, and may be
//! refunded anew; what came back of the goods stays so.
//!
//! Captures, refunds and their reversals are decided by the payment; the order's stream has a copy of each, in the same
//! append, so that whoever reads orders needs no other stream.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use cqrs_es::persist::EventUpcaster;
use serde::{Deserialize, Serialize};

use crate::ids::PersonalId;
use crate::{Decide, Minor, cqrs_aggregate};

mod commands;
mod errors;
mod events;
pub mod payment_words;
pub mod public;
mod seller_part;
mod split;
mod status;
mod steps;
mod totals;
mod upcasters;

pub use commands::{OrderCommand, Place};
pub use errors::OrderError;
pub use events::{
    CancelCause, OrderEvent, OrderLine, OrderPaid, OrderPlaced, OrderRefundReversed, OrderRefunded,
    OrderShipped, Parcel, Region, ReturnedItem,
};
pub use split::{GoodsAmount, Split};
pub use status::OrderStatus;
pub use steps::{Lines, Part};
pub use totals::{Totals, TotalsError, totals};

/// One order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// What was agreed; nothing before it is placed.
    pub placed: Option<Arc<OrderPlaced>>,
    /// How far it has come: as far as its least advanced line.
    pub status: OrderStatus,
    /// How far each line has come.
    pub line_status: Vec<OrderStatus>,
    /// Whether its payment was captured (an order of 0 is paid with 0).
    pub paid: bool,
    /// How much was captured.
    pub captured: Minor,
    /// How much of that went back.
    pub refunded: Minor,
    /// How many units of each line came back.
    pub returned: Vec<u32>,
    /// The parcels that left, in their order.
    pub shipments: Vec<OrderShipped>,
    /// Why it was given up, once cancelled.
    pub cancelled: Option<CancelCause>,
}

impl Order {
    /// What was agreed, or a refusal of an order that doesn't exist.
    pub fn placed(&self) -> Result<&Arc<OrderPlaced>, OrderError> {
        self.placed.as_ref().ok_or(OrderError::NotPlaced)
    }

    fn place(&self, place: Place) -> Result<OrderEvent, OrderError> {
        if self.placed.is_some() {
            return Err(OrderError::AlreadyPlaced);
        }
        if place.lines.is_empty() {
            return Err(OrderError::NoLines);
        }
        if place.lines.iter().any(|line| line.quantity == 0) {
            return Err(OrderError::ZeroQuantity);
        }
        let totals = totals(&place.lines, place.discount, place.tax_rate, place.shipping)?;
        Ok(OrderEvent::OrderPlaced(Box::new(OrderPlaced {
            number: place.number,
            external_id: place.external_id,
            customer_id: place.customer_id,
            lines: place.lines,
            currency: place.currency,
            subtotal: totals.subtotal,
            discount: totals.discount,
            coupon_code: place.coupon_code,
            tax: totals.tax,
            tax_rate: place.tax_rate.normalize().to_string(),
            shipping: totals.shipping,
            total: totals.total,
            ship_to: place.ship_to,
            shipping_address: place.shipping_address,
            billing_address: place.billing_address,
            notes: place.notes,
            payment_id: place.payment_id,
            payment_method: place.payment_method,
            expires_at: place.expires_at,
        })))
    }

    /// Paid in any status: the money of a cancelled order is ours too, until it is refunded.
    fn record_payment(&self, paid: OrderPaid) -> Result<OrderEvent, OrderError> {
        let placed = self.placed()?;
        if self.paid {
            return Err(OrderError::AlreadyPaid);
        }
        let owed = (placed.total, placed.currency, placed.payment_id, placed.customer_id);
        if owed != (paid.amount, paid.currency, paid.payment_id, paid.customer_id)
            || paid.split.total() != Some(paid.amount)
        {
            return Err(OrderError::WrongPayment);
        }
        Ok(OrderEvent::OrderPaid(paid))
    }

    fn record_refund(&self, refund: OrderRefunded) -> Result<OrderEvent, OrderError> {
        let placed = self.placed()?;
        let left = self.captured.saturating_sub(self.refunded);
        if refund.amount <= 0 || refund.amount > left {
            return Err(OrderError::RefundAboveCapture { left });
        }
        let owed = (placed.currency, placed.payment_id, placed.customer_id);
        if owed != (refund.currency, refund.payment_id, refund.customer_id)
            || refund.split.has_negative_part()
            || refund.split.total() != Some(refund.amount)
        {
            return Err(OrderError::WrongPayment);
        }
        Ok(OrderEvent::OrderRefunded(refund))
    }

    fn reverse_refund(&self, reversal: OrderRefundReversed) -> Result<OrderEvent, OrderError> {
        let placed = self.placed()?;
        let refunded = self.refunded;
        if reversal.amount <= 0 || reversal.amount > refunded {
            return Err(OrderError::ReversalAboveRefund { refunded });
        }
        let owed = (placed.currency, placed.payment_id, placed.customer_id);
        if owed != (reversal.currency, reversal.payment_id, reversal.customer_id)
            || reversal.split.has_negative_part()
            || reversal.split.total() != Some(reversal.amount)
        {
            return Err(OrderError::WrongPayment);
        }
        Ok(OrderEvent::OrderRefundReversed(reversal))
    }

    fn confirm(&self) -> Result<OrderEvent, OrderError> {
        self.stepping(Lines::All, OrderStatus::Pending, OrderStatus::Confirmed)?;
        if self.paid { Ok(OrderEvent::OrderConfirmed {}) } else { Err(OrderError::NotPaid) }
    }

    fn cancel(
        &self,
        cause: CancelCause,
        reason: Option<PersonalId>,
        at: DateTime<Utc>,
    ) -> Result<OrderEvent, OrderError> {
        let placed = self.placed()?;
        let (expires, may) = match cause {
            CancelCause::Customer | CancelCause::Staff => (false, self.status.is_before_shipping()),
            CancelCause::Expired => (true, self.status == OrderStatus::Pending),
        };
        if !may {
            return Err(OrderError::WrongStatus { is: self.status, to: OrderStatus::Cancelled });
        }
        if self.line_status.iter().any(|line| line.has_left()) {
            return Err(OrderError::PartlyShipped);
        }
        if expires && placed.expires_at.is_none_or(|expires_at| at < expires_at) {
            return Err(OrderError::NotExpired);
        }
        Ok(OrderEvent::OrderCancelled { cause, reason })
    }

    fn return_items(&self, items: Vec<ReturnedItem>) -> Result<OrderEvent, OrderError> {
        let placed = self.placed()?;
        if !self.line_status.iter().any(|line| line.has_left()) {
            return Err(OrderError::NotShipped { is: self.status });
        }
        if items.is_empty() || items.iter().any(|item| item.quantity == 0) {
            return Err(OrderError::ZeroQuantity);
        }
        let mut returned = self.returned.clone();
        for item in &items {
            let place = item.line as usize;
            let (Some(line), Some(returned)) = (placed.lines.get(place), returned.get_mut(place)) else {
                return Err(OrderError::UnknownLine { line: item.line });
            };
            if line.product_id != item.product_id {
                return Err(OrderError::UnknownLine { line: item.line });
            }
            let is = self.line_status.get(place).copied().unwrap_or_default();
            if !is.has_left() {
                return Err(OrderError::NotShipped { is });
            }
            let left = line.quantity.saturating_sub(*returned);
            if item.quantity > left {
                return Err(OrderError::ReturnAboveBought { line: item.line, left });
            }
            *returned += item.quantity;
        }
        Ok(OrderEvent::ItemsReturned { items })
    }
}

impl Decide for Order {
    const TYPE: &'static str = "orders";
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Error = OrderError;

    fn decide(&self, command: OrderCommand) -> Result<Vec<OrderEvent>, OrderError> {
        let event = match command {
            OrderCommand::Place(place) => self.place(*place)?,
            OrderCommand::RecordPayment(paid) => self.record_payment(paid)?,
            OrderCommand::Confirm => self.confirm()?,
            OrderCommand::StartProcessing { lines, note } => {
                let part = self.part(lines, OrderStatus::Confirmed, OrderStatus::Processing)?;
                OrderEvent::OrderProcessing { note, part }
            }
            OrderCommand::Ship { lines, parcel } => {
                let part = self.part(lines, OrderStatus::Processing, OrderStatus::Shipped)?;
                OrderEvent::OrderShipped(OrderShipped::of(parcel, part))
            }
            OrderCommand::Deliver { lines, note } => {
                let part = self.part(lines, OrderStatus::Shipped, OrderStatus::Delivered)?;
                OrderEvent::OrderDelivered { note, part }
            }
            OrderCommand::Cancel { cause, reason, at } => self.cancel(cause, reason, at)?,
            OrderCommand::Return { items } => self.return_items(items)?,
            OrderCommand::RecordRefund(refund) => self.record_refund(refund)?,
            OrderCommand::ReverseRefund(reversal) => self.reverse_refund(reversal)?,
        };
        Ok(vec![event])
    }

    fn evolve(&mut self, event: &OrderEvent) {
        match event {
            OrderEvent::OrderPlaced(placed) => {
                self.returned = vec![0; placed.lines.len()];
                self.line_status = vec![OrderStatus::Pending; placed.lines.len()];
                self.placed = Some(Arc::new((**placed).clone()));
            }
            OrderEvent::OrderPaid(paid) => {
                self.paid = true;
                self.captured = self.captured.saturating_add(paid.amount);
            }
            OrderEvent::OrderConfirmed {} => self.becomes(OrderStatus::Confirmed, None),
            OrderEvent::OrderProcessing { note: _, part } => {
                self.becomes(OrderStatus::Processing, part.as_ref());
            }
            OrderEvent::OrderShipped(shipped) => {
                self.becomes(OrderStatus::Shipped, shipped.part.as_ref());
                self.shipments.push(shipped.clone());
            }
            OrderEvent::OrderDelivered { note: _, part } => {
                self.becomes(OrderStatus::Delivered, part.as_ref());
            }
            OrderEvent::OrderCancelled { cause, reason: _ } => {
                self.becomes(OrderStatus::Cancelled, None);
                self.cancelled = Some(*cause);
            }
            OrderEvent::ItemsReturned { items } => {
                for item in items {
                    if let Some(returned) = self.returned.get_mut(item.line as usize) {
                        *returned = returned.saturating_add(item.quantity);
                    }
                }
            }
            OrderEvent::OrderRefunded(refund) => {
                self.refunded = self.refunded.saturating_add(refund.amount);
            }
            OrderEvent::OrderRefundReversed(reversal) => {
                self.refunded = self.refunded.saturating_sub(reversal.amount);
            }
        }
    }

    fn upcasters() -> Vec<Box<dyn EventUpcaster>> {
        upcasters::all()
    }
}

cqrs_aggregate!(Order);

#[cfg(test)]
mod tests;
