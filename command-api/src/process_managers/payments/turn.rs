//! A turn at leading: what is under way in it, and how far it is done.

use std::sync::Arc;

use event_store::{Checkpoint, Head};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::super::forgetting::Forgetting;
use super::super::leadership::Leadership;
use super::super::missed_notices::MissedNotices;
use super::super::progress::{BatchNumber, Progress};
use super::super::{BATCH, ManagerError, TICK};
use super::{NAME, Payments, due};
use crate::settlement::pending;

/// What it has to do something about, and what says that it need not any more.
const TYPES: [&str; 5] =
    ["PaymentAttempted", "PaymentCancelled", "RefundRequested", "PaymentRefunded", "RefundFailed"];

/// How many pending refunds are asked about with one tick.
const PENDING: usize = 16;

/// A leadership, and what is under way in it.
pub(super) struct Turn<'a> {
    manager: &'a Payments,
    stop: &'a CancellationToken,
    leadership: Leadership,
    /// How far the log was read.
    at: Head,
    /// Whether to read on although the log has not grown, as far as is known: at first and with each tick, for it could be
    /// another log.
    look: bool,
    /// What is in the log up to here may have been taken to its gateway by whoever led before.
    known: i64,
    progress: Progress,
    /// Each ends with the batch that it is of; a pending refund, which holds no checkpoint, is of none.
    tasks: JoinSet<Option<BatchNumber>>,
    /// A place for each that is at its gateway.
    room: Arc<Semaphore>,
    forgetting: Forgetting,
    missed: MissedNotices,
    tick: Interval,
}

impl<'a> Turn<'a> {
    pub(super) async fn begin(
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
        let missed = MissedNotices::begin(leadership.session(), manager.settlement.clone()).await?;
        Ok(Self {
            manager,
            stop,
            leadership,
            at,
            look: true,
            known,
            progress,
            tasks,
            room,
            forgetting,
            missed,
            tick,
        })
    }

    /// Begins what is new in the log. Answers whether the log has grown.
    pub(super) async fn read_on(&mut self) -> Result<bool, ManagerError> {
        if !self.look && self.manager.watch.position() <= self.at.position {
            return Ok(false);
        }
        self.look = false;
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
                _ = self.tick.tick() => {
                    self.look = true;
                    self.store().await?;
                }
            }
        }
    }

    /// Waits for the first thing that there is to do. A log that has grown may have grown again; under load it always has, so
    /// what else is there comes in its turn.
    pub(super) async fn rest(&mut self, grown: bool) -> Result<(), ManagerError> {
        tokio::select! {
            () = std::future::ready(()), if grown => {}
            () = self.stop.cancelled() => {}
            Some(finished) = self.tasks.join_next() => reap(finished, &mut self.progress),
            () = self.manager.poke.notified() => {}
            () = self.manager.more_after(&self.at) => {}
            _ = self.tick.tick() => {
                self.look = true;
                self.store().await?;
                self.ask_pending().await?;
                self.forgetting.go_on(self.leadership.session()).await?;
                self.missed.go_on(self.leadership.session()).await?;
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
    pub(super) async fn end(mut self) -> Result<(), ManagerError> {
        self.store().await?;
        self.leadership.give_back().await;
        Ok(())
    }
}

fn reap(finished: Result<Option<BatchNumber>, JoinError>, progress: &mut Progress) {
    match finished {
        Ok(Some(number)) => progress.finish_one(number),
        Ok(None) => {}
        // A panic: the checkpoint stays before it, so it is tried again by the next who leads.
        Err(failed) => error!(error = &failed as &dyn std::error::Error, "settling a payment failed"),
    }
}
