//! Refunds: made once, and looked for among the payment's before one is made again.

use super::super::{GatewayError, GiveBack, GivenBack};
use super::objects::{List, Refund};
use super::{Stripe, minor_units, refused_call};

/// The most that Stripe lists at once.
const PAGE: usize = 100;

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
        let key = refund.refund_id.to_string();
        Ok(match self.http.post::<Refund>("/v1/refunds", &form, Some(&key)).await?.result {
            Ok(made) => made.given_back(),
            Err(problem) => GivenBack::Refused { code: problem.word() },
        })
    }

    /// The refund as it is now, if it was made.
    async fn made_refund(&self, refund: &GiveBack) -> Result<Option<Refund>, GatewayError> {
        let first = format!("/v1/refunds?payment_intent={}&limit={PAGE}", refund.charge);
        let mut path = first.clone();
        loop {
            let page = match self.http.get::<List<Refund>>(&path).await?.result {
                Ok(page) => page,
                // Of an intent that Stripe doesn't know nothing went back.
                Err(problem) if problem.is_missing() => return Ok(None),
                Err(problem) => return Err(refused_call(&problem)),
            };
            let last = page.data.last().map(|refund| refund.id.clone());
            if let Some(found) = page.data.into_iter().find(|made| made.is(refund.refund_id)) {
                return Ok(Some(found));
            }
            match last.filter(|_| page.has_more) {
                Some(last) => path = format!("{first}&starting_after={last}"),
                None => return Ok(None),
            }
        }
    }
}
