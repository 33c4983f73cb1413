//! An attempt to pay: the gateway is asked for the money, and what it says is recorded.

use domain::decisions::{
    CapturePayment, CapturePaymentError, DeclinePayment, RequireAction, capture_payment, decline_payment,
    require_action,
};
use domain::ids::RefundId;
use domain::payment::{AttemptPhase, Payment, PaymentError};
use domain::{Halt, Money};
use event_store::decider::Failure;
use event_store::{Accepted, Decision};
use tracing::{error, info};
use uuid::Uuid;

use super::super::state;
use super::{Due, Payments, Unsettled};
use crate::gateway::{Charge, Charged, charge_key};

impl Payments {
    /// Asks for the money, unless the attempt is settled already. The key makes asking twice the same as once.
    pub(super) async fn settle_attempt(
        &self,
        due: &Due,
        attempt: u32,
        gateway: &str,
        method: &str,
    ) -> Result<(), Unsettled> {
        let payment: Payment = state(&self.decider, due.payment_id.to_string()).await.map_err(not_taken)?;
        let Some(amount) = owed(&payment, attempt) else {
            self.outcomes.tell(due.payment_id, self.watch.position());
            return Ok(());
        };
        let gateway_name = gateway;
        let gateway =
            self.gateways.get(gateway_name).ok_or_else(|| Unsettled::NoGateway(gateway_name.to_owned()))?;
        let key = charge_key(due.payment_id, attempt);
        let known = if due.may_be_known || payment.cancelled { gateway.look_up(&key).await? } else { None };
        let charged = match known {
            Some(charged) => charged,
            // The order was given up before anybody was asked: then nobody is.
            None if payment.cancelled => Charged::Declined { code: "order_cancelled".to_owned() },
            None => gateway.charge(&Charge { key, amount, token: method.to_owned() }).await?,
        };
        let position = self.record(due, attempt, gateway_name, amount, charged).await?;
        self.outcomes.tell(due.payment_id, position);
        Ok(())
    }

    async fn record(
        &self,
        due: &Due,
        attempt: u32,
        gateway: &str,
        amount: Money,
        charged: Charged,
    ) -> Result<i64, Unsettled> {
        let payment_id = due.payment_id;
        let submission = Self::submission(due);
        let recorded = match charged {
            Charged::Captured { reference, brand, last4 } => {
                let capture = CapturePayment {
                    payment_id,
                    amount,
                    gateway: gateway.to_owned(),
                    reference: Some(reference),
                    brand,
                    last4,
                    refund_id: RefundId(Uuid::now_v7()),
                };
                let decision =
                    move |streams: &mut Decision<'_>| capture_payment(streams, &capture).map(|_| ());
                self.decider.submit(submission, decision).await
            }
            Charged::ActionRequired { url } => {
                let require = RequireAction { payment_id, attempt, url };
                let decision =
                    move |streams: &mut Decision<'_>| of_payment(require_action(streams, &require));
                self.decider.submit(submission, decision).await
            }
            Charged::Declined { code } => {
                let decline = DeclinePayment { payment_id, attempt, code };
                let decision =
                    move |streams: &mut Decision<'_>| of_payment(decline_payment(streams, &decline));
                self.decider.submit(submission, decision).await
            }
        };
        match recorded {
            Ok(Accepted::Done { value: (), position }) => Ok(position),
            Ok(Accepted::Replayed(remembered)) => Ok(remembered.position),
            Err(Failure::Refused(CapturePaymentError::Payment(
                settled @ (PaymentError::AlreadyCaptured
                | PaymentError::Cancelled
                | PaymentError::NoSuchAttempt { .. }),
            ))) => {
                info!(%payment_id, %settled, "another process was quicker");
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

/// What is owed, if this attempt is still to be taken to its gateway.
fn owed(payment: &Payment, attempt: u32) -> Option<Money> {
    let under_way = payment.attempt.as_ref().filter(|last| last.number == attempt);
    match under_way?.phase {
        AttemptPhase::Processing if payment.captured.is_none() => Some(payment.opened?.amount),
        AttemptPhase::Processing | AttemptPhase::ActionRequired { .. } | AttemptPhase::Declined { .. } => {
            None
        }
    }
}

fn of_payment(decided: Result<(), Halt<PaymentError>>) -> Result<(), Halt<CapturePaymentError>> {
    decided.map_err(|halt| halt.map(CapturePaymentError::Payment))
}

pub(super) fn not_taken<E>(failure: Failure<E>) -> Unsettled {
    Unsettled::Log(match failure {
        Failure::Refused(_) => "refused".to_owned(),
        Failure::KeyReused => "its key was used".to_owned(),
        Failure::Busy => "too many commands are waiting".to_owned(),
        Failure::Unavailable => "the log is unavailable".to_owned(),
        Failure::Unstorable(code) => format!("Postgres refused it (SQLSTATE {code})"),
        Failure::Broken => "the decision failed".to_owned(),
        Failure::Stopped => "shutting down".to_owned(),
    })
}
