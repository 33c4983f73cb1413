//! What became of the notices of a list, and whether it is of use to read on in it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::ids::PaymentId;

use crate::settlement::Unsettled;

/// After how many payments in a row of which a gateway gave no answer it is left alone. A single one may have something odd
/// about it, which keeps nothing else back.
const IN_VAIN: usize = 3;

/// What became of the notices of a list. The newest come first.
#[derive(Debug, Default)]
pub(super) struct Heeded {
    /// How many counted: no webhook had brought them.
    pub missed: usize,
    /// How many could not be taken.
    pub left: usize,
    /// Why the last of those could not.
    pub why: Option<Unsettled>,
    newest: Option<DateTime<Utc>>,
    oldest_left: Option<DateTime<Utc>>,
    /// The payments that were asked about in vain since anything was taken.
    in_vain: BTreeSet<PaymentId>,
}

impl Heeded {
    /// Up to when all was taken.
    pub(super) fn until(&self) -> Option<DateTime<Utc>> {
        self.oldest_left.or(self.newest)
    }

    /// Whether a question about this payment was in vain just now: another notice of it is no reason to ask again.
    pub(super) fn is_in_vain(&self, payment_id: Option<PaymentId>) -> bool {
        payment_id.is_some_and(|id| self.in_vain.contains(&id))
    }

    /// One was taken; or it was known, or none of ours.
    pub(super) fn take(&mut self, at: DateTime<Utc>, is_new: bool) {
        self.newest = self.newest.max(Some(at));
        if is_new {
            self.missed += 1;
            self.in_vain.clear();
        }
    }

    /// One could not be taken, and is to be read again.
    pub(super) fn leave(&mut self, at: DateTime<Utc>) {
        self.left += 1;
        self.oldest_left = Some(at);
    }

    /// The same, after a question about this payment. An error is the end: the others couldn't be taken now either.
    pub(super) fn leave_because(
        &mut self,
        at: DateTime<Utc>,
        payment_id: Option<PaymentId>,
        unsettled: Unsettled,
    ) -> Result<(), Unsettled> {
        self.leave(at);
        if let Unsettled::Gateway(_) = unsettled {
            self.in_vain.extend(payment_id);
        }
        if unsettled.is_of_all() || self.in_vain.len() >= IN_VAIN {
            return Err(unsettled);
        }
        self.why = Some(unsettled);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use event_store::decider::Failure;
    use uuid::Uuid;

    use super::*;
    use crate::gateway::GatewayError;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn payment(number: u128) -> PaymentId {
        PaymentId(Uuid::from_u128(number))
    }

    fn no_answer() -> Unsettled {
        Unsettled::Gateway(GatewayError("deaf".into()))
    }

    #[test]
    fn what_counted_is_what_no_webhook_brought() {
        let mut heeded = Heeded::default();
        for (seconds, is_new) in [(40, true), (30, false), (20, true)] {
            heeded.take(at(seconds), is_new);
        }
        assert_eq!((heeded.missed, heeded.left, heeded.until()), (2, 0, Some(at(40))));
    }

    #[test]
    fn what_was_left_is_read_again_and_keeps_nothing_back() {
        let mut heeded = Heeded::default();
        heeded.take(at(40), true);
        for (seconds, number, why) in [
            (30, 1, no_answer()),
            (25, 2, Unsettled::NoGateway("gone".to_owned())),
            (20, 3, Unsettled::Pending),
            (15, 4, Unsettled::Log(Failure::Broken)),
        ] {
            heeded.leave_because(at(seconds), Some(payment(number)), why).unwrap();
        }
        heeded.take(at(10), true);
        assert_eq!((heeded.missed, heeded.left, heeded.until()), (2, 4, Some(at(15))));
    }

    /// Guards against an outage in which each of a thousand notices is asked about for a minute.
    #[test]
    fn a_list_is_left_alone_where_nothing_can_be_taken() {
        for of_all in [
            Unsettled::Postgres(sqlx::Error::PoolTimedOut),
            Unsettled::Log(Failure::Unavailable),
            Unsettled::Log(Failure::Stopped),
        ] {
            assert!(Heeded::default().leave_because(at(10), Some(payment(1)), of_all).is_err());
        }
        let mut heeded = Heeded::default();
        heeded.leave_because(at(30), Some(payment(1)), no_answer()).unwrap();
        assert!(heeded.is_in_vain(Some(payment(1))) && !heeded.is_in_vain(Some(payment(2))));
        heeded.leave_because(at(20), Some(payment(2)), no_answer()).unwrap();
        heeded.leave_because(at(10), Some(payment(3)), no_answer()).unwrap_err();
        assert_eq!(heeded.left, 3);
    }

    #[test]
    fn an_answer_in_between_shows_that_the_gateway_is_there() {
        let mut heeded = Heeded::default();
        for number in 1..10 {
            heeded.leave_because(at(30), Some(payment(number)), no_answer()).unwrap();
            heeded.take(at(20), true);
        }
    }
}
