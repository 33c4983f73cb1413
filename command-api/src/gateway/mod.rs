//! Payment gateways: what a company elsewhere does with a customer's money, as far as Daybook asks it to.
//!
//! Whatever is asked for has a key. Asking again with the same key is answered the same and moves no more money, so
//! that a process that doesn't know what became of its request may simply ask again. What a gateway tells by itself (a
//! webhook) is only a reason to ask it: so notices may come twice, late and in any order. One that never comes is read in the
//! gateway's list, where it keeps one.

mod notice;
mod signature;
pub mod simulator;
pub mod stripe;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use domain::ids::{PaymentId, RefundId, UserId};
use domain::{Currency, Minor, Money};

pub use notice::{BadNotice, Notice, NoticePage};
pub use simulator::Simulator;
pub use stripe::Stripe;

/// A gateway.
#[async_trait]
pub trait Gateway: Send + Sync + 'static {
    /// Whether it takes this token of a client's for a method, known to it or not: what can't be one is refused before
    /// it is asked.
    fn accepts(&self, token: &str) -> bool;

    /// The least that two amounts differ by, in minor units of the currency: an amount of anything but whole steps is refused
    /// before the gateway is asked, for it would be refused there or read as another one.
    fn step(&self, _: Currency) -> Minor {
        1
    }

    /// Whether this amount is one of whole steps.
    fn takes(&self, amount: Money) -> bool {
        amount.amount % self.step(amount.currency).max(1) == 0
    }

    /// A page of its own where a person can choose how to pay, if it has one.
    fn page(&self, payment_id: PaymentId) -> Option<String>;

    /// Asks for money. An answer that says no is an answer.
    async fn charge(&self, charge: &Charge) -> Result<Charged, GatewayError>;

    /// What became of a charge that may have been asked for; nothing if it wasn't.
    async fn look_up(&self, asked: &Asked) -> Result<Option<Charged>, GatewayError>;

    /// Wants the money no longer. It may be too late: then it is captured, else declined.
    async fn give_up(&self, asked: &Asked) -> Result<Charged, GatewayError>;

    /// Gives money back.
    async fn refund(&self, refund: &GiveBack) -> Result<GivenBack, GatewayError>;

    /// What became of the refunds of a charge, by its own id of that. One that went back may fail for some weeks yet.
    async fn refunds(&self, charge: &str) -> Result<BTreeMap<RefundId, GivenBack>, GatewayError>;

    /// Keeps a customer's method, for charges to come.
    async fn keep(&self, keep: &Keep<'_>) -> Result<Kept, GatewayError>;

    /// Forgets what it kept: a method, or a customer with all their methods. What it doesn't have any more is forgotten.
    async fn forget(&self, reference: &str) -> Result<(), GatewayError>;

    /// Reads what it tells by itself, if it is it who tells.
    fn hear(&self, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Result<Notice, BadNotice>;

    /// How often it is asked for what it told by itself, if it keeps a list of that.
    fn listed_every(&self) -> Option<Duration> {
        None
    }

    /// A page of what it told by itself: since then, or for as long as it knows, and before the notice of this id.
    async fn listed(
        &self,
        _since: Option<DateTime<Utc>>,
        _before: Option<&str>,
    ) -> Result<NoticePage, GatewayError> {
        Ok(NoticePage::default())
    }
}

/// An attempt to pay, as a gateway knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Its number: another attempt is another charge.
    pub attempt: u32,
    /// How much.
    pub amount: Money,
}

impl Asked {
    /// The key of the attempt.
    pub fn key(&self) -> String {
        format!("{}:{}", self.payment_id, self.attempt)
    }
}

/// Money to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// For which attempt.
    pub asked: Asked,
    /// The gateway's token for the method.
    pub token: String,
    /// Where the customer goes from a page of the gateway's.
    pub pages: Pages,
}

/// Where a customer goes from a page of the gateway's, as the client said.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pages {
    /// When they did what was to be done.
    pub return_url: Option<String>,
    /// When they did not.
    pub cancel_url: Option<String>,
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
        /// Where it shows its receipt.
        receipt: Option<String>,
    },
    /// The customer has to act first (3-D Secure).
    ActionRequired {
        /// Where.
        url: String,
    },
    /// It doesn't know yet.
    Pending,
    /// No.
    Declined {
        /// Why: a word like `card_declined`.
        code: String,
    },
}

/// Money to be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GiveBack {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Which refund: its key.
    pub refund_id: RefundId,
    /// The gateway's own id of the charge.
    pub charge: String,
    /// How much.
    pub amount: Money,
    /// Of how much: all refunds together are no more.
    pub captured: Money,
    /// It may have been asked for before.
    pub may_be_known: bool,
}

/// What a gateway says of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenBack {
    /// Done.
    Refunded {
        /// The gateway's own id of the refund.
        reference: String,
    },
    /// It doesn't know yet.
    Pending,
    /// It won't.
    Refused {
        /// Why.
        code: String,
    },
}

/// A method to be kept.
#[derive(Clone, Copy, Debug)]
pub struct Keep<'a> {
    /// For whom.
    pub user: UserId,
    /// The gateway's token for it, as the client has it.
    pub token: &'a str,
    /// Under this it is kept once, however often it is asked for. Without it every time is another one.
    pub key: Option<&'a str>,
}

/// What a gateway says of a method that it is to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It keeps it.
    Card {
        /// The token by which it is charged from now on.
        reference: String,
        /// What a person may know of it.
        card: CardFace,
    },
    /// It won't.
    Refused {
        /// Why.
        code: String,
    },
}

/// What a person may know of a card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardFace {
    /// Its brand, as `visa`.
    pub brand: String,
    /// Its last four digits.
    pub last4: String,
    /// The last month in which it can be used, 1 to 12.
    pub expiry_month: i16,
    /// That month's year.
    pub expiry_year: i16,
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

/// The longest name of a method that is read from a client: a token of any gateway's, or our id of a stored one.
pub const LONGEST_METHOD: usize = 100;

/// Whether this has the form of a token: one of these prefixes, and a word.
pub fn is_token(text: &str, prefixes: &[&str]) -> bool {
    let word = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)).unwrap_or_default();
    let of_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.len() <= LONGEST_METHOD && !word.is_empty() && word.bytes().all(of_word)
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

    /// All of them, with their names.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &Arc<dyn Gateway>)> {
        self.0.iter().map(|(name, gateway)| (*name, gateway))
    }

    /// The name of one that is configured, as this build writes it.
    pub fn name(&self, name: &str) -> Option<&'static str> {
        self.0.keys().copied().find(|known| *known == name)
    }

    /// What is wrong with an amount of which this gateway can't take every unit.
    pub fn too_fine(&self, name: &str, amount: Money) -> Option<String> {
        let gateway = self.get(name).filter(|gateway| !gateway.takes(amount))?;
        let step = Money::new(gateway.step(amount.currency), amount.currency);
        Some(format!("amount must be a multiple of {step} {}: {name} takes no other", amount.currency))
    }

    /// The one for who names none.
    pub fn preferred(&self) -> Option<&'static str> {
        KNOWN.into_iter().find(|name| self.0.contains_key(name))
    }

    /// A page where a person can pay, if the preferred gateway has one.
    pub fn page(&self, payment_id: PaymentId) -> Option<String> {
        self.get(self.preferred()?)?.page(payment_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_a_prefix_and_a_word_that_is_not_too_long() {
        let of_length = |length: usize| format!("tok_{}", "a".repeat(length - 4));
        assert!(is_token(&of_length(LONGEST_METHOD), &["tok_", "pm_"]));
        assert!(is_token("pm_card_visa", &["tok_", "pm_"]) && !is_token("pm_card_visa", &["tok_"]));
        for wrong in ["", "tok_", "tok_'--", "4242424242424242", &of_length(LONGEST_METHOD + 1)] {
            assert!(!is_token(wrong, &["tok_", "pm_"]), "{wrong}");
        }
    }
}
