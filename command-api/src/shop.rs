//! What the commands of products, carts, orders and payments work with.

use std::sync::Arc;

use event_store::{Decider, Log};
use identity::addresses::AddressBook;
use identity::personal::Keeper;
use tokio::sync::Notify;

use crate::config::{PaymentConfig, ShopConfig};
use crate::gateway::Gateways;
use crate::order_numbers::OrderNumbers;
use crate::process_managers::outcomes::Outcomes;
use crate::settlement::Settlement;

/// What the commands of products, carts, orders and payments work with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shop {
    /// The decider of this process.
    pub decider: Decider,
    /// For answers that are given again.
    pub log: Log,
    /// Keeps what events may not hold of a person.
    pub personal: Keeper,
    /// Where customers are at home, and what orders name.
    pub addresses: AddressBook,
    /// Numbers for new orders.
    pub order_numbers: OrderNumbers,
    /// The rules.
    pub rules: Arc<ShopConfig>,
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
