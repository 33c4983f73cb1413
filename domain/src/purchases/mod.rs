//! What one customer of an outside system bought, as far as it may still come back.
//!
//! A credit note of an outside system says who returns how many of what, and not of which order. So each imported
//! order is noted here, product by product, and what comes back is taken off, the latest purchase first. What has
//! come back whole is forgotten. Guests have none of this: nobody knows who returns.
//!
//! The stream's id is the customer's. It is not published: the orders' own streams say what was bought and returned.

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};

use crate::ids::{OrderId, ProductId};
use crate::{Decide, cqrs_aggregate, domain_event};

/// What is left to return, by product. Cloning is cheap: the collections are persistent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchases {
    bought: OrdMap<ProductId, Vector<Purchase>>,
}

/// Units of one order's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purchase {
    /// Of which order.
    pub order_id: OrderId,
    /// The line's place in the order, from 0.
    pub line: u32,
    /// How many: at least 1.
    pub quantity: u32,
}

/// Units of one order's line, and of which product they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Units {
    /// The line's place in the order, from 0.
    pub line: u32,
    /// What.
    pub product_id: ProductId,
    /// How many.
    pub quantity: u32,
}

/// What may be asked of a customer's purchases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PurchasesCommand {
    /// An order was delivered.
    Record {
        /// Which.
        order_id: OrderId,
        /// All of it.
        bought: Vec<Units>,
    },
    /// Some of an order came back.
    TakeBack {
        /// Which.
        order_id: OrderId,
        /// What of it.
        returned: Vec<Units>,
    },
}

impl Purchases {
    /// What is left to return of a product, the latest purchase first.
    pub fn latest_first(&self, product_id: ProductId) -> impl Iterator<Item = &Purchase> {
        self.bought.get(&product_id).into_iter().flat_map(|purchases| purchases.iter().rev())
    }

    fn left(&self, order_id: OrderId, units: &Units) -> u32 {
        self.latest_first(units.product_id)
            .find(|purchase| purchase.order_id == order_id && purchase.line == units.line)
            .map_or(0, |purchase| purchase.quantity)
    }

    fn take(&mut self, order_id: OrderId, units: &Units) {
        let Some(purchases) = self.bought.get_mut(&units.product_id) else { return };
        let found = purchases.iter().position(|found| found.order_id == order_id && found.line == units.line);
        if let Some(purchase) = found.and_then(|place| purchases.get_mut(place)) {
            purchase.quantity = purchase.quantity.saturating_sub(units.quantity);
        }
        purchases.retain(|purchase| purchase.quantity > 0);
        if purchases.is_empty() {
            self.bought.remove(&units.product_id);
        }
    }
}

impl Decide for Purchases {
    const TYPE: &'static str = "purchases";
    type Command = PurchasesCommand;
    type Event = PurchasesEvent;
    type Error = PurchasesError;

    fn decide(&self, command: PurchasesCommand) -> Result<Vec<PurchasesEvent>, PurchasesError> {
        match command {
            PurchasesCommand::Record { order_id, bought } => {
                at_least_one(&bought)?;
                if bought.iter().any(|units| self.left(order_id, units) > 0) {
                    return Err(PurchasesError::AlreadyRecorded);
                }
                Ok(vec![PurchasesEvent::PurchaseRecorded { order_id, bought }])
            }
            PurchasesCommand::TakeBack { order_id, returned } => {
                at_least_one(&returned)?;
                let mut after = self.clone();
                for units in &returned {
                    let left = after.left(order_id, units);
                    if units.quantity > left {
                        return Err(PurchasesError::AboveBought { line: units.line, left });
                    }
                    after.take(order_id, units);
                }
                Ok(vec![PurchasesEvent::PurchaseReturned { order_id, returned }])
            }
        }
    }

    fn evolve(&mut self, event: &PurchasesEvent) {
        match event {
            PurchasesEvent::PurchaseRecorded { order_id, bought } => {
                for &Units { line, product_id, quantity } in bought {
                    let purchase = Purchase { order_id: *order_id, line, quantity };
                    self.bought.entry(product_id).or_default().push_back(purchase);
                }
            }
            PurchasesEvent::PurchaseReturned { order_id, returned } => {
                for units in returned {
                    self.take(*order_id, units);
                }
            }
        }
    }
}

cqrs_aggregate!(Purchases);

fn at_least_one(units: &[Units]) -> Result<(), PurchasesError> {
    if units.is_empty() || units.iter().any(|units| units.quantity == 0) {
        return Err(PurchasesError::ZeroQuantity);
    }
    Ok(())
}

/// What may have happened to a customer's purchases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PurchasesEvent {
    /// An order was delivered: all of it may come back.
    PurchaseRecorded {
        /// Which.
        order_id: OrderId,
        /// All of it.
        bought: Vec<Units>,
    },
    /// Some of an order came back.
    PurchaseReturned {
        /// Which.
        order_id: OrderId,
        /// What of it.
        returned: Vec<Units>,
    },
}

domain_event!(PurchasesEvent { PurchaseRecorded, PurchaseReturned });

/// Why a customer's purchases refuse a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PurchasesError {
    /// A quantity has to be at least 1.
    #[error("a quantity must be at least 1")]
    ZeroQuantity,
    /// An order is delivered once.
    #[error("the order was recorded already")]
    AlreadyRecorded,
    /// More would come back than is left.
    #[error("only {left} of line {line} are left to return")]
    AboveBought {
        /// The line's place in the order, from 0.
        line: u32,
        /// What was bought and has not come back.
        left: u32,
    },
}

#[cfg(test)]
mod tests;
