//! Refunds: made once, and looked for among the payment's before one is made again.
//!
//! # Why no money goes back twice
//! Stripe makes as many refunds of an intent as it is asked for, up to what was captured. One that may have been asked for is
//! looked for in Stripe's list first, and asked for by its one key. Where Stripe repeats a failure under that key the next
//! one is no way out: what failed is "indeterminate", Stripe may make up for it hours later
//! (<https://docs.stripe.com/error-low-level#server-errors>), and no look before shows that. So a refund has further keys
//! only where Stripe itself refuses the second: two of more than half of what was captured are more than was captured. A
//! smaller one waits until it is in the list, or Stripe has forgotten the key: after a day, as for any other answer.

use std::collections::BTreeMap;

use domain::ids::RefundId;

use super::super::{GatewayError, GiveBack, GivenBack};
use super::http::Keys;
use super::objects::{List, PAGE, Refund};
use super::{Stripe, minor_units, refused_call};

impl Stripe {
    /// Gives money back. One that may have been asked for is looked for first, and not only asked for by its key: Stripe
    /// forgets keys after a day, and what is answered again under one is how the refund stood then.
    pub(super) async fn give_back(&self, refund: &GiveBack) -> Result<GivenBack, GatewayError> {
        if refund.may_be_known
            && let Some(made) = self.made_refund(refund).await?
        {
            return Ok(made.given_back());
        }
        let form = [
            ("payment_intent", refund.charge.clone()),
            ("amount", minor_units(refund.amount).to_string()),
            ("metadata[payment_id]", refund.payment_id.to_string()),
            ("metadata[refund_id]", refund.refund_id.to_string()),
        ];
        let asked = self.http.post("/v1/refunds", &form, &keys(refund), || self.made_refund(refund)).await?;
        let problem = match asked.result {
            Ok(made) => return Ok(made.given_back()),
            Err(problem) => problem,
        };
        // It may be refused because Stripe has just made up for a failure, so that nothing is left to go back.
        let made = self.made_refund(refund).await?;
        Ok(made.map_or_else(|| GivenBack::Refused { code: problem.word() }, Refund::given_back))
    }

    /// What became of the refunds of an intent that are ours.
    pub(super) async fn standing_refunds(
        &self,
        intent: &str,
    ) -> Result<BTreeMap<RefundId, GivenBack>, GatewayError> {
        let made = self.made_refunds(intent).await?.into_iter();
        Ok(made.filter_map(|made| Some((made.refund_id()?, made.given_back()))).collect())
    }

    /// The refund as it is now, if it was made.
    async fn made_refund(&self, refund: &GiveBack) -> Result<Option<Refund>, GatewayError> {
        let made = self.made_refunds(&refund.charge).await?;
        Ok(made.into_iter().find(|made| made.refund_id() == Some(refund.refund_id)))
    }

    /// All refunds of an intent as they are now, the newest first.
    async fn made_refunds(&self, intent: &str) -> Result<Vec<Refund>, GatewayError> {
        let first = format!("/v1/refunds?payment_intent={intent}&limit={PAGE}");
        let (mut path, mut made) = (first.clone(), Vec::new());
        loop {
            let page = match self.http.get::<List<Refund>>(&path).await?.result {
                Ok(page) => page,
                // Of an intent that Stripe doesn't know nothing went back.
                Err(problem) if problem.is_missing() => return Ok(made),
                Err(problem) => return Err(refused_call(&problem)),
            };
            let last = page.data.last().map(|refund| refund.id.clone());
            made.extend(page.data);
            match last.filter(|_| page.has_more) {
                Some(last) => path = format!("{first}&starting_after={last}"),
                None => return Ok(made),
            }
        }
    }
}

/// The refund's id; with what may follow it where Stripe refuses the second of two such refunds.
fn keys(refund: &GiveBack) -> Keys {
    let key = refund.refund_id.to_string();
    let left_by_one = refund.captured.amount.saturating_sub(refund.amount.amount);
    if refund.amount.amount > left_by_one { Keys::from(key) } else { Keys::only(key) }
}

#[cfg(test)]
mod tests {
    use domain::Money;
    use domain::ids::PaymentId;
    use uuid::Uuid;

    use super::*;

    /// Guards against a second refund under a second key, where there is enough left for both.
    #[test]
    fn only_a_refund_that_cannot_go_back_twice_has_further_keys() {
        let follow = |amount| {
            let money = |amount| Money::new(amount, "USD".parse().unwrap());
            let refund = GiveBack {
                payment_id: PaymentId(Uuid::from_u128(1)),
                refund_id: RefundId(Uuid::from_u128(2)),
                charge: "pi_1".to_owned(),
                amount: money(amount),
                captured: money(100),
                may_be_known: false,
            };
            keys(&refund).in_order().count() > 1
        };
        assert!(follow(100) && follow(51));
        assert!(!follow(50) && !follow(1));
    }
}
