//! Refunds: made once, and looked for among the payment's before one is made again.
//!
//! # Why no money goes back twice
//! Stripe makes as many refunds of an intent as it is asked for, up to what was captured: so here the keys are what counts.
//! A refund that may have been asked for is looked for in Stripe's list before it is asked for again. All who ask for it at
//! the same time take the same keys in the same order, and the next one only after the one before has failed for good and
//! the list still has no refund ([`super::http::Http::post`]). A key acts a second time only when Stripe has forgotten it,
//! after a day or later: so the next key is taken only while the refund itself is younger than that, when nobody can make
//! any of its keys act again. Later the first key alone is asked by, after a look that sees what any of them did.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::RefundId;

use super::super::{GatewayError, GiveBack, GivenBack};
use super::http::Keys;
use super::objects::{List, Refund};
use super::{Stripe, minor_units, refused_call};

/// The most that Stripe lists at once.
const PAGE: usize = 100;

/// How long Stripe remembers a key at least, less what clocks may differ and a request may take.
const REMEMBERED: TimeDelta = TimeDelta::hours(23);

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
        let keys = keys(refund.refund_id, Utc::now());
        Ok(match self.http.post("/v1/refunds", &form, &keys, || self.made_refund(refund)).await?.result {
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

/// The refund's id; and what may follow it while every key of this refund is remembered. None is older than the refund, and
/// its id says when it was requested.
fn keys(refund: RefundId, now: DateTime<Utc>) -> Keys {
    let requested = refund.0.get_timestamp().and_then(|at| i64::try_from(at.to_unix().0).ok());
    match requested {
        Some(requested) if now.timestamp().saturating_sub(requested) < REMEMBERED.num_seconds() => {
            Keys::from(refund.to_string())
        }
        Some(_) | None => Keys::only(refund.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use uuid::{Builder, Uuid};

    use super::*;

    /// Guards against a second refund under a later key, made while Stripe forgets the ones before.
    #[test]
    fn the_next_key_is_taken_only_while_stripe_remembers_all_of_them() {
        let now = Utc::now();
        let requested = |ago: TimeDelta| {
            let millis = u64::try_from((now - ago).timestamp_millis()).unwrap();
            RefundId(Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid())
        };
        let follow = |refund: RefundId| keys(refund, now).in_order().count() > 1;
        assert!(follow(requested(TimeDelta::zero())) && follow(requested(TimeDelta::hours(22))));
        assert!(!follow(requested(TimeDelta::hours(23))) && !follow(requested(TimeDelta::days(30))));
        assert!(!follow(RefundId(Uuid::from_u128(7))), "an id that tells no time");
    }
}
