//! The stock of one product.
//!
//! Goods are received, and a count adjusts what the books say. An order's goods are reserved: they are still in
//! the house and no longer for sale. A reservation ends in one of three ways: it is released (the order was
//! cancelled), it expires (nobody paid in time), or it is committed (the goods left). Goods that come back are
//! for sale again. What is for sale is on hand − reserved, and it is never below zero.
//!
//! The state forgets an order once its reservation ends, so that it stays small however much was sold; that no
//! order returns more than it bought is the order's own rule.

use chrono::{DateTime, Utc};
use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use crate::ids::{OrderId, PersonalId};
use crate::{Decide, cqrs_aggregate};

mod events;
pub mod public;

pub use events::InventoryEvent;

/// The most units that a product may have on hand: exact as a JSON number for every reader.
pub const MOST_ON_HAND: u64 = 1_000_000_000_000_000;

/// The stock of one product, whose id it has. Cloning is cheap: the reservations are a persistent map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// In the house, reserved or not.
    pub on_hand: u64,
    /// Set aside: the sum of the reservations.
    pub reserved: u64,
    /// What is set aside for which order.
    pub reservations: OrdMap<OrderId, Reservation>,
}

/// What is set aside for one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// How many.
    pub quantity: u64,
    /// When it goes back if nobody has paid; of repeated reservations the last one says.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What may be asked of a product's stock. Quantities are units and at least 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InventoryCommand {
    /// Goods came in.
    Receive {
        /// How many.
        quantity: u64,
        /// Why, kept in `personal`.
        reason: Option<PersonalId>,
    },
    /// A count found more or fewer.
    Adjust {
        /// By how many, signed.
        delta: i64,
        /// Why, kept in `personal`.
        reason: Option<PersonalId>,
    },
    /// Set aside for an order; repeated, it adds up.
    Reserve {
        /// For which.
        order_id: OrderId,
        /// How many more.
        quantity: u64,
        /// When it goes back if nobody has paid.
        expires_at: Option<DateTime<Utc>>,
    },
    /// The order was cancelled: all that it holds is for sale again.
    Release {
        /// Which.
        order_id: OrderId,
    },
    /// Nobody paid in time: all that the order holds is for sale again.
    Expire {
        /// Which.
        order_id: OrderId,
        /// The time now, not before the reservation's `expires_at`.
        at: DateTime<Utc>,
    },
    /// All that the order holds left the house.
    Commit {
        /// Which.
        order_id: OrderId,
    },
    /// Goods that had left came back.
    Return {
        /// From which order.
        order_id: OrderId,
        /// How many.
        quantity: u64,
    },
}

impl Inventory {
    /// How many are for sale.
    pub fn available(&self) -> u64 {
        self.on_hand.saturating_sub(self.reserved)
    }

    fn grown_by(&self, quantity: u64) -> Result<(), InventoryError> {
        match self.on_hand.checked_add(quantity) {
            Some(on_hand) if on_hand <= MOST_ON_HAND => Ok(()),
            Some(_) | None => Err(InventoryError::TooMuch),
        }
    }

    fn adjusted_by(&self, delta: i64) -> Result<(), InventoryError> {
        if delta == 0 {
            return Err(InventoryError::ZeroQuantity);
        }
        if delta > 0 {
            return self.grown_by(delta.unsigned_abs());
        }
        match self.on_hand.checked_add_signed(delta) {
            Some(on_hand) if on_hand >= self.reserved => Ok(()),
            Some(_) | None => {
                Err(InventoryError::BelowReserved { on_hand: self.on_hand, reserved: self.reserved, delta })
            }
        }
    }

    fn held_by(&self, order_id: OrderId) -> Result<Reservation, InventoryError> {
        self.reservations.get(&order_id).copied().ok_or(InventoryError::NothingReserved { order_id })
    }

    fn end_reservation(&mut self, order_id: OrderId, quantity: u64) {
        self.reserved = self.reserved.saturating_sub(quantity);
        self.reservations.remove(&order_id);
    }
}

impl Decide for Inventory {
    const TYPE: &'static str = "inventory";
    type Command = InventoryCommand;
    type Event = InventoryEvent;
    type Error = InventoryError;

    fn decide(&self, command: InventoryCommand) -> Result<Vec<InventoryEvent>, InventoryError> {
        let event = match command {
            InventoryCommand::Receive { quantity, reason } => {
                self.grown_by(at_least_one(quantity)?)?;
                InventoryEvent::StockReceived { quantity, reason }
            }
            InventoryCommand::Adjust { delta, reason } => {
                self.adjusted_by(delta)?;
                InventoryEvent::StockAdjusted { delta, reason }
            }
            InventoryCommand::Reserve { order_id, quantity, expires_at } => {
                let available = self.available();
                if at_least_one(quantity)? > available {
                    return Err(InventoryError::InsufficientStock { available, requested: quantity });
                }
                InventoryEvent::StockReserved { order_id, quantity, expires_at }
            }
            InventoryCommand::Release { order_id } => {
                let quantity = self.held_by(order_id)?.quantity;
                InventoryEvent::ReservationReleased { order_id, quantity }
            }
            InventoryCommand::Expire { order_id, at } => {
                let Reservation { quantity, expires_at } = self.held_by(order_id)?;
                if expires_at.is_none_or(|expires_at| at < expires_at) {
                    return Err(InventoryError::NotExpired { order_id });
                }
                InventoryEvent::ReservationExpired { order_id, quantity }
            }
            InventoryCommand::Commit { order_id } => {
                let quantity = self.held_by(order_id)?.quantity;
                InventoryEvent::ReservationCommitted { order_id, quantity }
            }
            InventoryCommand::Return { order_id, quantity } => {
                self.grown_by(at_least_one(quantity)?)?;
                InventoryEvent::StockReturned { order_id, quantity }
            }
        };
        Ok(vec![event])
    }

    fn evolve(&mut self, event: &InventoryEvent) {
        match event {
            InventoryEvent::StockReceived { quantity, .. }
            | InventoryEvent::StockReturned { quantity, .. } => {
                self.on_hand = self.on_hand.saturating_add(*quantity);
            }
            InventoryEvent::StockAdjusted { delta, .. } => {
                self.on_hand = self.on_hand.saturating_add_signed(*delta);
            }
            InventoryEvent::StockReserved { order_id, quantity, expires_at } => {
                self.reserved = self.reserved.saturating_add(*quantity);
                let held = self.reservations.get(order_id).map_or(0, |held| held.quantity);
                let quantity = held.saturating_add(*quantity);
                self.reservations.insert(*order_id, Reservation { quantity, expires_at: *expires_at });
            }
            InventoryEvent::ReservationReleased { order_id, quantity }
            | InventoryEvent::ReservationExpired { order_id, quantity } => {
                self.end_reservation(*order_id, *quantity);
            }
            InventoryEvent::ReservationCommitted { order_id, quantity } => {
                self.end_reservation(*order_id, *quantity);
                self.on_hand = self.on_hand.saturating_sub(*quantity);
            }
        }
    }
}

cqrs_aggregate!(Inventory);

fn at_least_one(quantity: u64) -> Result<u64, InventoryError> {
    if quantity == 0 { Err(InventoryError::ZeroQuantity) } else { Ok(quantity) }
}

/// Why a product's stock refuses a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InventoryError {
    /// A quantity has to be at least 1, an adjustment other than 0.
    #[error("the quantity must not be 0")]
    ZeroQuantity,
    /// Fewer are for sale than were asked for.
    #[error("only {available} in stock, {requested} requested")]
    InsufficientStock {
        /// For sale now.
        available: u64,
        /// Asked for.
        requested: u64,
    },
    /// What is reserved can't be adjusted away.
    #[error("{on_hand} are on hand and {reserved} of them reserved: the stock cannot change by {delta}")]
    BelowReserved {
        /// In the house.
        on_hand: u64,
        /// Of these set aside.
        reserved: u64,
        /// The adjustment that was asked for.
        delta: i64,
    },
    /// The order has no reservation here, or has one no more.
    #[error("nothing is reserved for order {order_id}")]
    NothingReserved {
        /// Which.
        order_id: OrderId,
    },
    /// The reservation's time has not come, or it has none.
    #[error("the reservation for order {order_id} has not expired")]
    NotExpired {
        /// Which.
        order_id: OrderId,
    },
    /// Above [`MOST_ON_HAND`].
    #[error("the stock would be larger than {MOST_ON_HAND}")]
    TooMuch,
}

#[cfg(test)]
mod tests;
