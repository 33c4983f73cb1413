//! An order as a client reads it.

use domain::coupon::CouponCode;
use domain::ids::{OrderId, PaymentId, UserId};
use domain::order::{OrderPlaced, OrderRefunded, OrderStatus, Totals};
use domain::{Currency, Minor, Money};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::parts::{OrderItemView, ShipmentView, StepView, items, shipments, steps};
use super::record::OrderRecord;
use super::sight::OrderSight;
use super::words::{OrderStatusWord, payment_method};
use crate::amount::Amount;
use crate::envelope::Timestamp;
use crate::views::{PersonalBodies, body};

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

/// An address, as it was given with the order.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it says what `personal` keeps")]
pub struct OrderAddress {
    #[schema(nullable = false)]
    full_name: Option<String>,
    street: String,
    #[schema(rename = "addressLine2", nullable = false)]
    second_line: Option<String>,
    city: String,
    #[schema(nullable = false)]
    state: Option<String>,
    #[schema(nullable = false)]
    zip_code: Option<String>,
    country: String,
    #[schema(nullable = false)]
    phone: Option<String>,
}

/// An order as a client reads it. A seller reads the shop's lines, what of the amounts falls on them, and where they go
/// to; nothing of how the customer pays.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Order)]
pub struct OrderView<'a> {
    #[schema(value_type = Uuid)]
    id: OrderId,
    /// The same as `id`.
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    /// The number that people use.
    #[schema(example = "ORD-2026-000100")]
    order_number: &'a str,
    /// The number that an outside system gave it.
    external_id: Option<&'a str>,
    /// Whose; nobody's is a guest's.
    #[schema(value_type = Option<Uuid>)]
    user_id: Option<UserId>,
    /// That of the least advanced line.
    status: OrderStatusWord,
    status_history: Vec<StepView<'a>>,
    items: Vec<OrderItemView<'a>>,
    /// How many units.
    item_count: u64,
    /// ISO 4217.
    #[schema(value_type = String, example = "USD")]
    currency: Currency,
    /// Sum of the lines.
    subtotal: Amount,
    /// Taken off the subtotal.
    discount: Amount,
    /// On the discounted subtotal.
    tax: Amount,
    /// As a fraction.
    #[schema(example = "0.05")]
    tax_rate: &'a str,
    shipping_cost: Amount,
    total: Amount,
    /// What of it went back.
    refunded_amount: Amount,
    #[schema(value_type = Option<OrderAddress>)]
    shipping_address: Option<&'a RawValue>,
    #[schema(value_type = Option<OrderAddress>)]
    billing_address: Option<&'a RawValue>,
    #[schema(example = "Credit Card")]
    payment_method: Option<&'static str>,
    payment: Option<PaymentBrief>,
    /// A page where a person can pay it.
    payment_url: Option<String>,
    coupon_code: Option<&'a str>,
    /// What the customer said.
    #[schema(value_type = Option<String>)]
    notes: Option<&'a RawValue>,
    /// All parcels, in the order in which they left.
    shipments: Vec<ShipmentView<'a>>,
    /// Of the last parcel.
    tracking_number: Option<&'a str>,
    /// Of the last parcel.
    carrier: Option<&'a str>,
    /// Of the last parcel.
    estimated_delivery: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    #[schema(value_type = Option<String>)]
    cancel_reason: Option<&'a RawValue>,
    /// When it is given up if nobody has paid.
    expires_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> OrderView<'a> {
    /// An order, with what it keeps of a person and where its payment stands. Nothing for one that was never placed.
    pub fn of(
        id: OrderId,
        record: &'a OrderRecord,
        bodies: &'a PersonalBodies,
        payment: Option<PaymentBrief>,
    ) -> Option<Self> {
        let (order, placed) = (&record.order, record.order.placed.as_deref()?);
        let amount = |minor: Minor| Amount(Money::new(minor, placed.currency));
        let cancelled = record.steps.iter().find(|step| step.status == OrderStatus::Cancelled);
        let view = Self {
            id,
            order_id: id,
            order_number: &placed.number,
            external_id: placed.external_id.as_deref(),
            user_id: placed.customer_id,
            status: order.status.into(),
            status_history: Vec::new(),
            items: Vec::new(),
            item_count: 0,
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
            payment_method: placed.payment_method.as_deref().map(payment_method),
            payment,
            payment_url: None,
            coupon_code: placed.coupon_code.as_ref().map(CouponCode::as_str),
            notes: body(bodies, placed.notes),
            shipments: Vec::new(),
            tracking_number: None,
            carrier: None,
            estimated_delivery: None,
            cancelled_at: cancelled.map(|step| step.at.into()),
            cancel_reason: cancelled.and_then(|step| body(bodies, step.note)),
            expires_at: placed.expires_at.filter(|_| order.status == OrderStatus::Pending).map(Timestamp),
            created_at: record.steps.first().map_or(record.updated_at, |step| step.at).into(),
            updated_at: record.updated_at.into(),
        };
        Some(view.with_lines(record, placed, bodies, OrderSight::Whole))
    }

    /// What somebody sees of it.
    pub fn seen(
        id: OrderId,
        record: &'a OrderRecord,
        bodies: &'a PersonalBodies,
        payment: Option<PaymentBrief>,
        sight: OrderSight,
    ) -> Option<Self> {
        let whole = Self::of(id, record, bodies, payment)?;
        let placed = record.order.placed.as_deref()?;
        match sight {
            OrderSight::Whole => Some(whole),
            OrderSight::OfSeller(seller) => {
                let part = placed.seller_parts()?.remove(&seller)?;
                let refunds = record.refunds.iter().filter_map(OrderRefunded::seller_parts);
                let refunded = refunds.filter_map(|parts| parts.get(&seller).copied()).sum();
                Some(whole.part(placed, &part, refunded).with_lines(record, placed, bodies, sight))
            }
        }
    }

    /// A seller's part of the amounts, without what is between the customer and the shop's till.
    fn part(self, placed: &OrderPlaced, part: &Totals, refunded: Minor) -> Self {
        let amount = |minor: Minor| Amount(Money::new(minor, placed.currency));
        Self {
            user_id: None,
            billing_address: None,
            payment_method: None,
            payment: None,
            coupon_code: None,
            subtotal: amount(part.subtotal),
            discount: amount(part.discount),
            tax: amount(part.tax),
            shipping_cost: amount(part.shipping),
            total: amount(part.total),
            refunded_amount: amount(refunded),
            ..self
        }
    }

    fn with_lines(
        self,
        record: &'a OrderRecord,
        placed: &'a OrderPlaced,
        bodies: &'a PersonalBodies,
        sight: OrderSight,
    ) -> Self {
        let seen = || placed.lines.iter().zip(&record.order.line_status).filter(|(line, _)| sight.sees(line));
        let status = seen().map(|(_, status)| *status).min().unwrap_or(record.order.status);
        let shipments = shipments(self.id, record, placed, sight);
        let last = shipments.last();
        Self {
            status: status.into(),
            status_history: steps(self.id, record, placed, bodies, sight),
            items: items(self.id, record, placed, sight),
            item_count: seen().map(|(line, _)| u64::from(line.quantity)).sum(),
            tracking_number: last.and_then(ShipmentView::tracking_number),
            carrier: last.and_then(ShipmentView::carrier),
            estimated_delivery: last.and_then(ShipmentView::estimated_delivery),
            shipments,
            ..self
        }
    }

    /// Says where a person can pay it, to whom its payment is shown.
    #[must_use]
    pub fn payable_at(mut self, url: Option<String>) -> Self {
        self.payment_url = url.filter(|_| self.payment.is_some());
        self
    }
}
