//! The words of an order: of its status, of how it is paid, and of what happened where nobody said anything.

use std::borrow::Cow;

use domain::order::{CancelCause, OrderStatus};
use serde::Serialize;
use utoipa::ToSchema;

/// How far an order has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OrderStatus)]
pub enum OrderStatusWord {
    /// Awaits its payment.
    Pending,
    /// Paid.
    Confirmed,
    /// Being prepared.
    Processing,
    /// On its way.
    Shipped,
    /// With the customer.
    Delivered,
    /// Given up before it was shipped.
    Cancelled,
}

impl From<OrderStatus> for OrderStatusWord {
    fn from(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Pending => Self::Pending,
            OrderStatus::Confirmed => Self::Confirmed,
            OrderStatus::Processing => Self::Processing,
            OrderStatus::Shipped => Self::Shipped,
            OrderStatus::Delivered => Self::Delivered,
            OrderStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// A method to pay by, as people write it. Tokens and saved methods are of cards.
pub fn payment_method(method: &str) -> &'static str {
    match method.to_ascii_lowercase().replace([' ', '-'], "_").as_str() {
        "debit_card" => "Debit Card",
        "paypal" => "PayPal",
        "google_pay" => "Google Pay",
        "apple_pay" => "Apple Pay",
        "bank_transfer" => "Bank Transfer",
        "invoice" => "Invoice",
        "cash" => "Cash",
        "cash_on_delivery" | "cod" => "Cash on Delivery",
        "wallet" => "Wallet",
        _ => "Credit Card",
    }
}

/// What is said of a step where nobody left a note, or where it was erased.
pub(super) fn note(
    status: OrderStatus,
    carrier: Option<&str>,
    cause: Option<CancelCause>,
) -> Cow<'static, str> {
    match (status, carrier, cause) {
        (OrderStatus::Pending, ..) => "Order created".into(),
        (OrderStatus::Confirmed, ..) => "Payment confirmed".into(),
        (OrderStatus::Processing, ..) => "Order is being prepared".into(),
        (OrderStatus::Shipped, Some(carrier), _) => format!("Order shipped via {carrier}").into(),
        (OrderStatus::Shipped, None, _) => "Order shipped".into(),
        (OrderStatus::Delivered, ..) => "Order delivered".into(),
        (OrderStatus::Cancelled, _, Some(CancelCause::Expired)) => {
            "Order expired: nobody paid in time".into()
        }
        (OrderStatus::Cancelled, _, Some(CancelCause::Customer | CancelCause::Staff) | None) => {
            "Order cancelled".into()
        }
    }
}
