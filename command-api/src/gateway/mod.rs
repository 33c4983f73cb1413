//! Payment gateways: what a company elsewhere does with a customer's money, as far as Daybook asks it to.
//!
//! Whatever is asked for has a key. Asking again with the same key is answered the same and moves no more money, so
//! that a process that doesn't know what became of its request may simply ask again.

mod simulator;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::Money;
use domain::ids::{PaymentId, RefundId};

pub use simulator::Simulator;

/// A gateway.
#[async_trait]
pub trait Gateway: Send + Sync + 'static {
    /// Whether it takes this token for a method, known to it or not: what can't be one is refused before it is asked.
    fn accepts(&self, token: &str) -> bool;

    /// Asks for money. An answer that says no is an answer.
    async fn charge(&self, charge: &Charge) -> Result<Charged, GatewayError>;

    /// What became of a charge that may have been asked for; nothing if it wasn't.
    async fn look_up(&self, key: &str) -> Result<Option<Charged>, GatewayError>;

    /// Gives money back.
    async fn refund(&self, refund: &GiveBack) -> Result<GivenBack, GatewayError>;
}

/// Money to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// [`charge_key`].
    pub key: String,
    /// How much.
    pub amount: Money,
    /// The gateway's token for the method.
    pub token: String,
}

/// The key of an attempt to pay: another attempt is another charge.
pub fn charge_key(payment_id: PaymentId, attempt: u32) -> String {
    format!("{payment_id}:{attempt}")
}

/// What a gateway says of a charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Charged {
    /// The money is ours.
    Captured {
        /// The gateway's own id of the charge.
        reference: String,
        /// The card's brand.
        brand: Option<String>,
        /// Its last four digits.
        last4: Option<String>,
    },
    /// The customer has to act first (3-D Secure).
    ActionRequired {
        /// Where.
        url: String,
    },
    /// No.
    Declined {
        /// Why: a word like `card_declined`.
        code: String,
    },
}

/// Money to be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiveBack {
    /// Which refund: its key.
    pub refund_id: RefundId,
    /// The gateway's own id of the charge.
    pub charge: String,
    /// How much.
    pub amount: Money,
}

/// What a gateway says of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenBack {
    /// Done.
    Refunded {
        /// The gateway's own id of the refund.
        reference: String,
    },
    /// It won't.
    Refused {
        /// Why.
        code: String,
    },
}

/// The gateway gave no answer: what became of the request is unknown, and it is to be asked again.
#[derive(Debug, thiserror::Error)]
#[error("the gateway gave no answer")]
pub struct GatewayError(#[source] pub api_contract::BoxError);

/// The gateways that are configured, by name. Cheap to clone.
#[derive(Clone, Default)]
pub struct Gateways(Arc<BTreeMap<&'static str, Arc<dyn Gateway>>>);

impl std::fmt::Debug for Gateways {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The gateways that this build knows, the one to be preferred first.
pub const KNOWN: [&str; 2] = ["stripe", "simulator"];

impl Gateways {
    /// These.
    pub fn new(gateways: impl IntoIterator<Item = (&'static str, Arc<dyn Gateway>)>) -> Self {
        Self(Arc::new(gateways.into_iter().collect()))
    }

    /// One by its name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Gateway>> {
        self.0.get(name)
    }

    /// The one for who names none.
    pub fn preferred(&self) -> Option<&'static str> {
        KNOWN.into_iter().find(|name| self.0.contains_key(name))
    }
}
