//! Stripe, by its HTTP API (<https://docs.stripe.com/api>): one `PaymentIntent` for each payment, which is confirmed once
//! for each attempt.
//!
//! The intent is created under the payment's id as idempotency key, which moves no money, and noted before it is
//! confirmed, so that it is found when Stripe has forgotten the key; an attempt is a confirmation under the payment's id,
//! the attempt's number, the intent's id and a hash of what is asked. An intent succeeds once, whatever is asked of it. One
//! that was cancelled makes room for the next attempt's.

mod customers;
mod events;
mod http;
mod intents;
mod made;
mod methods;
mod objects;
mod refunds;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};
use domain::ids::{PaymentId, RefundId};
use domain::{Currency, Minor, Money};
use sqlx::PgPool;

use self::customers::Customers;
use self::http::Http;
use self::made::MadeIntents;
use self::objects::Problem;
use super::{
    Asked, BadNotice, Charge, Charged, Gateway, GatewayError, GiveBack, GivenBack, Keep, Kept, Notice,
    NoticePage, is_token,
};
use crate::config::StripeConfig;

/// Its name.
pub const NAME: &str = "stripe";

/// The header with the signature of its webhooks.
const SIGNATURE: &str = "stripe-signature";

/// The gateway. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stripe {
    http: Http,
    made: MadeIntents,
    customers: Customers,
    /// Webhooks are heard only with it.
    webhook_secret: Option<String>,
    events_every: Duration,
    /// Where a customer goes from Stripe's page who has no page to go to.
    home_url: String,
}

impl Stripe {
    /// The gateway that this configuration leads to, of a shop at `home_url` that notes in `pool` what was made there.
    pub fn new(config: &StripeConfig, home_url: &str, pool: PgPool) -> Self {
        Self {
            http: Http::new(&config.url, &config.key),
            made: MadeIntents(pool.clone()),
            customers: Customers(pool),
            webhook_secret: config.webhook_secret.clone(),
            events_every: config.events_every,
            home_url: home_url.to_owned(),
        }
    }
}

#[async_trait]
impl Gateway for Stripe {
    fn accepts(&self, token: &str) -> bool {
        is_token(token, &["tok_", "pm_"])
    }

    fn step(&self, currency: Currency) -> Minor {
        step(currency)
    }

    fn page(&self, _: PaymentId) -> Option<String> {
        None
    }

    async fn charge(&self, charge: &Charge) -> Result<Charged, GatewayError> {
        self.confirm(charge).await
    }

    async fn look_up(&self, asked: &Asked) -> Result<Option<Charged>, GatewayError> {
        self.standing(asked).await
    }

    async fn give_up(&self, asked: &Asked) -> Result<Charged, GatewayError> {
        self.cancel(asked).await
    }

    async fn refund(&self, refund: &GiveBack) -> Result<GivenBack, GatewayError> {
        if !self.takes(refund.amount) {
            return Ok(GivenBack::Refused { code: TOO_FINE.to_owned() });
        }
        self.give_back(refund).await
    }

    async fn refunds(&self, charge: &str) -> Result<BTreeMap<RefundId, GivenBack>, GatewayError> {
        self.standing_refunds(charge).await
    }

    async fn keep(&self, keep: &Keep<'_>) -> Result<Kept, GatewayError> {
        self.attach(keep).await
    }

    async fn forget(&self, reference: &str) -> Result<(), GatewayError> {
        self.forget_kept(reference).await
    }

    fn hear(&self, headers: &HeaderMap, body: &[u8], now: DateTime<Utc>) -> Result<Notice, BadNotice> {
        let secret = self.webhook_secret.as_deref().ok_or(BadNotice::Signature)?;
        Notice::signed(headers, SIGNATURE, body, secret, now)
    }

    fn listed_every(&self) -> Option<Duration> {
        Some(self.events_every)
    }

    async fn listed(
        &self,
        since: Option<DateTime<Utc>>,
        before: Option<&str>,
    ) -> Result<NoticePage, GatewayError> {
        self.events(since, before).await
    }
}

/// Why an amount is refused of which Stripe can't take every unit. Nothing is rounded: one that Stripe would refuse, or read
/// as another, isn't sent.
const TOO_FINE: &str = "amount_too_fine";

/// The amount as Stripe counts it, if it is one of whole steps: in the currency's minor units; but for two currencies without
/// any that are counted in hundredths all the same, and one that has them by ISO 4217 and is counted without
/// (<https://docs.stripe.com/currencies#special-cases>, <https://docs.stripe.com/currencies#zero-decimal>).
fn minor_units(Money { amount, currency }: Money) -> i64 {
    match currency.code() {
        "ISK" | "UGX" => amount.saturating_mul(100),
        "MGA" => amount / step(currency),
        _ => amount,
    }
}

/// The least that two amounts differ by at Stripe, in our minor units: of a currency with three decimals the last one has to
/// be 0 (<https://docs.stripe.com/currencies#three-decimal>).
fn step(currency: Currency) -> Minor {
    match (currency.code(), currency.decimals()) {
        ("MGA", _) => 100,
        (_, 3) => 10,
        (..) => 1,
    }
}

/// What can't be, if Stripe is as it is documented.
fn unexpected(what: impl Into<String>) -> GatewayError {
    GatewayError(what.into().into())
}

fn refused_call(problem: &Problem) -> GatewayError {
    unexpected(format!("Stripe refuses the request: {}", problem.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_counted_as_stripe_counts_them() {
        let of = |amount, code: &str| minor_units(Money::new(amount, code.parse().unwrap()));
        assert_eq!((of(86_398, "USD"), of(500, "JPY"), of(1_500, "KWD")), (86_398, 500, 1_500));
        assert_eq!((of(500, "ISK"), of(500, "UGX")), (50_000, 50_000));
        assert_eq!(of(500_000, "MGA"), 5_000, "the ariary is counted whole");
    }

    /// Guards against an amount that is rounded, or read as another one.
    #[test]
    fn an_amount_is_one_of_whole_steps() {
        let of = |code: &str| step(code.parse().unwrap());
        for code in ["BHD", "JOD", "KWD", "OMR", "TND"] {
            assert_eq!(of(code), 10, "{code}");
        }
        assert_eq!((of("USD"), of("JPY"), of("ISK"), of("MGA")), (1, 1, 1, 100));
    }
}
