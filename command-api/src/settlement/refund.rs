//! A refund: the gateway is asked to give the money back, and what it says is recorded.

use domain::Money;
use domain::decisions::{FailRefund, SettleRefund, SettleRefundError, fail_refund, settle_refund};
use domain::ids::{PaymentId, RefundId};
use domain::payment::{Capture, Payment, PaymentError, RefundPhase};
use event_store::decider::Failure;
use event_store::{Accepted, Decision, Metadata};
use tracing::{error, info};

use super::{Settlement, Unsettled, not_taken, submission};
use crate::gateway::{GiveBack, GivenBack};

/// Captures that no gateway knows of: an admin's word, imported history, an order that cost nothing.
const WITHOUT_GATEWAY: [&str; 3] = ["manual", "import", "none"];

impl Settlement {
    /// Gives the money back, unless the refund is settled already. Its id is its key. `may_be_known`: somebody may have
    /// asked before.
    pub async fn refund(
        &self,
        payment_id: PaymentId,
        refund_id: RefundId,
        may_be_known: bool,
        because: &Metadata,
    ) -> Result<(), Unsettled> {
        let payment = self.payment(payment_id).await?;
        let position = match requested(&payment, refund_id) {
            Some((capture, amount)) => {
                let charge = capture.reference.clone().unwrap_or_default();
                let refund = GiveBack { payment_id, refund_id, charge, amount, may_be_known };
                let given = self.give_back(&capture.gateway, &refund).await?;
                self.record_refund(payment_id, refund_id, given, because).await?
            }
            None => self.watch.position(),
        };
        self.outcomes.tell(payment_id, position);
        Ok(())
    }

    async fn give_back(&self, gateway: &str, refund: &GiveBack) -> Result<Given, Unsettled> {
        if WITHOUT_GATEWAY.contains(&gateway) {
            return Ok(Given::Back(None));
        }
        let gateway = self.gateways.get(gateway).ok_or_else(|| Unsettled::NoGateway(gateway.to_owned()))?;
        match gateway.refund(refund).await? {
            GivenBack::Refunded { reference } => Ok(Given::Back(Some(reference))),
            GivenBack::Refused { code } => Ok(Given::Not(code)),
            GivenBack::Pending => Err(Unsettled::Pending),
        }
    }

    async fn record_refund(
        &self,
        payment_id: PaymentId,
        refund_id: RefundId,
        given: Given,
        because: &Metadata,
    ) -> Result<i64, Unsettled> {
        let submission = submission(because);
        let recorded = match given {
            Given::Back(reference) => {
                let settle = SettleRefund { payment_id, refund_id, reference };
                let decision = move |streams: &mut Decision<'_>| settle_refund(streams, &settle);
                self.decider.submit(submission, decision).await
            }
            Given::Not(code) => {
                let fail = FailRefund { payment_id, refund_id, code };
                let decision = move |streams: &mut Decision<'_>| {
                    fail_refund(streams, &fail).map_err(|halt| halt.map(SettleRefundError::Payment))
                };
                self.decider.submit(submission, decision).await
            }
        };
        match recorded {
            Ok(Accepted::Done { value: (), position }) => Ok(position),
            Ok(Accepted::Replayed(remembered)) => Ok(remembered.position),
            Err(Failure::Refused(SettleRefundError::Payment(PaymentError::NoSuchRefund { .. }))) => {
                info!(%payment_id, %refund_id, "somebody else was quicker");
                Ok(self.watch.position())
            }
            Err(Failure::Refused(refusal)) => {
                // A bug: the gateway has moved money that the log doesn't take. Trying again would not help.
                error!(%payment_id, error = &refusal as &dyn std::error::Error, "a gateway's answer is refused");
                Ok(self.watch.position())
            }
            Err(failure) => Err(not_taken(failure)),
        }
    }
}

/// What became of a refund.
enum Given {
    /// With the gateway's id of it, where there is a gateway.
    Back(Option<String>),
    /// With its code.
    Not(String),
}

/// The capture that it is of, and how much goes back, if it is still to be taken to its gateway.
fn requested(payment: &Payment, refund_id: RefundId) -> Option<(&Capture, Money)> {
    let refund = payment.refund(refund_id).filter(|refund| refund.phase == RefundPhase::Requested)?;
    let capture = payment.captured.as_deref()?;
    Some((capture, Money::new(refund.amount, capture.amount.currency)))
}
