//! The public events of a product's stock. Their aggregate id is the product's.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Inventory, InventoryEvent};
use crate::ids::OrderId;
use crate::public::public_events;

public_events! {
    /// What the world may know of a stock. For sale is on hand − reserved.
    InventoryPublicEvent of Inventory {
        StockReceived,
        StockAdjusted,
        StockReserved,
        ReservationReleased,
        ReservationExpired,
        ReservationCommitted,
        StockReturned,
    }
}

impl From<InventoryEvent> for InventoryPublicEvent {
    fn from(event: InventoryEvent) -> Self {
        match event {
            InventoryEvent::StockReceived { quantity, reason: _ } => {
                Self::StockReceived(StockReceived { quantity })
            }
            InventoryEvent::StockAdjusted { delta, reason: _ } => {
                Self::StockAdjusted(StockAdjusted { delta })
            }
            InventoryEvent::StockReserved { order_id, quantity, expires_at } => {
                Self::StockReserved(StockReserved { order_id, quantity, expires_at })
            }
            InventoryEvent::ReservationReleased { order_id, quantity } => {
                Self::ReservationReleased(ReservationReleased { order_id, quantity })
            }
            InventoryEvent::ReservationExpired { order_id, quantity } => {
                Self::ReservationExpired(ReservationExpired { order_id, quantity })
            }
            InventoryEvent::ReservationCommitted { order_id, quantity } => {
                Self::ReservationCommitted(ReservationCommitted { order_id, quantity })
            }
            InventoryEvent::StockReturned { order_id, quantity } => {
                Self::StockReturned(StockReturned { order_id, quantity })
            }
        }
    }
}

/// Goods came in: on hand grows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockReceived {
    /// How many, at least 1.
    pub quantity: u64,
}

/// A count found more or fewer than the books said: on hand changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockAdjusted {
    /// By how many, signed.
    pub delta: i64,
}

/// Set aside for an order: reserved grows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockReserved {
    /// For which order.
    pub order_id: OrderId,
    /// How many, at least 1.
    pub quantity: u64,
    /// When it goes back if nobody has paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// The order was cancelled: reserved shrinks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReservationReleased {
    /// For which order.
    pub order_id: OrderId,
    /// How many, at least 1.
    pub quantity: u64,
}

/// Nobody paid in time: reserved shrinks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReservationExpired {
    /// For which order.
    pub order_id: OrderId,
    /// How many, at least 1.
    pub quantity: u64,
}

/// The goods left: on hand and reserved shrink.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReservationCommitted {
    /// For which order.
    pub order_id: OrderId,
    /// How many, at least 1.
    pub quantity: u64,
}

/// Goods that had left came back: on hand grows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StockReturned {
    /// For which order.
    pub order_id: OrderId,
    /// How many, at least 1.
    pub quantity: u64,
}
