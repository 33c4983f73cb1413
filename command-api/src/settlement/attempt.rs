//! An attempt to pay: the gateway is asked for the money.

use domain::ids::{PaymentId, PersonalId};
use domain::payment::{AttemptPhase, Payment};
use event_store::Metadata;
use identity::personal;

use super::{Settlement, Unsettled, asked};
use crate::gateway::{Asked, Charge, Charged, Gateway, Pages};
use crate::payments::method;

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

    pub(super) fn gateway(&self, name: &str) -> Result<&dyn Gateway, Unsettled> {
        let gateway = self.gateways.get(name).ok_or_else(|| Unsettled::NoGateway(name.to_owned()))?;
        Ok(&**gateway)
    }

    async fn pages(&self, kept: Option<PersonalId>) -> Result<Pages, Unsettled> {
        let Some(id) = kept else { return Ok(Pages::default()) };
        let bodies = personal::bodies(self.log.pool(), &[id]).await?;
        let body = bodies.into_iter().next().map(|(_, body)| body);
        Ok(body.and_then(|body| serde_json::from_value(body).ok()).unwrap_or_default())
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
