//! Takes attempts to pay and refunds to their gateways, once they are in the log, and records what came of them.
//!
//! Whatever is not settled holds the checkpoint, but for a refund that its gateway has made and not settled: that may take
//! days, so it is noted in a table, and asked about with the tick. Of what gateways are to forget ([`super::forgetting`]) the
//! log knows nothing.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::PaymentId;
use domain::payment::{Payment, PaymentEvent};
use event_store::{Checkpoint, Head, Log, LogWatch, Metadata, Recorded};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, error, info, warn};

use super::forgetting::Forgetting;
use super::leadership::Leadership;
use super::progress::{BatchNumber, Progress};
use super::{BATCH, ManagerError, START_AGAIN, TICK, because_of, failure, read};
use crate::settlement::pending::{self, PendingRefund};
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

/// How many pending refunds are asked about with one tick.
const PENDING: usize = 16;

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

/// A leadership, and what is under way in it.
struct Turn<'a> {
    manager: &'a Payments,
    stop: &'a CancellationToken,
    leadership: Leadership,
    /// How far the log was read.
    at: Head,
    /// What is in the log up to here may have been taken to its gateway by whoever led before.
    known: i64,
    progress: Progress,
    /// Each ends with the batch that it is of; a pending refund, which holds no checkpoint, is of none.
    tasks: JoinSet<Option<BatchNumber>>,
    /// A place for each that is at its gateway.
    room: Arc<Semaphore>,
    forgetting: Forgetting,
    tick: Interval,
}

impl<'a> Turn<'a> {
    async fn begin(
        manager: &'a Payments,
        mut leadership: Leadership,
        stop: &'a CancellationToken,
    ) -> Result<Self, ManagerError> {
        let at = leadership.checkpoint().await?;
        Checkpoint::named(NAME).recovered(leadership.session()).await?;
        info!(checkpoint = %at, "payments lead");
        let known = manager.log.head().await?.position;
        let room = Arc::new(Semaphore::new(manager.at_once));
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (progress, tasks) = (Progress::from(at), JoinSet::new());
        let forgetting = Forgetting::new(manager.log.pool().clone(), manager.settlement.gateways.clone());
        Ok(Self { manager, stop, leadership, at, known, progress, tasks, room, forgetting, tick })
    }

    /// Begins what is new in the log. Answers whether the log has grown.
    async fn read_on(&mut self) -> Result<bool, ManagerError> {
        let batch = self.manager.log.read_after_of(&TYPES, &self.at, BATCH).await?;
        if batch.head == self.at {
            return Ok(false);
        }
        self.at = batch.head;
        let due = due(&batch.events, self.known)?;
        let number = self.progress.begin(self.at, due.len());
        for due in due {
            let Some(place) = self.place().await? else { break };
            let (manager, room) = (self.manager.clone(), Arc::clone(&self.room));
            self.tasks.spawn(async move {
                manager.settle(due, &room, place).await;
                Some(number)
            });
        }
        Ok(true)
    }

    /// Waits for room for one more task; nothing if it is stopped meanwhile.
    async fn place(&mut self) -> Result<Option<OwnedSemaphorePermit>, ManagerError> {
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return Ok(None),
                place = Arc::clone(&self.room).acquire_owned() => return Ok(place.ok()),
                Some(finished) = self.tasks.join_next() => reap(finished, &mut self.progress),
                _ = self.tick.tick() => self.store().await?,
            }
        }
    }

    /// Waits for the first thing that there is to do. A log that has grown may have grown again; under load it always has, so
    /// what else is there comes in its turn.
    async fn rest(&mut self, grown: bool) -> Result<(), ManagerError> {
        tokio::select! {
            () = std::future::ready(()), if grown => {}
            () = self.stop.cancelled() => {}
            Some(finished) = self.tasks.join_next() => reap(finished, &mut self.progress),
            () = self.manager.poke.notified() => {}
            () = self.manager.more_after(&self.at) => {}
            _ = self.tick.tick() => {
                self.store().await?;
                self.ask_pending().await?;
                self.forgetting.go_on(self.leadership.session()).await?;
            }
        }
        Ok(())
    }

    async fn store(&mut self) -> Result<(), ManagerError> {
        Ok(self.leadership.store(self.progress.done()).await?)
    }

    /// Asks about the refunds that are due to be asked about, as far as there is room: nobody waits for one.
    async fn ask_pending(&mut self) -> Result<(), ManagerError> {
        let free = || Arc::clone(&self.room).try_acquire_owned().ok();
        let places: Vec<_> = std::iter::from_fn(free).take(PENDING).collect();
        if places.is_empty() {
            return Ok(());
        }
        let due = pending::take_due(self.leadership.session(), places.len()).await?;
        for (pending, place) in due.into_iter().zip(places) {
            let manager = self.manager.clone();
            self.tasks.spawn(async move {
                manager.ask(pending).await;
                drop(place);
                None
            });
        }
        Ok(())
    }

    /// What is under way needn't be waited for: it is found again from the checkpoint or in a table, and gateways know the
    /// keys.
    async fn end(mut self) -> Result<(), ManagerError> {
        self.store().await?;
        self.leadership.give_back().await;
        Ok(())
    }
}

fn reap(finished: Result<Option<BatchNumber>, tokio::task::JoinError>, progress: &mut Progress) {
    match finished {
        Ok(Some(number)) => progress.finish_one(number),
        Ok(None) => {}
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
            | PaymentEvent::PaymentCaptured { .. }
            | PaymentEvent::RefundReversed { .. } => {}
        }
    }
    Ok(due)
}
