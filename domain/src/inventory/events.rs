//! What may have happened to a product's stock.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain_event;
use crate::ids::{OrderId, PersonalId};

/// What may have happened to a product's stock. Quantities are units, never 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InventoryEvent {
    /// Goods came in.
    StockReceived {
        /// How many.
        quantity: u64,
        /// Why, in the words of whoever said so, kept in `personal`.
        reason: Option<PersonalId>,
    },
    /// A count found more or fewer than the books said.
    StockAdjusted {
        /// By how many, signed.
        delta: i64,
        /// Why, in the words of whoever said so, kept in `personal`.
        reason: Option<PersonalId>,
    },
    /// Set aside for an order.
    StockReserved {
        /// For which.
        order_id: OrderId,
        /// How many.
        quantity: u64,
        /// When it goes back if nobody has paid.
        expires_at: Option<DateTime<Utc>>,
    },
    /// What was set aside is for sale again: the order was cancelled.
    ReservationReleased {
        /// Of which order.
        order_id: OrderId,
        /// How many.
        quantity: u64,
    },
    /// What was set aside is for sale again: nobody paid in time.
    ReservationExpired {
        /// Of which order.
        order_id: OrderId,
        /// How many.
        quantity: u64,
    },
    /// What was set aside has left the house.
    ReservationCommitted {
        /// With which order.
        order_id: OrderId,
        /// How many.
        quantity: u64,
    },
    /// Goods that had left came back and are for sale again.
    StockReturned {
        /// From which order.
        order_id: OrderId,
        /// How many.
        quantity: u64,
    },
}

domain_event!(InventoryEvent {
    StockReceived,
    StockAdjusted,
    StockReserved,
    ReservationReleased,
    ReservationExpired,
    ReservationCommitted,
    StockReturned,
});
