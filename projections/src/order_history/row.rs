//! What the queries answer.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::ids::{OrderId, PaymentId, ProductId, SellerId, UserId};
use domain::order::CancelCause;
use domain::{Currency, Minor};
use serde::{Deserialize, Serialize};

use crate::cursor::Cursor;

/// Where an order is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Placed, not paid.
    Pending,
    /// Paid.
    Confirmed,
    /// Being prepared.
    Processing,
    /// On its way.
    Shipped,
    /// With the customer.
    Delivered,
    /// Given up.
    Cancelled,
}

/// The word is not an order's status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of pending, confirmed, processing, shipped, delivered, cancelled")]
pub struct UnknownStatus;

impl OrderStatus {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Processing => "processing",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }
}

impl From<domain::order::OrderStatus> for OrderStatus {
    fn from(status: domain::order::OrderStatus) -> Self {
        match status {
            domain::order::OrderStatus::Pending => Self::Pending,
            domain::order::OrderStatus::Confirmed => Self::Confirmed,
            domain::order::OrderStatus::Processing => Self::Processing,
            domain::order::OrderStatus::Shipped => Self::Shipped,
            domain::order::OrderStatus::Delivered => Self::Delivered,
            domain::order::OrderStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl FromStr for OrderStatus {
    type Err = UnknownStatus;

    /// Reads the word; `paid` is another one for `confirmed`.
    fn from_str(word: &str) -> Result<Self, UnknownStatus> {
        match word.to_ascii_lowercase().as_str() {
            "pending" => Ok(Self::Pending),
            "confirmed" | "paid" => Ok(Self::Confirmed),
            "processing" => Ok(Self::Processing),
            "shipped" => Ok(Self::Shipped),
            "delivered" => Ok(Self::Delivered),
            "cancelled" => Ok(Self::Cancelled),
            _ => Err(UnknownStatus),
        }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Page<T> {
    /// The page's items.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: i64,
    /// Where the next page begins, if there is one.
    #[serde(skip)]
    pub next: Option<Cursor>,
}

/// An order in a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OrderSummary {
    /// Its id.
    pub order_id: OrderId,
    /// `ORD-2026-000100`.
    pub number: String,
    /// An outside system's number.
    pub external_id: Option<String>,
    /// Nobody for a guest.
    pub customer_id: Option<UserId>,
    /// Where it is on its way.
    pub status: OrderStatus,
    /// Of every amount.
    pub currency: Currency,
    /// What was to be paid.
    pub total: Minor,
    /// What went back.
    pub refunded: Minor,
    /// How many lines it has.
    pub line_count: i32,
    /// How many units it has.
    pub unit_count: i64,
    /// When it was placed.
    pub placed_at: DateTime<Utc>,
    /// When anything last happened to it.
    pub updated_at: DateTime<Utc>,
}

/// An order with everything that stands in one row of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OrderRow {
    /// What a list shows.
    #[serde(flatten)]
    pub summary: OrderSummary,
    /// Who gave it up, if somebody did.
    pub cancel_cause: Option<CancelCause>,
    /// Sum of the lines.
    pub subtotal: Minor,
    /// Taken off the subtotal.
    pub discount: Minor,
    /// On the discounted subtotal.
    pub tax: Minor,
    /// As a decimal fraction.
    pub tax_rate: String,
    /// For carriage.
    pub shipping: Minor,
    /// What was captured.
    pub captured: Minor,
    /// Where it goes to.
    pub country: Option<String>,
    /// Where in that country.
    pub region: Option<String>,
    /// When the reservation ends if nobody has paid.
    pub expires_at: Option<DateTime<Utc>>,
    /// Who carries it.
    pub carrier: Option<String>,
    /// When it should arrive.
    pub estimated_delivery: Option<DateTime<Utc>>,
    /// The order's payment.
    pub payment_id: PaymentId,
    /// The aggregate's version: the sequence of its last event.
    pub version: i64,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OrderLineRow {
    /// Its place, from 0.
    pub line: i32,
    /// What.
    pub product_id: ProductId,
    /// Whose.
    pub seller_id: SellerId,
    /// The seller's code when it was bought.
    pub sku: String,
    /// The name when it was bought.
    pub name: String,
    /// The frozen price of one.
    pub unit_price: Minor,
    /// How many.
    pub quantity: i64,
    /// How many came back.
    pub returned: i64,
    /// What was refunded for goods of this line.
    pub refunded: Minor,
}

/// Everything about one order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OrderDetail {
    /// The order.
    pub order: OrderRow,
    /// Its lines, in their order.
    pub lines: Vec<OrderLineRow>,
}
