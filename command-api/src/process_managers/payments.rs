//! Takes attempts to pay and refunds to their gateways, once they are in the log, and records what came of them.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::PaymentId;
use domain::payment::{Payment, PaymentEvent};
use event_store::{Checkpoint, Head, Log, LogWatch, Metadata, Recorded};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, error, info, warn};

use super::leadership::Leadership;
use super::progress::{BatchNumber, Progress};
use super::{BATCH, ManagerError, START_AGAIN, TICK, because_of, failure, read};
use crate::settlement::{Settlement, Unsettled};

/// Its checkpoint, and how events name it.
pub const NAME: &str = "payments";

/// What it has to do something about, and what says that it need not any more.
const TYPES: [&str; 5] =
    ["PaymentAttempted", "PaymentCancelled", "RefundRequested", "PaymentRefunded", "RefundFailed"];

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
        let mut leadership = leadership?;
        leading.send_replace(true);
        let mut at = leadership.checkpoint().await?;
        Checkpoint::named(NAME).recovered(leadership.session()).await?;
        info!(checkpoint = %at, "payments lead");
        // What is in the log by now may have been taken to its gateway by whoever led before.
        let known = self.log.head().await?.position;
        let mut progress = Progress::from(at);
        let mut tasks: JoinSet<BatchNumber> = JoinSet::new();
        let room = Arc::new(Semaphore::new(self.at_once));
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_cancelled() {
            let batch = self.log.read_after_of(&TYPES, &at, BATCH).await?;
            let grown = batch.head != at;
            if grown {
                at = batch.head;
                let due = due(&batch.events, known)?;
                let number = progress.begin(at, due.len());
                for due in due {
                    let Some(place) =
                        self.place(&room, &mut tasks, &mut progress, &mut leadership, stop).await?
                    else {
                        break;
                    };
                    let this = self.clone();
                    let room = Arc::clone(&room);
                    tasks.spawn(async move {
                        this.settle(due, &room, place).await;
                        number
                    });
                }
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                Some(finished) = tasks.join_next() => reap(finished, &mut progress),
                () = self.poke.notified() => {}
                () = self.more_after(&at) => {}
                _ = tick.tick() => leadership.store(progress.done()).await?,
            }
        }
        // What is under way needn't be waited for: it is found again from the checkpoint, and gateways know the keys.
        leadership.store(progress.done()).await?;
        leadership.give_back().await;
        Ok(())
    }

    /// Waits for room for one more task; nothing if it is stopped meanwhile.
    async fn place(
        &self,
        room: &Arc<Semaphore>,
        tasks: &mut JoinSet<BatchNumber>,
        progress: &mut Progress,
        leadership: &mut Leadership,
        stop: &CancellationToken,
    ) -> Result<Option<OwnedSemaphorePermit>, ManagerError> {
        let mut tick = interval(TICK);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(None),
                place = Arc::clone(room).acquire_owned() => return Ok(place.ok()),
                Some(finished) = tasks.join_next() => reap(finished, progress),
                _ = tick.tick() => leadership.store(progress.done()).await?,
            }
        }
    }

    async fn more_after(&self, at: &Head) {
        tokio::join!(self.watch.beyond(at.position), tokio::time::sleep(LOOK));
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
            | PaymentEvent::RefundFailed { .. } => Ok(()),
        }
    }
}

fn reap(finished: Result<BatchNumber, tokio::task::JoinError>, progress: &mut Progress) {
    match finished {
        Ok(number) => progress.finish_one(number),
        // A panic: the checkpoint stays before it, so it is tried again by the next who leads.
        Err(failed) => error!(error = &failed as &dyn std::error::Error, "settling a payment failed"),
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
            | PaymentEvent::PaymentCaptured { .. } => {}
        }
    }
    Ok(due)
}
