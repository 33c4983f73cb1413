//! A refund that went back and came back to us: for some weeks the customer's bank may refuse it, and then the gateway has the
//! money again and says that the refund failed (<https://docs.stripe.com/refunds#failed-refunds>). It tells so by a webhook, or in
//! its list of what it told; nobody asks without either.

use domain::decisions::{ReverseRefund, ReverseRefundError, reverse_refund};
use domain::ids::{PaymentId, RefundId};
use domain::payment::{Payment, PaymentError, RefundPhase};
use event_store::{Accepted, Decision, Metadata};
use metrics::counter;
use tracing::warn;

use super::refund::WITHOUT_GATEWAY;
use super::{Settlement, Unsettled, submission};
use crate::gateway::GivenBack;

impl Settlement {
    /// Asks what became of the payment's refunds that went back, of all of them at once.
    pub(super) async fn refresh_refunded(
        &self,
        payment_id: PaymentId,
        payment: &Payment,
        because: &Metadata,
    ) -> Result<(), Unsettled> {
        let refunded: Vec<RefundId> = went_back(payment).collect();
        let capture = payment.captured.as_deref();
        let capture = capture.filter(|capture| !WITHOUT_GATEWAY.contains(&capture.gateway.as_str()));
        let Some(capture) = capture.filter(|_| !refunded.is_empty()) else { return Ok(()) };
        let gateway = &capture.gateway;
        let gateway = self.gateways.get(gateway).ok_or_else(|| Unsettled::NoGateway(gateway.clone()))?;
        let mut known = gateway.refunds(capture.reference.as_deref().unwrap_or_default()).await?;
        for refund_id in refunded {
            if let Some(GivenBack::Refused { code }) = known.remove(&refund_id) {
                self.reverse_refund(ReverseRefund { payment_id, refund_id, code }, because).await?;
            }
        }
        Ok(())
    }

    async fn reverse_refund(&self, reverse: ReverseRefund, because: &Metadata) -> Result<(), Unsettled> {
        let ReverseRefund { payment_id, refund_id, code } = reverse.clone();
        let decision = move |streams: &mut Decision<'_>| reverse_refund(streams, &reverse);
        let recorded = self.decider.submit(submission(because), decision).await;
        if let Ok(Accepted::Done { .. }) = recorded {
            warn!(%payment_id, %refund_id, code, "a refund came back: its money is still to go back");
            counter!("daybook_refunds_failed_total").increment(1);
        }
        self.position_of((payment_id, refund_id), recorded, |refusal| {
            matches!(refusal, ReverseRefundError::Payment(PaymentError::NotRefunded { .. }))
        })?;
        Ok(())
    }
}

/// Those that went back, as far as the log knows.
fn went_back(payment: &Payment) -> impl Iterator<Item = RefundId> {
    let refunds = payment.refunds.iter().filter(|refund| match refund.phase {
        RefundPhase::Refunded { .. } => true,
        RefundPhase::Requested | RefundPhase::Failed { .. } => false,
    });
    refunds.map(|refund| refund.refund_id)
}
