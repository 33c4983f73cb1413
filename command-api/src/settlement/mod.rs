//! Gateways are asked, and what they say is recorded: by the process manager that takes attempts and refunds to them,
//! and by whoever has a reason to believe that a gateway knows more by now (a webhook, a customer who is back from a
//! page).
//!
//! Whatever is recorded twice counts once: the payment itself refuses the second time.

mod attempt;
mod notices;
pub mod pending;
mod record;
mod refund;
mod reversal;

use chrono::{DateTime, Utc};
use domain::Halt;
use domain::ids::{PaymentId, RefundId};
use domain::payment::Payment;
use event_store::decider::Failure;
use event_store::{Accepted, Decider, Decision, Log, LogWatch, Metadata, NotAnswered, Submission};
use identity::personal::Keeper;
use tracing::{error, info};

use crate::command::now;
use crate::gateway::{Asked, Gateways};
use crate::process_managers::outcomes::Outcomes;

/// What settling works with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// By which is recorded what gateways say.
    pub decider: Decider,
    /// For where customers go from the page where they act.
    pub log: Log,
    /// Keeps where they act, and where receipts are shown.
    pub personal: Keeper,
    /// Where the log stands.
    pub watch: LogWatch,
    /// Whom it asks.
    pub gateways: Gateways,
    /// Whom it tells.
    pub outcomes: Outcomes,
}

/// Why something is not settled yet.
#[derive(Debug, thiserror::Error)]
pub enum Unsettled {
    /// The gateway gave no answer.
    #[error(transparent)]
    Gateway(#[from] crate::gateway::GatewayError),
    /// The gateway doesn't know yet.
    #[error("the gateway doesn't know yet")]
    Pending,
    /// A refund is on its way to its gateway, or the answer on its way to the log.
    #[error("the gateway is being asked for a refund")]
    BeingAsked,
    /// It was configured when the attempt was made.
    #[error("the gateway {0} is not configured")]
    NoGateway(String),
    /// Neither recorded nor refused.
    #[error("the log did not take it")]
    Log(#[source] Failure<()>),
    /// Where the customer acts, or goes from there, or finds a receipt could not be kept or read.
    #[error("Postgres failed")]
    Postgres(#[from] sqlx::Error),
    /// The same, where it was asked together with others.
    #[error(transparent)]
    NotAnswered(#[from] NotAnswered),
}

impl Unsettled {
    /// Whether it says nothing of this payment: no other would be settled now either.
    pub fn is_of_all(&self) -> bool {
        match self {
            Self::Postgres(_) | Self::NotAnswered(_) => true,
            Self::Log(failure) => match failure {
                Failure::Busy | Failure::Unavailable | Failure::Stopped | Failure::Unanswered => true,
                Failure::Refused(()) | Failure::KeyReused | Failure::Unstorable(_) | Failure::Broken => false,
            },
            Self::Gateway(_) | Self::Pending | Self::BeingAsked | Self::NoGateway(_) => false,
        }
    }
}

impl Settlement {
    async fn payment(&self, payment_id: PaymentId) -> Result<Payment, Unsettled> {
        let id = payment_id.to_string();
        let look = move |streams: &mut Decision<'_>| -> Result<Payment, Halt<()>> {
            Ok(domain::Streams::state::<Payment, ()>(streams, &id)?.clone())
        };
        match self.decider.submit(Submission::default(), look).await.map_err(not_taken)? {
            Accepted::Done { value, position: _ } => Ok(value),
            // Without a key nothing is replayed.
            Accepted::Replayed(_) => Err(not_taken(Failure::<()>::Broken)),
        }
    }

    /// Where what became of a refund is recorded; where the log stands, if it is refused. `is_known` tells the refusal of what
    /// somebody else has recorded.
    fn position_of<E: std::error::Error + 'static>(
        &self,
        (payment_id, refund_id): (PaymentId, RefundId),
        recorded: Result<Accepted<()>, Failure<E>>,
        is_known: impl FnOnce(&E) -> bool,
    ) -> Result<i64, Unsettled> {
        match recorded {
            Ok(Accepted::Done { value: (), position }) => return Ok(position),
            Ok(Accepted::Replayed(remembered)) => return Ok(remembered.position),
            Err(Failure::Refused(refusal)) if is_known(&refusal) => {
                info!(%payment_id, %refund_id, "somebody else was quicker");
            }
            Err(Failure::Refused(refusal)) => report_refused(payment_id, &refusal),
            Err(failure) => return Err(not_taken(failure)),
        }
        Ok(self.watch.position())
    }
}

/// A command because of what a gateway said.
fn submission(because: &Metadata) -> Submission {
    submission_at(because, now())
}

/// As [`submission`], at this moment.
fn submission_at(because: &Metadata, at: DateTime<Utc>) -> Submission {
    Submission { metadata: because.clone(), occurred_at: Some(at), bytes: 1024, ..Submission::default() }
}

/// The last attempt, as its gateway knows it.
fn asked(payment_id: PaymentId, payment: &Payment) -> Option<(Asked, &str)> {
    let attempt = payment.attempt.as_ref()?;
    let amount = payment.opened?.amount;
    Some((Asked { payment_id, attempt: attempt.number, amount }, &attempt.gateway))
}

/// A bug: the gateway has moved money that the log doesn't take. Trying again would not help.
fn report_refused(payment_id: PaymentId, refusal: &(dyn std::error::Error + 'static)) {
    error!(%payment_id, error = refusal, "a gateway's answer is refused");
}

/// Whose refusal is of no interest: what a gateway says is not refused, or was dealt with.
fn not_taken<E>(failure: Failure<E>) -> Unsettled {
    Unsettled::Log(match failure {
        Failure::Refused(_) => Failure::Refused(()),
        Failure::KeyReused => Failure::KeyReused,
        Failure::Busy => Failure::Busy,
        Failure::Unavailable => Failure::Unavailable,
        Failure::Unstorable(code) => Failure::Unstorable(code),
        Failure::Broken => Failure::Broken,
        Failure::Stopped => Failure::Stopped,
        Failure::Unanswered => Failure::Unanswered,
    })
}

#[cfg(test)]
mod tests {
    use domain::with_causes;

    use super::*;

    /// Guards that whoever reads the log of a process finds the cause, once.
    #[test]
    fn what_the_log_did_not_take_says_why() {
        let unstorable = not_taken(Failure::<&str>::Unstorable("23514".to_owned()));
        let text = with_causes(&unstorable);
        assert_eq!(text, "the log did not take it: the log refused the events (SQLSTATE 23514)");
    }
}
