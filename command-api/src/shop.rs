//! What the commands of products, reviews, carts, orders and payments work with.

use std::ops::Deref;
use std::sync::Arc;

use event_store::{Decider, Histories, Log};
use identity::addresses::AddressBook;
use identity::personal::Keeper;
use projections::catalog::Products;
use projections::order_history::Orders;
use projections::reviews::ReviewList;
use tokio::sync::Notify;

use crate::config::{PaymentConfig, ShopConfig};
use crate::gateway::Gateways;
use crate::order_numbers::OrderNumbers;
use crate::process_managers::outcomes::Outcomes;
use crate::settlement::Settlement;

/// What the commands of products, carts, orders and payments work with. Cheap to clone: a router does so for each request,
/// and not only once.
#[derive(Clone, Debug)]
pub struct Shop(Arc<Parts>);

/// The parts of it.
#[derive(Debug)]
pub struct Parts {
    /// The decider of this process.
    pub decider: Decider,
    /// For answers that are given again.
    pub log: Log,
    /// For what an answer tells of several streams at once.
    pub histories: Histories,
    /// Keeps what events may not hold of a person.
    pub personal: Keeper,
    /// Where customers are at home, and what orders name.
    pub addresses: AddressBook,
    /// Numbers for new orders.
    pub order_numbers: OrderNumbers,
    /// The catalog as it was read last: which products to show beside one.
    pub products: Products,
    /// Orders as they were read last: which ones a customer has bought something in.
    pub orders: Orders,
    /// Reviews as they were read last: what those of a product come to, and which are the latest.
    pub reviews: ReviewList,
    /// The rules.
    pub rules: ShopConfig,
    /// How payments are taken.
    pub payments: PaymentConfig,
    /// The gateways that may be named.
    pub gateways: Gateways,
    /// What becomes of payments.
    pub outcomes: Outcomes,
    /// Asks gateways what they know.
    pub settlement: Settlement,
    /// Wakes the process manager of payments.
    pub poke: Arc<Notify>,
}

impl From<Parts> for Shop {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for Shop {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
