//! Takes attempts to pay and refunds to their gateways, once they are in the log, and records what came of them.
//!
//! Whatever is not settled holds the checkpoint, but for a refund that its gateway has made and not settled: that may take
//! days, so it is noted in a table, and asked about with the tick. Of what gateways are to forget ([`super::forgetting`]) and of
//! what they told in vain ([`super::missed_notices`]) the log knows nothing.

mod turn;

use std::sync::Arc;
use std::time::Duration;

use domain::ids::PaymentId;
use domain::payment::{Payment, PaymentEvent};
use event_store::{Checkpoint, Head, Log, LogWatch, Metadata, Recorded};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, warn};

use self::turn::Turn;
use super::leadership::Leadership;
use super::{ManagerError, START_AGAIN, because_of, failure, read};
use crate::settlement::pending::PendingRefund;
use crate::settlement::{Settlement, Unsettled};

/// Its checkpoint, and how events name it.
pub const NAME: &str = "payments";

/// The log grows all the time, mostly by what isn't for us: this is how often we look. An attempt that was made in this
/// process is looked for at once.
const LOOK: Duration = Duration::from_millis(20);

/// How long the first and the last wait is between two questions to a gateway that gives no answer.
const ASK_AGAIN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));

/// The process manager. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Payments {
    /// What it follows.
    pub log: Log,
    /// When there is more to follow.
    pub watch: LogWatch,
    /// By which it asks gateways and records what they say.
    pub settlement: Settlement,
    /// An attempt or a refund was just recorded by this process.
    pub poke: Arc<Notify>,
    /// How many payments it takes to their gateways at the same time.
    pub at_once: usize,
}

/// Something to be done.
#[derive(Clone, Debug)]
struct Due {
    payment_id: PaymentId,
    event: PaymentEvent,
    because: Metadata,
    /// A process that led before may have asked the gateway already.
    may_be_known: bool,
}

impl Payments {
    /// Leads whenever no other process does, until it is stopped. Says in `leading` when it leads.
    pub async fn run(self, leading: watch::Sender<bool>, stop: CancellationToken) {
        let run = async {
            loop {
                let failure = match self.lead(&leading, &stop).await {
                    Ok(()) => return,
                    Err(failure) => failure,
                };
                leading.send_replace(false);
                failure::record(&self.log, NAME, &failure).await;
                if failure.is_final() {
                    return;
                }
                tokio::time::sleep(START_AGAIN).await;
            }
        };
        run.await;
        leading.send_replace(false);
    }

    async fn lead(
        &self,
        leading: &watch::Sender<bool>,
        stop: &CancellationToken,
    ) -> Result<(), ManagerError> {
        let take = Leadership::take(self.log.pool(), Checkpoint::named(NAME));
        let Some(leadership) = stop.run_until_cancelled(take).await else { return Ok(()) };
        let leadership = leadership?;
        leading.send_replace(true);
        let mut turn = Turn::begin(self, leadership, stop).await?;
        while !stop.is_cancelled() {
            let grown = turn.read_on().await?;
            turn.rest(grown).await?;
        }
        turn.end().await
    }

    async fn more_after(&self, at: &Head) {
        tokio::join!(self.watch.beyond(at.position), tokio::time::sleep(LOOK));
    }

    /// Asks once what became of a refund that is pending. If nothing did, or there is no answer, it is due again later.
    async fn ask(&self, pending: PendingRefund) {
        let PendingRefund { payment_id, refund_id, because } = pending;
        let span = tracing::info_span!("payment", id = %payment_id);
        let asked = self.settlement.refund(payment_id, refund_id, true, &because).instrument(span);
        if let Err(unsettled) = asked.await {
            let error = &unsettled as &dyn std::error::Error;
            warn!(%payment_id, %refund_id, error, "a pending refund could not be asked about");
        }
    }

    /// Does what is due, and asks again as long as the gateway, or the log, gives no answer. Each time it holds a place:
    /// first this one.
    async fn settle(&self, mut due: Due, room: &Arc<Semaphore>, mut place: OwnedSemaphorePermit) {
        let (mut wait, longest) = ASK_AGAIN;
        let span = tracing::info_span!("payment", id = %due.payment_id);
        async {
            loop {
                let Err(unsettled) = self.settle_once(&due).await else { return };
                // Whatever it waits for may take its time, or never come: others needn't wait for it.
                drop(place);
                if let Unsettled::Pending = unsettled {
                    debug!("the gateway doesn't know yet");
                } else {
                    warn!(error = &unsettled as &dyn std::error::Error, "a payment is not settled yet");
                }
                due.may_be_known = true;
                tokio::time::sleep(wait).await;
                wait = longest.min(wait * 2);
                let Ok(next) = Arc::clone(room).acquire_owned().await else { return };
                place = next;
            }
        }
        .instrument(span)
        .await;
    }

    async fn settle_once(&self, due: &Due) -> Result<(), Unsettled> {
        let Due { payment_id, event, because, may_be_known } = due;
        match event {
            PaymentEvent::PaymentAttempted { attempt, .. } => {
                self.settlement.charge(*payment_id, *attempt, *may_be_known, because).await
            }
            // A customer who was to act first needn't any more.
            PaymentEvent::PaymentCancelled {} => self.settlement.abandon(*payment_id, because).await,
            PaymentEvent::RefundRequested { refund_id, .. } => {
                self.settlement.refund(*payment_id, *refund_id, *may_be_known, because).await
            }
            PaymentEvent::PaymentOpened { .. }
            | PaymentEvent::PaymentActionRequired { .. }
            | PaymentEvent::PaymentDeclined { .. }
            | PaymentEvent::PaymentCaptured { .. }
            | PaymentEvent::PaymentRefunded { .. }
            | PaymentEvent::RefundFailed { .. }
            | PaymentEvent::RefundReversed { .. } => Ok(()),
        }
    }
}

/// What is to be done about events: not what the same batch says is done already, as imported history does.
fn due(events: &[Recorded], known: i64) -> Result<Vec<Due>, ManagerError> {
    let mut due: Vec<Due> = Vec::new();
    for event in events {
        let Ok(payment_id) = event.aggregate_id.parse() else { continue };
        let read = read::<Payment>(event)?;
        match &read {
            PaymentEvent::PaymentRefunded { refund_id: settled, .. }
            | PaymentEvent::RefundFailed { refund_id: settled, .. } => due.retain(|due| {
                !matches!(&due.event, PaymentEvent::RefundRequested { refund_id, .. } if refund_id == settled)
            }),
            PaymentEvent::PaymentAttempted { .. }
            | PaymentEvent::PaymentCancelled {}
            | PaymentEvent::RefundRequested { .. } => due.push(Due {
                payment_id,
                because: because_of(event, NAME),
                may_be_known: event.position <= known,
                event: read,
            }),
            PaymentEvent::PaymentOpened { .. }
            | PaymentEvent::PaymentActionRequired { .. }
            | PaymentEvent::PaymentDeclined { .. }
            | PaymentEvent::PaymentCaptured { .. }
            | PaymentEvent::RefundReversed { .. } => {}
        }
    }
    Ok(due)
}
