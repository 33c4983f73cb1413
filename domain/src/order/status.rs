//! How far an order has come, and each line of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far an order has come, or a line of it; in this order.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Awaits its payment.
    #[default]
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

impl OrderStatus {
    /// Whether it may still be cancelled.
    pub fn is_before_shipping(self) -> bool {
        matches!(self, Self::Pending | Self::Confirmed | Self::Processing)
    }

    /// Whether its goods have left.
    pub fn has_left(self) -> bool {
        matches!(self, Self::Shipped | Self::Delivered)
    }

    /// The word for it in the API.
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

impl std::fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
