//! An attempt to pay: the gateway is asked for the money, and what it says is recorded.

use std::sync::Arc;

use api_contract::views::{PaymentRecord, PersonalBodies};
use domain::decisions::{
    CapturePayment, CapturePaymentError, DeclinePayment, RequireAction, capture_payment, decline_payment,
    require_action,
};
use domain::ids::{PaymentId, PersonalId, RefundId};
use domain::payment::{AttemptPhase, Payment, PaymentError};
use domain::{Halt, Streams as _};
use event_store::decider::Failure;
use event_store::{Accepted, Decision, Metadata};
use identity::personal::{self, KeepError, Purpose, Rows};
use serde_json::value::to_raw_value;
use tracing::info;
use uuid::Uuid;

use super::{Settlement, Unsettled, asked, not_taken, report_refused, submission_at};
use crate::command::now;
use crate::gateway::{Asked, Charge, Charged, Gateway, Pages};
use crate::payments::method;
use crate::process_managers::outcomes::{Left, Outcome};

impl Settlement {
    /// Asks for the money, unless the attempt is settled already. The key makes asking twice the same as once.
    /// `may_be_known`: somebody may have asked before, so the gateway is first asked what it knows.
    pub async fn charge(
        &self,
        payment_id: PaymentId,
        number: u32,
        may_be_known: bool,
        because: &Metadata,
    ) -> Result<(), Unsettled> {
        let payment = self.payment(payment_id).await?;
        let Some((asked, name)) = asked(payment_id, &payment).filter(|_| is_due(&payment, number)) else {
            self.outcomes.tell(payment_id, self.watch.position());
            return Ok(());
        };
        let gateway = self.gateway(name)?;
        let charged = if payment.cancelled {
            // The order was given up: it is charged no more, or was already.
            gateway.give_up(&asked).await?
        } else {
            self.ask(gateway, asked, &payment, may_be_known).await?
        };
        self.record(&payment, asked, name, charged, because).await
    }

    async fn ask(
        &self,
        gateway: &dyn Gateway,
        asked: Asked,
        payment: &Payment,
        may_be_known: bool,
    ) -> Result<Charged, Unsettled> {
        if may_be_known {
            match gateway.look_up(&asked).await? {
                Some(
                    known @ (Charged::Captured { .. } | Charged::ActionRequired { .. } | Charged::Pending),
                ) => {
                    return Ok(known);
                }
                // A no may be of an attempt before this one: asked with this one's key, the gateway says which.
                Some(Charged::Declined { .. }) | None => {}
            }
        }
        let attempt = payment.attempt.as_ref();
        let named = attempt.map(|attempt| attempt.method.as_str()).unwrap_or_default();
        let Some(token) = method::reference(self.log.pool(), named).await? else {
            // Its customer has removed it: it is charged no more, or was already.
            return Ok(gateway.give_up(&asked).await?);
        };
        let pages = self.pages(attempt.and_then(|attempt| attempt.pages)).await?;
        Ok(gateway.charge(&Charge { asked, token, pages }).await?)
    }

    /// Records what the gateway knows by now of the payment's last attempt. Nothing happens where it knows no more than
    /// the log.
    pub async fn refresh(&self, payment_id: PaymentId, because: &Metadata) -> Result<(), Unsettled> {
        let payment = self.payment(payment_id).await?;
        let Some((asked, name)) = asked(payment_id, &payment).filter(|_| payment.captured.is_none()) else {
            return Ok(());
        };
        match self.gateway(name)?.look_up(&asked).await? {
            Some(captured @ Charged::Captured { .. }) => {
                self.record(&payment, asked, name, captured, because).await
            }
            // While its gateway is being asked, whoever asks is told.
            Some(declined @ Charged::Declined { .. }) if awaits_customer(&payment) => {
                self.record(&payment, asked, name, declined, because).await
            }
            Some(Charged::Declined { .. } | Charged::ActionRequired { .. } | Charged::Pending) | None => {
                Ok(())
            }
        }
    }

    /// Ends the attempt that waits for the customer: the gateway is told that the money is wanted no longer.
    pub async fn abandon(&self, payment_id: PaymentId, because: &Metadata) -> Result<(), Unsettled> {
        let payment = self.payment(payment_id).await?;
        let waits = |_: &(Asked, &str)| payment.captured.is_none() && awaits_customer(&payment);
        let Some((asked, name)) = asked(payment_id, &payment).filter(waits) else { return Ok(()) };
        let charged = self.gateway(name)?.give_up(&asked).await?;
        self.record(&payment, asked, name, charged, because).await
    }

    fn gateway(&self, name: &str) -> Result<&dyn Gateway, Unsettled> {
        let gateway = self.gateways.get(name).ok_or_else(|| Unsettled::NoGateway(name.to_owned()))?;
        Ok(&**gateway)
    }

    async fn pages(&self, kept: Option<PersonalId>) -> Result<Pages, Unsettled> {
        let Some(id) = kept else { return Ok(Pages::default()) };
        let bodies = personal::bodies(self.log.pool(), &[id]).await?;
        let body = bodies.into_iter().next().map(|(_, body)| body);
        Ok(body.and_then(|body| serde_json::from_value(body).ok()).unwrap_or_default())
    }

    /// Records it, and tells who waits.
    async fn record(
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

/// Whether this attempt is still to be taken to its gateway.
fn is_due(payment: &Payment, number: u32) -> bool {
    let under_way = payment.attempt.as_ref().filter(|last| last.number == number);
    under_way.is_some_and(|attempt| match attempt.phase {
        AttemptPhase::Processing => payment.captured.is_none(),
        AttemptPhase::ActionRequired { .. } | AttemptPhase::Declined { .. } => false,
    })
}

fn awaits_customer(payment: &Payment) -> bool {
    payment.attempt.as_ref().is_some_and(|attempt| match attempt.phase {
        AttemptPhase::ActionRequired { .. } => true,
        AttemptPhase::Processing | AttemptPhase::Declined { .. } => false,
    })
}
