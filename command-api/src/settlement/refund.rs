//! A refund: the gateway is asked to give the money back, and what it says is recorded.

use domain::Money;
use domain::decisions::{FailRefund, SettleRefund, SettleRefundError, fail_refund, settle_refund};
use domain::ids::{PaymentId, RefundId};
use domain::payment::{Capture, Payment, PaymentError, RefundPhase};
use event_store::{Accepted, Decision, Metadata};
use metrics::counter;
use tracing::warn;

use super::pending::{self, PendingRefund};
use super::{Settlement, Unsettled, submission};
use crate::gateway::{GiveBack, GivenBack};

/// Captures that no gateway knows of: an admin's word, imported history, an order that cost nothing.
pub(super) const WITHOUT_GATEWAY: [&str; 3] = ["manual", "import", "none"];

impl Settlement {
    /// Gives the money back, unless the refund is settled already. Its id is its key. `may_be_known`: somebody may have
    /// asked before. One that stays pending at its gateway is noted, and this is done with it: see [`super::pending`].
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
                let captured = capture.amount;
                let refund = GiveBack { payment_id, refund_id, charge, amount, captured, may_be_known };
                let Some(given) = self.give_back(&capture.gateway, &refund).await? else {
                    let pending = PendingRefund { payment_id, refund_id, because: because.clone() };
                    pending::note(self.log.pool(), &pending).await?;
                    self.outcomes.tell_pending(refund_id);
                    return Ok(());
                };
                self.record_refund(payment_id, refund_id, given, because).await?
            }
            None => self.watch.position(),
        };
        // Only what was asked for before can have been noted.
        if may_be_known {
            pending::forget(self.log.pool(), refund_id).await?;
        }
        self.outcomes.tell(payment_id, position);
        Ok(())
    }

    /// Asks what became of the payment's refunds: of those that are pending, and of those that went back, which may have come
    /// back to us. One that is being asked for at this moment is nothing of these yet, and what is told may be of it:
    /// whoever was told has to come again.
    pub async fn refresh_refunds(&self, payment_id: PaymentId, because: &Metadata) -> Result<(), Unsettled> {
        let pending = pending::of(self.log.pool(), payment_id).await?;
        for refund_id in &pending {
            self.refund(payment_id, *refund_id, true, because).await?;
        }
        let payment = self.payment(payment_id).await?;
        self.refresh_refunded(payment_id, &payment, because).await?;
        let mut open = payment.refunds.iter().filter(|refund| refund.phase == RefundPhase::Requested);
        if open.any(|refund| !pending.contains(&refund.refund_id)) {
            return Err(Unsettled::BeingAsked);
        }
        Ok(())
    }

    /// What became of it; nothing while the gateway doesn't know.
    async fn give_back(&self, gateway: &str, refund: &GiveBack) -> Result<Option<Given>, Unsettled> {
        if WITHOUT_GATEWAY.contains(&gateway) {
            return Ok(Some(Given::Back(None)));
        }
        let gateway = self.gateways.get(gateway).ok_or_else(|| Unsettled::NoGateway(gateway.to_owned()))?;
        Ok(match gateway.refund(refund).await? {
            GivenBack::Refunded { reference } => Some(Given::Back(Some(reference))),
            GivenBack::Refused { code } => Some(Given::Not(code)),
            GivenBack::Pending => None,
        })
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
                let fail = FailRefund { payment_id, refund_id, code: code.clone() };
                let decision = move |streams: &mut Decision<'_>| {
                    fail_refund(streams, &fail).map_err(|halt| halt.map(SettleRefundError::Payment))
                };
                let recorded = self.decider.submit(submission, decision).await;
                if let Ok(Accepted::Done { .. }) = recorded {
                    // Nobody may have asked for it: that of a cancelled order is made by itself.
                    warn!(%payment_id, %refund_id, code, "a gateway refused a refund: its money is still to go back");
                    counter!("daybook_refunds_failed_total").increment(1);
                }
                recorded
            }
        };
        self.position_of((payment_id, refund_id), recorded, |refusal| {
            matches!(refusal, SettleRefundError::Payment(PaymentError::NoSuchRefund { .. }))
        })
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
