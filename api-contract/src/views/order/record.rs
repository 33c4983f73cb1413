//! An order, and when it took each step.

use chrono::{DateTime, Utc};
use domain::Decide;
use domain::ids::PersonalId;
use domain::order::{CancelCause, Order, OrderEvent, OrderRefunded, OrderStatus, Part};

use crate::views::Record;

/// An order, and when it took each step.
#[derive(Clone, Debug, Default)]
pub struct OrderRecord {
    /// The order.
    pub order: Order,
    /// The steps that it took, the first when it was placed.
    pub steps: Vec<StatusStep>,
    /// What went back of its money.
    pub refunds: Vec<OrderRefunded>,
    /// When its payment was captured.
    pub paid_at: Option<DateTime<Utc>>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// How many events it has.
    pub version: u64,
}

/// A step that an order, or a part of it, took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusStep {
    /// What it became.
    pub status: OrderStatus,
    /// When.
    pub at: DateTime<Utc>,
    /// Staff's note, or why it was cancelled.
    pub note: Option<PersonalId>,
    /// The lines that took it, if not all.
    pub lines: Option<Vec<u32>>,
    /// Which of the order's parcels left.
    pub shipment: Option<usize>,
    /// Who or what gave it up.
    pub cause: Option<CancelCause>,
}

impl StatusStep {
    fn new(status: OrderStatus, at: DateTime<Utc>) -> Self {
        Self { status, at, note: None, lines: None, shipment: None, cause: None }
    }

    fn said(status: OrderStatus, at: DateTime<Utc>, note: Option<PersonalId>, part: Option<&Part>) -> Self {
        Self { note, lines: part.map(|part| part.lines.clone()), ..Self::new(status, at) }
    }
}

impl OrderRecord {
    /// An order that was placed just now, as its decision left it.
    pub fn placed_at(order: Order, version: u64, at: DateTime<Utc>) -> Self {
        let mut steps = vec![StatusStep::new(OrderStatus::Pending, at)];
        if order.status != OrderStatus::Pending {
            steps.push(StatusStep::new(order.status, at));
        }
        let paid_at = order.paid.then_some(at);
        Self { order, steps, refunds: Vec::new(), paid_at, updated_at: at, version }
    }

    /// The rows of `personal` that its view is joined with.
    pub fn personal(&self) -> Vec<PersonalId> {
        let placed = self.order.placed.iter();
        let named = placed.flat_map(|placed| [placed.shipping_address, placed.billing_address, placed.notes]);
        named.chain(self.steps.iter().map(|step| step.note)).flatten().collect()
    }
}

impl Record for OrderRecord {
    type Of = Order;

    fn apply(&mut self, event: &OrderEvent, at: DateTime<Utc>) {
        let step = match event {
            OrderEvent::OrderPlaced(_) => Some(StatusStep::new(OrderStatus::Pending, at)),
            OrderEvent::OrderConfirmed {} => Some(StatusStep::new(OrderStatus::Confirmed, at)),
            OrderEvent::OrderProcessing { note, part } => {
                Some(StatusStep::said(OrderStatus::Processing, at, *note, part.as_ref()))
            }
            OrderEvent::OrderShipped(shipped) => Some(StatusStep {
                shipment: Some(self.order.shipments.len()),
                ..StatusStep::said(OrderStatus::Shipped, at, shipped.note, shipped.part.as_ref())
            }),
            OrderEvent::OrderDelivered { note, part } => {
                Some(StatusStep::said(OrderStatus::Delivered, at, *note, part.as_ref()))
            }
            OrderEvent::OrderCancelled { cause, reason } => Some(StatusStep {
                note: *reason,
                cause: Some(*cause),
                ..StatusStep::new(OrderStatus::Cancelled, at)
            }),
            OrderEvent::OrderPaid(_) => {
                self.paid_at = Some(at);
                None
            }
            OrderEvent::OrderRefunded(refund) => {
                self.refunds.push(refund.clone());
                None
            }
            OrderEvent::OrderRefundReversed(reversed) => {
                self.refunds.retain(|refund| refund.refund_id != reversed.refund_id);
                None
            }
            OrderEvent::ItemsReturned { items: _ } => None,
        };
        self.order.evolve(event);
        self.steps.extend(step);
        self.updated_at = at;
        self.version += 1;
    }
}
