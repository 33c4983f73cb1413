//! The public events of an order.
//!
//! Left out are what `personal` keeps (addresses, notes, reasons), a parcel's tracking number, by which its carrier
//! tells where it went, and a saved payment method: [published] has how.

mod published;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CancelCause, Order, OrderStatus};
use crate::coupon::CouponCode;
use crate::ids::{PaymentId, ProductId, RefundId, SellerId, UserId};
use crate::public::public_events;
use crate::{Currency, Minor};

public_events! {
    /// What the world may know of an order.
    OrderPublicEvent of Order {
        OrderPlaced,
        OrderPaid,
        OrderConfirmed,
        OrderProcessing,
        OrderShipped,
        OrderDelivered,
        OrderCancelled,
        ItemsReturned,
        OrderRefunded,
        OrderRefundReversed,
    }
}

/// An order was placed: prices are frozen, stock is reserved. Amounts are in minor units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    /// The number that people use: `ORD-2026-000100`.
    pub number: String,
    /// The number that an outside system gave it, unique within its seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Whose: nobody for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<UserId>,
    /// What is bought; a line's number is its place, from 0.
    pub lines: Vec<OrderLine>,
    /// The currency of every amount.
    pub currency: Currency,
    /// Sum of the lines, before discount.
    pub subtotal: Minor,
    /// Taken off the subtotal.
    pub discount: Minor,
    /// By which coupon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon_code: Option<CouponCode>,
    /// On the discounted subtotal.
    pub tax: Minor,
    /// The tax rate as a decimal fraction, for example `0.05`.
    pub tax_rate: String,
    /// For carriage.
    pub shipping: Minor,
    /// `subtotal − discount + tax + shipping`.
    pub total: Minor,
    /// Where it goes to, as far as statistics need it.
    pub ship_to: ShipTo,
    /// The payment that was opened with it.
    pub payment_id: PaymentId,
    /// The kind of method that the customer chose, for example `credit_card`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<String>,
    /// When the reservation ends if nobody has paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    /// What.
    pub product_id: ProductId,
    /// Whose.
    pub seller_id: SellerId,
    /// The seller's code for it when it was bought.
    pub sku: String,
    /// Its name when it was bought.
    pub name: String,
    /// The frozen price of one, in minor units.
    pub unit_price: Minor,
    /// How many.
    pub quantity: u32,
}

/// Country and region of an address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShipTo {
    /// Its two letters of ISO 3166-1, if it is known; in imported history what the file had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Its code of ISO 3166-2, as `US-NY`, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// Money that moved, by what it was for. The parts add up to the amount beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Split {
    /// Goods, by line.
    pub goods: Vec<GoodsAmount>,
    /// Tax, in minor units.
    pub tax: Minor,
    /// Shipping, in minor units.
    pub shipping: Minor,
}

/// The goods of one line in a capture or refund.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GoodsAmount {
    /// The line's place in the order, from 0.
    pub line: u32,
    /// What.
    pub product_id: ProductId,
    /// Whose.
    pub seller_id: SellerId,
    /// How many units are paid (capture) or came back (refund; 0 where only money did).
    pub quantity: u32,
    /// In minor units, after discount, without tax and shipping.
    pub amount: Minor,
}

/// The payment of an order was captured. A cancelled order may be paid too, and is then refunded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPaid {
    /// By which payment.
    pub payment_id: PaymentId,
    /// Whose: nobody for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<UserId>,
    /// How much, in minor units.
    pub amount: Minor,
    /// Of which currency.
    pub currency: Currency,
    /// What for.
    pub split: Split,
}

/// Paid in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderConfirmed {}

/// Being prepared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderProcessing {
    /// The lines that it was, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// On its way; the stock has left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderShipped {
    /// Who carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// When it should arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_delivery: Option<DateTime<Utc>>,
    /// The lines in the parcel, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// The part of an order that took a step. Its seller sends it apart from the rest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The lines that took it, each by its place in the order, from 0.
    pub lines: Vec<u32>,
    /// What the order is after it: what its least advanced line is.
    pub order_status: OrderStatus,
}

/// With the customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderDelivered {
    /// The lines that it was, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// Given up before it was shipped; the stock is released.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    /// Who or what gave it up.
    pub cause: CancelCause,
}

/// Goods came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemsReturned {
    /// What came back.
    pub items: Vec<ReturnedItem>,
}

/// Goods of one line that came back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReturnedItem {
    /// The line's place in the order, from 0.
    pub line: u32,
    /// What.
    pub product_id: ProductId,
    /// How many.
    pub quantity: u32,
}

/// Money of an order went back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderRefunded {
    /// By which payment.
    pub payment_id: PaymentId,
    /// Which refund.
    pub refund_id: RefundId,
    /// Whose: nobody for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<UserId>,
    /// How much, in minor units.
    pub amount: Minor,
    /// Of which currency.
    pub currency: Currency,
    /// What for.
    pub split: Split,
}

/// Money of an order that went back came back to us: the customer's bank didn't take it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderRefundReversed {
    /// By which payment.
    pub payment_id: PaymentId,
    /// Which refund.
    pub refund_id: RefundId,
    /// Whose: nobody for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<UserId>,
    /// How much, in minor units: all of the refund.
    pub amount: Minor,
    /// Of which currency.
    pub currency: Currency,
    /// What for; the units are 0, as only money moved.
    pub split: Split,
}
