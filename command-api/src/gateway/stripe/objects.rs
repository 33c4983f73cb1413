//! Stripe's objects, as far as they are read (<https://docs.stripe.com/api/payment_intents/object>).

use std::collections::HashMap;

use domain::Money;
use domain::ids::RefundId;
use serde::Deserialize;

use super::super::{CardFace, Charged, GatewayError, GivenBack};
use super::{minor_units, unexpected};

/// The body of an answer that says no.
#[derive(Debug, Deserialize)]
pub(super) struct Failure {
    pub error: Problem,
}

/// Why not.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Problem {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
    decline_code: Option<String>,
    param: Option<String>,
}

impl Problem {
    /// One that Stripe needn't be asked to find.
    pub(super) fn of(code: &str) -> Self {
        Self { kind: None, code: Some(code.to_owned()), decline_code: None, param: None }
    }

    /// The most particular word that Stripe has for it. Its message is for people, and may tell of them.
    pub(super) fn word(&self) -> String {
        let word = [&self.decline_code, &self.code, &self.kind].into_iter().flatten().next();
        word.cloned().unwrap_or_else(|| "refused".to_owned())
    }

    /// The intent is not in a state for it: it was confirmed or cancelled before.
    pub(super) fn is_of_state(&self) -> bool {
        self.code.as_deref() == Some("payment_intent_unexpected_state")
    }

    /// What was asked about isn't there.
    pub(super) fn is_missing(&self) -> bool {
        self.code.as_deref() == Some("resource_missing")
    }

    /// The customer for whom it was asked isn't there: somebody has deleted them.
    pub(super) fn is_of_customer(&self) -> bool {
        self.is_missing() && self.param.as_deref() == Some("customer")
    }

    /// The idempotency key was used for something else: what was asked for didn't happen, and nothing is known.
    pub(super) fn is_of_key(&self) -> bool {
        self.kind.as_deref() == Some("idempotency_error")
    }
}

/// A payment, at Stripe.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Intent {
    pub id: String,
    pub status: String,
    #[serde(default)]
    amount_received: i64,
    #[serde(default)]
    currency: String,
    next_action: Option<NextAction>,
    last_payment_error: Option<Problem>,
    latest_charge: Option<LatestCharge>,
}

#[derive(Clone, Debug, Deserialize)]
struct NextAction {
    redirect_to_url: Option<RedirectToUrl>,
}

#[derive(Clone, Debug, Deserialize)]
struct RedirectToUrl {
    url: Option<String>,
}

/// Its id alone, unless it was asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum LatestCharge {
    Whole(Box<WholeCharge>),
    Id(#[allow(dead_code, reason = "it is there to be skipped")] String),
}

#[derive(Clone, Debug, Deserialize)]
struct WholeCharge {
    receipt_url: Option<String>,
    payment_method_details: Option<MethodDetails>,
}

#[derive(Clone, Debug, Deserialize)]
struct MethodDetails {
    card: Option<CardDetails>,
}

#[derive(Clone, Debug, Deserialize)]
struct CardDetails {
    brand: Option<String>,
    last4: Option<String>,
}

impl Intent {
    /// Nothing more will come of it.
    pub(super) fn is_cancelled(&self) -> bool {
        self.status == "canceled"
    }

    /// It was paid, or never will be.
    pub(super) fn is_over(&self) -> bool {
        self.status == "succeeded" || self.is_cancelled()
    }

    /// Money has moved, or is about to, or never will.
    pub(super) fn has_moved(&self) -> bool {
        self.status == "processing" || self.is_over()
    }

    /// Nobody's money is on the way, nobody is asked for anything.
    pub(super) fn can_be_confirmed(&self) -> bool {
        matches!(self.status.as_str(), "requires_payment_method" | "requires_confirmation")
    }

    /// What it says of what is owed; nothing while nobody was charged.
    pub(super) fn charged(self, owed: Money) -> Result<Option<Charged>, GatewayError> {
        Ok(match self.status.as_str() {
            "succeeded" => Some(self.captured(owed)?),
            "requires_action" => {
                let url = self.next_action.and_then(|next| next.redirect_to_url?.url);
                let url = url.ok_or_else(|| unexpected("Stripe asks for an action that has no page"))?;
                Some(Charged::ActionRequired { url })
            }
            "processing" => Some(Charged::Pending),
            "canceled" => Some(Charged::Declined { code: "canceled".to_owned() }),
            "requires_payment_method" | "requires_confirmation" => {
                self.last_payment_error.map(|problem| Charged::Declined { code: problem.word() })
            }
            other => return Err(unexpected(format!("a PaymentIntent is {other}"))),
        })
    }

    fn captured(self, owed: Money) -> Result<Charged, GatewayError> {
        let currency = self.currency.eq_ignore_ascii_case(owed.currency.code());
        if self.amount_received != minor_units(owed) || !currency {
            return Err(unexpected("Stripe captured another amount than what is owed"));
        }
        let charge = match self.latest_charge {
            Some(LatestCharge::Whole(charge)) => Some(*charge),
            Some(LatestCharge::Id(_)) | None => None,
        };
        let (receipt, details) =
            charge.map_or((None, None), |charge| (charge.receipt_url, charge.payment_method_details));
        let card = details.and_then(|details| details.card);
        let (brand, last4) = card.map_or((None, None), |card| (card.brand, card.last4));
        Ok(Charged::Captured { reference: self.id, brand, last4, receipt })
    }
}

/// Money that goes back.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Refund {
    pub id: String,
    status: Option<String>,
    failure_reason: Option<String>,
    metadata: Option<HashMap<String, String>>,
}

impl Refund {
    /// Which one of ours it is, if it is ours.
    pub(super) fn refund_id(&self) -> Option<RefundId> {
        self.metadata.as_ref()?.get("refund_id")?.parse().ok()
    }

    /// What became of it. Some take days (`pending`), or wait for the customer (`requires_action`).
    pub(super) fn given_back(self) -> GivenBack {
        match self.status.as_deref() {
            Some("succeeded") => GivenBack::Refunded { reference: self.id },
            Some(status @ ("failed" | "canceled")) => {
                GivenBack::Refused { code: self.failure_reason.unwrap_or_else(|| status.to_owned()) }
            }
            Some(_) | None => GivenBack::Pending,
        }
    }
}

/// The most that Stripe lists at once.
pub(super) const PAGE: usize = 100;

/// A page of a list.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct List<T> {
    pub data: Vec<T>,
    #[serde(default)]
    pub has_more: bool,
}

/// A person, at Stripe.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Customer {
    pub id: String,
    /// Nothing is left of them but this.
    #[serde(default)]
    pub deleted: bool,
}

/// A card, at Stripe.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Method {
    pub id: String,
    /// Whose it is, if it is anybody's.
    pub customer: Option<String>,
    card: Option<Card>,
}

#[derive(Clone, Debug, Deserialize)]
struct Card {
    brand: String,
    last4: Option<String>,
    exp_month: i16,
    exp_year: i16,
}

impl Method {
    /// What a person may know of it, if it is a card.
    pub(super) fn face(self) -> Option<CardFace> {
        let Card { brand, last4, exp_month, exp_year } = self.card?;
        Some(CardFace { brand, last4: last4?, expiry_month: exp_month, expiry_year: exp_year })
    }
}
