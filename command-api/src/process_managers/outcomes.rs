//! Waiting for what becomes of a payment.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use api_contract::views::{PaymentRecord, PersonalBodies};
use domain::ids::{PaymentId, RefundId};
use event_store::{Head, Log, LogError, LogWatch};
use tokio::sync::{Notify, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::BATCH;

/// What became of a payment.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Where in the log.
    pub position: i64,
    /// The payment as it was left, if that is known: otherwise its stream tells.
    pub left: Option<Arc<Left>>,
}

/// A payment as a command left it.
pub struct Left {
    /// The payment.
    pub record: PaymentRecord,
    /// All that is kept in `personal` for it.
    pub bodies: PersonalBodies,
}

/// Nothing of what is kept of a person.
impl fmt::Debug for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Left").field("record", &self.record).finish_non_exhaustive()
    }
}

impl From<i64> for Outcome {
    fn from(position: i64) -> Self {
        Self { position, left: None }
    }
}

/// How many outcomes are remembered for who comes late.
const REMEMBERED: usize = 1024;

/// Events that are an outcome, of an attempt or of a refund.
const TYPES: [&str; 5] =
    ["PaymentActionRequired", "PaymentDeclined", "PaymentCaptured", "PaymentRefunded", "RefundFailed"];

/// Who waits for which payment. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    waiting: Arc<Mutex<Waiting>>,
    somebody: Arc<Notify>,
    /// Refunds that stay pending at their gateway, the last ones.
    pending: Arc<watch::Sender<VecDeque<RefundId>>>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// With the position after which the outcome counts.
    by_payment: HashMap<PaymentId, Vec<(i64, oneshot::Sender<Outcome>)>>,
    recent: VecDeque<(PaymentId, Outcome)>,
}

impl Outcomes {
    /// Waits until something becomes of the payment after `position`.
    pub async fn after(&self, payment_id: PaymentId, position: i64) -> Outcome {
        let told = {
            let mut waiting = self.lock();
            let of_it = |(id, outcome): &&(_, Outcome)| *id == payment_id && outcome.position > position;
            if let Some((_, outcome)) = waiting.recent.iter().rev().find(of_it) {
                return outcome.clone();
            }
            let (tell, told) = oneshot::channel();
            waiting.by_payment.entry(payment_id).or_default().push((position, tell));
            told
        };
        self.somebody.notify_one();
        // The sender goes away without a word only with this very process.
        told.await.unwrap_or_else(|_| position.into())
    }

    /// Something became of a payment.
    pub fn tell(&self, payment_id: PaymentId, outcome: impl Into<Outcome>) {
        let outcome = outcome.into();
        let mut waiting = self.lock();
        // What is kept of a person is remembered only for who is not here yet: whoever comes after them reads it.
        let is_waited_for = waiting.by_payment.contains_key(&payment_id);
        let remembered = if is_waited_for { outcome.position.into() } else { outcome.clone() };
        waiting.recent.push_back((payment_id, remembered));
        if waiting.recent.len() > REMEMBERED {
            waiting.recent.pop_front();
        }
        let Some(waiters) = waiting.by_payment.remove(&payment_id) else { return };
        let (told, others): (Vec<_>, Vec<_>) =
            waiters.into_iter().partition(|(after, _)| *after < outcome.position);
        if !others.is_empty() {
            waiting.by_payment.insert(payment_id, others);
        }
        for (_, tell) in told {
            let _ = tell.send(outcome.clone());
        }
    }

    /// Waits until this process knows that a refund stays pending at its gateway: at once, where it is the one that asks
    /// gateways. Whoever waits elsewhere looks whether it is noted.
    pub async fn pending(&self, refund_id: RefundId) {
        // The sender is ours: it doesn't go away meanwhile.
        let _ = self.pending.subscribe().wait_for(|pending| pending.contains(&refund_id)).await;
    }

    /// A refund stays pending at its gateway: nothing is in the log, and nobody is to wait for it.
    pub fn tell_pending(&self, refund_id: RefundId) {
        self.pending.send_if_modified(|pending| {
            let is_new = !pending.contains(&refund_id);
            if is_new {
                pending.push_back(refund_id);
            }
            if pending.len() > REMEMBERED {
                pending.pop_front();
            }
            is_new
        });
    }

    /// The position after which the first of the waiters' outcomes counts, if somebody waits.
    fn first(&self) -> Option<i64> {
        let mut waiting = self.lock();
        waiting.by_payment.retain(|_, waiters| {
            waiters.retain(|(_, tell)| !tell.is_closed());
            !waiters.is_empty()
        });
        waiting.by_payment.values().flatten().map(|(after, _)| *after).min()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the waiters of this process what the log says, while another process takes payments to their gateways. The
/// one that does so itself tells at once.
pub async fn follow(
    outcomes: Outcomes,
    log: Log,
    watch: LogWatch,
    mut leading: watch::Receiver<bool>,
    stop: CancellationToken,
) {
    let following = async {
        loop {
            outcomes.somebody.notified().await;
            // Whoever stops waiting for the word of a leader has closed the channel with its process.
            let _ = leading.wait_for(|leading| !leading).await;
            if let Err(error) = tell_all(&outcomes, &log, &watch).await {
                warn!(error = &error as &dyn std::error::Error, "outcomes of payments could not be read");
                outcomes.somebody.notify_one();
                tokio::time::sleep(super::START_AGAIN).await;
            }
        }
    };
    stop.run_until_cancelled(following).await;
}

/// Reads on until nobody waits. What was read already is not read again, unless somebody waits for what is before it.
async fn tell_all(outcomes: &Outcomes, log: &Log, watch: &LogWatch) -> Result<(), LogError> {
    let mut read: Option<(i64, Head)> = None;
    while let Some(first) = outcomes.first() {
        let (since, from) = match read {
            Some((since, until)) if since <= first => (since, until),
            Some(_) | None => (first, log.group_of(first).await?.unwrap_or(Head::EMPTY)),
        };
        let batch = log.read_after_of(&TYPES, &from, BATCH).await?;
        for event in &batch.events {
            if let Ok(payment_id) = event.aggregate_id.parse() {
                outcomes.tell(payment_id, event.position);
            }
        }
        read = Some((since, batch.head));
        if batch.head == from {
            watch.beyond(from.position).await;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_outcome_counts_after_the_attempt_that_is_waited_for() {
        let outcomes = Outcomes::default();
        let payment = PaymentId(Uuid::now_v7());
        outcomes.tell(payment, 5);
        assert!(outcomes.after(payment, 4).now_or_never().is_some(), "who comes late is told at once");
        let mut waiting = Box::pin(outcomes.after(payment, 7));
        assert!(waiting.as_mut().now_or_never().is_none());
        outcomes.tell(payment, 6);
        assert!(waiting.as_mut().now_or_never().is_none(), "an outcome of the attempt before");
        outcomes.tell(payment, 8);
        assert!(waiting.as_mut().now_or_never().is_some());
        assert_eq!(outcomes.first(), None);
    }

    #[test]
    fn who_waits_for_a_refund_that_stays_pending_is_told_so() {
        let outcomes = Outcomes::default();
        let (refund, other) = (RefundId(Uuid::now_v7()), RefundId(Uuid::now_v7()));
        let mut waiting = Box::pin(outcomes.pending(refund));
        assert!(waiting.as_mut().now_or_never().is_none());
        outcomes.tell_pending(other);
        assert!(waiting.as_mut().now_or_never().is_none(), "another one is pending");
        outcomes.tell_pending(refund);
        assert!(waiting.as_mut().now_or_never().is_some());
        assert!(outcomes.pending(refund).now_or_never().is_some(), "who comes late is told at once");
    }
}
