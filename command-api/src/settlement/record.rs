//! What a gateway says of an attempt is recorded, and who waits for it is told.

use std::sync::Arc;

use api_contract::views::{PaymentRecord, PersonalBodies};
use domain::decisions::{
    CapturePayment, CapturePaymentError, DeclinePayment, RequireAction, capture_payment, decline_payment,
    require_action,
};
use domain::ids::{PaymentId, PersonalId, RefundId};
use domain::payment::{Payment, PaymentError};
use domain::{Halt, Streams as _};
use event_store::decider::Failure;
use event_store::{Accepted, Decision, Metadata};
use identity::personal::{KeepError, Purpose, Rows};
use serde_json::value::to_raw_value;
use tracing::info;
use uuid::Uuid;

use super::{Settlement, Unsettled, not_taken, report_refused, submission_at};
use crate::command::now;
use crate::gateway::{Asked, Charged};
use crate::process_managers::outcomes::{Left, Outcome};

impl Settlement {
    /// Records it, and tells who waits.
    pub(super) async fn record(
        &self,
        payment: &Payment,
        asked: Asked,
        gateway: &str,
        charged: Charged,
        because: &Metadata,
    ) -> Result<(), Unsettled> {
        let Asked { payment_id, attempt, amount: _ } = asked;
        let mut charged = charged;
        if let Charged::ActionRequired { url } = charged {
            if let Some(outcome) = self.record_action(payment, asked, url, because).await? {
                self.outcomes.tell(payment_id, outcome);
                return Ok(());
            }
            // Given up in this moment: nobody is to act any more.
            charged = self.gateway(gateway)?.give_up(&asked).await?;
        }
        let outcome = match charged {
            Charged::Captured { .. } => {
                self.record_capture(payment, asked, gateway, charged, because).await?
            }
            Charged::Declined { code } => {
                let decline = DeclinePayment { payment_id, attempt, code };
                let decision = move |streams: &mut Decision<'_>| {
                    decline_payment(streams, &decline).map_err(|halt| halt.map(CapturePaymentError::Payment))
                };
                self.recorded(payment_id, because, PersonalBodies::new(), decision).await?
            }
            Charged::ActionRequired { .. } | Charged::Pending => return Err(Unsettled::Pending),
        };
        self.outcomes.tell(payment_id, outcome);
        Ok(())
    }

    /// What it comes to; nothing where the payment was cancelled.
    async fn record_action(
        &self,
        payment: &Payment,
        Asked { payment_id, attempt, amount: _ }: Asked,
        url: String,
        because: &Metadata,
    ) -> Result<Option<Outcome>, Unsettled> {
        let (page, bodies) = self.keep(payment, Purpose::ActionPage, url).await?;
        let require = RequireAction { payment_id, attempt, page };
        let decision = move |streams: &mut Decision<'_>| {
            require_action(streams, &require).map_err(|halt| halt.map(CapturePaymentError::Payment))
        };
        let decided = self.decide(payment_id, because, decision).await;
        if let Err(Failure::Refused(CapturePaymentError::Payment(PaymentError::Cancelled))) = &decided {
            return Ok(None);
        }
        self.outcome(payment_id, bodies, decided).map(Some)
    }

    /// Keeps an address of the gateway's before the log names it: it may carry a secret, or show what is the customer's.
    /// Where somebody else is quicker to record, no event names the row, and it is swept. Of a customer who was erased
    /// nothing is kept: what is recorded then names what is as good as erased. Answers its id, and what is kept.
    async fn keep(
        &self,
        payment: &Payment,
        purpose: Purpose,
        url: String,
    ) -> Result<(PersonalId, PersonalBodies), Unsettled> {
        let customer = payment.opened.and_then(|opened| opened.customer_id);
        let mut rows = Rows::of(customer);
        let body = to_raw_value(&url).ok();
        let kept = rows.add(purpose, url.into());
        match self.personal.keep(rows).await {
            Ok(()) => Ok((kept, body.map(|body| (kept, body)).into_iter().collect())),
            Err(KeepError::Erased) => Ok((kept, PersonalBodies::new())),
            Err(KeepError::Postgres(error)) => Err(error.into()),
        }
    }

    async fn record_capture(
        &self,
        payment: &Payment,
        Asked { payment_id, attempt: _, amount }: Asked,
        gateway: &str,
        charged: Charged,
        because: &Metadata,
    ) -> Result<Outcome, Unsettled> {
        let Charged::Captured { reference, brand, last4, receipt } = charged else {
            return Ok(self.watch.position().into());
        };
        let (receipt_id, bodies) = match receipt {
            Some(url) => {
                let (id, bodies) = self.keep(payment, Purpose::Receipt, url).await?;
                (Some(id), bodies)
            }
            None => (None, PersonalBodies::new()),
        };
        let capture = CapturePayment {
            payment_id,
            amount,
            gateway: gateway.to_owned(),
            reference: Some(reference),
            brand,
            last4,
            receipt_id,
            refund_id: RefundId(Uuid::now_v7()),
        };
        let decision = move |streams: &mut Decision<'_>| capture_payment(streams, &capture).map(|_| ());
        self.recorded(payment_id, because, bodies, decision).await
    }

    /// Records what a gateway said. `bodies`: all that is kept of the payment then.
    async fn recorded(
        &self,
        payment_id: PaymentId,
        because: &Metadata,
        bodies: PersonalBodies,
        decision: impl Fn(&mut Decision<'_>) -> Result<(), Halt<CapturePaymentError>> + Send + 'static,
    ) -> Result<Outcome, Unsettled> {
        let decided = self.decide(payment_id, because, decision).await;
        self.outcome(payment_id, bodies, decided)
    }

    /// Has it decided. Answers the payment as that left it, as far as it is known.
    async fn decide(
        &self,
        payment_id: PaymentId,
        because: &Metadata,
        decision: impl Fn(&mut Decision<'_>) -> Result<(), Halt<CapturePaymentError>> + Send + 'static,
    ) -> Result<Accepted<Option<PaymentRecord>>, Failure<CapturePaymentError>> {
        let at = now();
        let decision = move |streams: &mut Decision<'_>| {
            decision(streams)?;
            let version = streams.version::<Payment, CapturePaymentError>(payment_id)?;
            let payment = streams.state::<Payment, CapturePaymentError>(payment_id)?;
            Ok(PaymentRecord::changed(payment, version, at))
        };
        self.decider.submit(submission_at(because, at), decision).await
    }

    /// What became of the payment.
    fn outcome(
        &self,
        payment_id: PaymentId,
        bodies: PersonalBodies,
        decided: Result<Accepted<Option<PaymentRecord>>, Failure<CapturePaymentError>>,
    ) -> Result<Outcome, Unsettled> {
        match decided {
            Ok(Accepted::Done { value: record, position }) => {
                let left = record.map(|record| Arc::new(Left { record, bodies }));
                Ok(Outcome { position, left })
            }
            Ok(Accepted::Replayed(remembered)) => Ok(remembered.position.into()),
            Err(Failure::Refused(CapturePaymentError::Payment(
                settled @ (PaymentError::AlreadyCaptured
                | PaymentError::Cancelled
                | PaymentError::NoSuchAttempt { .. }),
            ))) => {
                info!(%payment_id, %settled, "somebody else was quicker");
                Ok(self.watch.position().into())
            }
            Err(Failure::Refused(refusal)) => {
                report_refused(payment_id, &refusal);
                Ok(self.watch.position().into())
            }
            Err(failure) => Err(not_taken(failure)),
        }
    }
}
