//! An order.

use chrono::{DateTime, Utc};
use domain::coupon::CouponCode;
use domain::ids::{OrderId, PaymentId, PersonalId, ProductId, SellerId, UserId};
use domain::order::{Order, OrderEvent, OrderStatus};
use domain::{Currency, Decide, Minor, Money};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{PersonalBodies, Record, body};
use crate::amount::Amount;
use crate::envelope::Timestamp;

/// An order, and when it took each step.
#[derive(Clone, Debug, Default)]
pub struct OrderRecord {
    /// The order.
    pub order: Order,
    /// The steps that its status took, the first when it was placed.
    pub steps: Vec<StatusStep>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// How many events it has.
    pub version: u64,
}

/// A step that an order's status took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StatusStep {
    /// What it became.
    pub status: OrderStatus,
    /// When.
    pub at: DateTime<Utc>,
    /// Staff's note, or why it was cancelled.
    pub note: Option<PersonalId>,
}

impl OrderRecord {
    /// An order that was placed just now, as its decision left it.
    pub fn placed_at(order: Order, version: u64, at: DateTime<Utc>) -> Self {
        let mut steps = vec![StatusStep { status: OrderStatus::Pending, at, note: None }];
        if order.status != OrderStatus::Pending {
            steps.push(StatusStep { status: order.status, at, note: None });
        }
        Self { order, steps, updated_at: at, version }
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
        let note = match event {
            OrderEvent::OrderShipped(shipped) => shipped.note,
            OrderEvent::OrderProcessing { note, part: _ } | OrderEvent::OrderDelivered { note, part: _ } => {
                *note
            }
            OrderEvent::OrderCancelled { cause: _, reason } => *reason,
            OrderEvent::OrderPlaced(_)
            | OrderEvent::OrderPaid(_)
            | OrderEvent::OrderConfirmed {}
            | OrderEvent::ItemsReturned { items: _ }
            | OrderEvent::OrderRefunded(_) => None,
        };
        self.order.evolve(event);
        let status = self.order.status;
        if self.steps.last().is_none_or(|last| last.status != status) {
            self.steps.push(StatusStep { status, at, note });
        }
        self.updated_at = at;
        self.version += 1;
    }
}

/// The order's payment, as far as the order tells of it.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentBrief {
    /// The payment.
    #[schema(value_type = Uuid)]
    pub id: PaymentId,
    /// One of the payment's words.
    pub status: &'static str,
}

/// An order as a client reads it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderView<'a> {
    #[schema(value_type = Uuid)]
    id: OrderId,
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    order_number: &'a str,
    external_id: Option<&'a str>,
    #[schema(value_type = Option<Uuid>)]
    user_id: Option<UserId>,
    status: &'static str,
    status_history: Vec<StepView<'a>>,
    items: Vec<OrderItemView<'a>>,
    item_count: u64,
    #[schema(value_type = String)]
    currency: Currency,
    subtotal: Amount,
    discount: Amount,
    tax: Amount,
    tax_rate: &'a str,
    shipping_cost: Amount,
    total: Amount,
    refunded_amount: Amount,
    #[schema(value_type = Option<Object>)]
    shipping_address: Option<&'a RawValue>,
    #[schema(value_type = Option<Object>)]
    billing_address: Option<&'a RawValue>,
    payment_method: Option<&'a str>,
    payment: Option<PaymentBrief>,
    payment_url: Option<String>,
    coupon_code: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    notes: Option<&'a RawValue>,
    tracking_number: Option<&'a str>,
    carrier: Option<&'a str>,
    estimated_delivery: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    #[schema(value_type = Option<String>)]
    cancel_reason: Option<&'a RawValue>,
    expires_at: Option<Timestamp>,
    created_at: Option<Timestamp>,
    updated_at: Timestamp,
}

/// A step that the status took.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct StepView<'a> {
    status: &'static str,
    timestamp: Timestamp,
    #[schema(value_type = Option<String>)]
    note: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_number: Option<&'a str>,
}

/// One line of an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderItemView<'a> {
    /// The line's number, from 1: unique within the order.
    id: String,
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    product_name: &'a str,
    /// The same.
    name: &'a str,
    sku: &'a str,
    #[schema(value_type = Uuid)]
    seller_id: SellerId,
    price: Amount,
    quantity: u32,
    subtotal: Amount,
    /// The same.
    item_total: Amount,
    returned_quantity: u32,
}

impl<'a> OrderView<'a> {
    /// An order, with what it keeps of a person and where its payment stands. Nothing for one that was never placed.
    pub fn of(
        id: OrderId,
        record: &'a OrderRecord,
        bodies: &'a PersonalBodies,
        payment: Option<PaymentBrief>,
    ) -> Option<Self> {
        let order = &record.order;
        let placed = order.placed.as_deref()?;
        let amount = |minor: Minor| Amount(Money::new(minor, placed.currency));
        let shipment = order.shipments.last();
        let cancelled = record.steps.iter().find(|step| step.status == OrderStatus::Cancelled);
        Some(Self {
            id,
            order_id: id,
            order_number: &placed.number,
            external_id: placed.external_id.as_deref(),
            user_id: placed.customer_id,
            status: order.status.as_str(),
            status_history: record.steps.iter().map(|step| StepView::of(step, record, bodies)).collect(),
            items: items(order, amount),
            item_count: placed.lines.iter().map(|line| u64::from(line.quantity)).sum(),
            currency: placed.currency,
            subtotal: amount(placed.subtotal),
            discount: amount(placed.discount),
            tax: amount(placed.tax),
            tax_rate: &placed.tax_rate,
            shipping_cost: amount(placed.shipping),
            total: amount(placed.total),
            refunded_amount: amount(order.refunded),
            shipping_address: body(bodies, placed.shipping_address),
            billing_address: body(bodies, placed.billing_address),
            payment_method: placed.payment_method.as_deref(),
            payment,
            payment_url: None,
            coupon_code: placed.coupon_code.as_ref().map(CouponCode::as_str),
            notes: body(bodies, placed.notes),
            tracking_number: shipment.and_then(|shipment| shipment.tracking_number.as_deref()),
            carrier: shipment.and_then(|shipment| shipment.carrier.as_deref()),
            estimated_delivery: shipment.and_then(|shipment| shipment.estimated_delivery).map(Timestamp),
            cancelled_at: cancelled.map(|step| step.at.into()),
            cancel_reason: cancelled.and_then(|step| body(bodies, step.note)),
            expires_at: placed.expires_at.filter(|_| order.status == OrderStatus::Pending).map(Timestamp),
            created_at: record.steps.first().map(|step| step.at.into()),
            updated_at: record.updated_at.into(),
        })
    }

    /// Says where a person can pay it.
    #[must_use]
    pub fn payable_at(mut self, url: Option<String>) -> Self {
        self.payment_url = url;
        self
    }
}

impl<'a> StepView<'a> {
    fn of(step: &StatusStep, record: &'a OrderRecord, bodies: &'a PersonalBodies) -> Self {
        let shipment = record.order.shipments.last().filter(|_| step.status == OrderStatus::Shipped);
        Self {
            status: step.status.as_str(),
            timestamp: step.at.into(),
            note: body(bodies, step.note),
            tracking_number: shipment.and_then(|shipment| shipment.tracking_number.as_deref()),
        }
    }
}

fn items(order: &Order, amount: impl Fn(Minor) -> Amount) -> Vec<OrderItemView<'_>> {
    let lines = order.placed.iter().flat_map(|placed| &placed.lines);
    lines
        .enumerate()
        .map(|(place, line)| OrderItemView {
            id: (place + 1).to_string(),
            product_id: line.product_id,
            product_name: &line.name,
            name: &line.name,
            sku: &line.sku,
            seller_id: line.seller_id,
            price: amount(line.unit_price),
            quantity: line.quantity,
            subtotal: amount(line.total().unwrap_or_default()),
            item_total: amount(line.total().unwrap_or_default()),
            returned_quantity: order.returned.get(place).copied().unwrap_or_default(),
        })
        .collect()
}
