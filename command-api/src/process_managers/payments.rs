//! Takes attempts to pay and refunds to their gateways, once they are in the log, and records what came of them.

mod attempt;
mod refund;

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use domain::ids::PaymentId;
use domain::payment::{Payment, PaymentEvent};
use event_store::{Checkpoint, Decider, Head, Log, LogWatch, Metadata, Recorded, Submission};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, error, info, warn};

use super::leadership::Leadership;
use super::outcomes::Outcomes;
use super::progress::{BatchNumber, Progress};
use super::{BATCH, ManagerError, START_AGAIN, TICK, because_of, read};
use crate::gateway::Gateways;

/// Its checkpoint, and how events name it.
pub const NAME: &str = "payments";

/// What it has to do something about, and what says that it need not any more.
const TYPES: [&str; 4] = ["PaymentAttempted", "RefundRequested", "PaymentRefunded", "RefundFailed"];

/// The log grows all the time, mostly by what isn't for us: this is how often we look. An attempt that was made in this
/// process is looked for at once.
const LOOK: Duration = Duration::from_millis(5);

/// How long the first and the last wait is between two questions to a gateway that gives no answer.
const ASK_AGAIN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));

/// The process manager. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Payments {
    /// By which it records what gateways say.
    pub decider: Decider,
    /// What it follows.
    pub log: Log,
    /// When there is more to follow.
    pub watch: LogWatch,
    /// Whom it asks.
    pub gateways: Gateways,
    /// Whom it tells.
    pub outcomes: Outcomes,
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
                if failure.is_final() {
                    error!(error = &failure as &dyn std::error::Error, "payments stand still");
                    return;
                }
                warn!(error = &failure as &dyn std::error::Error, "payments start again");
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
                    tasks.spawn(async move {
                        this.settle(due).await;
                        drop(place);
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

    /// Does what is due, and asks again as long as the gateway, or the log, gives no answer.
    async fn settle(&self, due: Due) {
        let (mut wait, longest) = ASK_AGAIN;
        let span = tracing::info_span!("payment", id = %due.payment_id);
        async {
            loop {
                let settled = match &due.event {
                    PaymentEvent::PaymentAttempted { attempt, gateway, method } => {
                        self.settle_attempt(&due, *attempt, gateway, method).await
                    }
                    PaymentEvent::RefundRequested { refund_id, .. } => {
                        self.settle_refund(&due, *refund_id).await
                    }
                    PaymentEvent::PaymentOpened { .. }
                    | PaymentEvent::PaymentActionRequired { .. }
                    | PaymentEvent::PaymentDeclined { .. }
                    | PaymentEvent::PaymentCaptured { .. }
                    | PaymentEvent::PaymentRefunded { .. }
                    | PaymentEvent::RefundFailed { .. }
                    | PaymentEvent::PaymentCancelled {} => Ok(()),
                };
                let Err(unsettled) = settled else { return };
                warn!(error = &unsettled as &dyn std::error::Error, "a payment is not settled yet");
                tokio::time::sleep(wait).await;
                wait = longest.min(wait * 2);
            }
        }
        .instrument(span)
        .await;
    }

    /// A command of this process manager, because of an event.
    fn submission(due: &Due) -> Submission {
        Submission {
            metadata: due.because.clone(),
            occurred_at: Some(Utc::now()),
            bytes: 1024,
            ..Submission::default()
        }
    }
}

/// Why something is not settled yet.
#[derive(Debug, thiserror::Error)]
enum Unsettled {
    #[error(transparent)]
    Gateway(#[from] crate::gateway::GatewayError),
    #[error("the gateway {0} is not configured")]
    NoGateway(String),
    #[error("the log did not take it: {0}")]
    Log(String),
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
            PaymentEvent::PaymentAttempted { .. } | PaymentEvent::RefundRequested { .. } => due.push(Due {
                payment_id,
                because: because_of(event, NAME),
                may_be_known: event.position <= known,
                event: read,
            }),
            PaymentEvent::PaymentOpened { .. }
            | PaymentEvent::PaymentActionRequired { .. }
            | PaymentEvent::PaymentDeclined { .. }
            | PaymentEvent::PaymentCaptured { .. }
            | PaymentEvent::PaymentCancelled {} => {}
        }
    }
    Ok(due)
}
