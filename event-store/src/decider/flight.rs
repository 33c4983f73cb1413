//! Bringing groups into the log, one at a time, on a connection of its own.
//!
//! A group that is sent stays sealed until its outcome is known: an append whose answer was lost is sent again,
//! which can't write it twice, until the log says that it is there or that its place is taken.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use chrono::Utc;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::warn;

use super::known::{Known, lock_and_missed};
use crate::append::{Appended, Group, Sealed, append};
use crate::connect;
use crate::head::Head;
use crate::recorded::Recorded;
use crate::silence::within;
use crate::sqlstate::{self, Class};
use crate::tail::Tail;

/// What the decider asks for.
pub enum Order {
    /// Append this after the known head.
    Append(Arc<Group>, Known),
    /// Is the log still at the known head? A group of refusals alone asks.
    Check(Known),
    /// Take the log's lock, say what was missed, and append what comes back.
    Lock(Known),
}

/// What became of it.
pub enum Landing {
    /// The group is in the log, or the head is still the known one.
    Done(Known),
    /// The log goes on differently after the known head, or is another one. The decider then takes the log's lock, and what is
    /// found under it says which; so the tail is kept until then.
    Moved,
    /// Postgres can't store something in the group.
    Unstorable(String),
    /// The group is certainly not in the log, and there is no getting it there for now.
    Unavailable,
    /// The log's lock is held.
    Locked(Missed),
}

/// What was missed, told under the log's lock.
pub struct Missed {
    pub known: Known,
    /// The missed events; nothing where there were too many to tell.
    pub events: Option<Vec<Recorded>>,
    /// Where the group goes that was decided on that: an empty one where nothing is to be appended. Then another
    /// landing follows.
    pub group: oneshot::Sender<Arc<Group>>,
}

/// Carries orders out, until the decider ends.
pub async fn run(
    options: PgConnectOptions,
    tail: Tail,
    patience: Duration,
    silence: Duration,
    mut orders: mpsc::Receiver<Order>,
    landings: mpsc::Sender<Landing>,
) {
    let mut pilot =
        Pilot { options: connect::appending(&options), connection: None, tail, patience, silence };
    while let Some(order) = orders.recv().await {
        let landing = match order {
            Order::Append(group, known) => pilot.append(group, known).await,
            Order::Check(known) => pilot.check(known).await,
            Order::Lock(known) => pilot.locked(known, &landings).await,
        };
        if landings.send(landing).await.is_err() {
            return;
        }
    }
}

/// Between two tries: 5 ms, doubling to half a second, and so on for as long as it takes.
const PAUSES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(5))
    .with_max_delay(Duration::from_millis(500))
    .without_max_times();

async fn rest(pauses: &mut impl Iterator<Item = Duration>) {
    tokio::time::sleep(pauses.next().unwrap_or_default()).await;
}

struct Pilot {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    tail: Tail,
    patience: Duration,
    silence: Duration,
}

/// What an error says about the group.
enum Trouble {
    /// Postgres can't store it.
    Unstorable(String),
    /// It was rolled back.
    RolledBack,
    /// Nobody knows.
    Unknown,
}

impl Pilot {
    async fn connection(&mut self) -> Result<&mut PgConnection, sqlx::Error> {
        match &mut self.connection {
            Some(open) => Ok(open),
            closed => Ok(closed.insert(within(self.silence, self.options.connect()).await?)),
        }
    }

    /// Appends a group, however long it takes to know whether it is in the log.
    async fn append(&mut self, group: Arc<Group>, known: Known) -> Landing {
        let sealed = Sealed::new(group, known.head, Utc::now(), known.recorded_at);
        self.settle(&sealed, false).await
    }

    /// Sends a sealed group until its outcome is known. `uncertain`: an earlier sending may have worked.
    async fn settle(&mut self, sealed: &Sealed, mut uncertain: bool) -> Landing {
        let started = Instant::now();
        let mut pauses = PAUSES.build();
        let silence = self.silence;
        loop {
            let error = match self.connection().await {
                Ok(connection) => match within(silence, append(connection, sealed)).await {
                    Ok(Appended::Here) => return self.done(sealed),
                    Ok(Appended::Moved) => return Landing::Moved,
                    Err(error) => error,
                },
                // Nothing was sent on a connection that didn't come about.
                Err(error) => {
                    warn!(error = &error as &dyn std::error::Error, "no connection to the log");
                    if !uncertain && started.elapsed() > self.patience {
                        return Landing::Unavailable;
                    }
                    rest(&mut pauses).await;
                    continue;
                }
            };
            match self.judge(&error) {
                // An earlier sending that may still be under way can only end the same way.
                Trouble::Unstorable(code) => return Landing::Unstorable(code),
                Trouble::Unknown => uncertain = true,
                Trouble::RolledBack => {}
            }
            if !uncertain && started.elapsed() > self.patience {
                return Landing::Unavailable;
            }
            rest(&mut pauses).await;
        }
    }

    fn judge(&mut self, error: &sqlx::Error) -> Trouble {
        if let Some(code) = sqlstate::of(error).map(Cow::into_owned) {
            if sqlstate::is_of_data(&code) {
                return Trouble::Unstorable(code);
            }
            warn!(error = error as &dyn std::error::Error, code, "the log refused an append");
            // Perhaps it is the connection: to a server that is a standby now, or with a setting of before.
            self.lost();
            // An intervention ends the connection, perhaps in the middle of a commit.
            let ended = Class::OPERATOR_INTERVENTION.has(&code);
            return if ended { Trouble::Unknown } else { Trouble::RolledBack };
        }
        warn!(error = error as &dyn std::error::Error, "the connection to the log was lost");
        self.lost();
        Trouble::Unknown
    }

    async fn check(&mut self, known: Known) -> Landing {
        let started = Instant::now();
        let mut pauses = PAUSES.build();
        let silence = self.silence;
        loop {
            let found = match self.connection().await {
                Ok(connection) => within(silence, Head::current(connection)).await,
                Err(error) => Err(error),
            };
            match found {
                Ok((found, _recorded_at)) if found == known.head => return Landing::Done(known),
                Ok((found, _recorded_at)) => {
                    self.tail.found(Some(known.head), found);
                    return Landing::Moved;
                }
                Err(error) => {
                    self.judge(&error);
                    if started.elapsed() > self.patience {
                        return Landing::Unavailable;
                    }
                    rest(&mut pauses).await;
                }
            }
        }
    }

    /// Under the log's lock: tell what was missed, append what comes back, commit. A round trip for each, so they are
    /// as few as can be.
    async fn locked(&mut self, known: Known, landings: &mpsc::Sender<Landing>) -> Landing {
        let started = Instant::now();
        let mut pauses = PAUSES.build();
        loop {
            let (error, sealed) = match self.locked_once(known, landings).await {
                Ok(landing) => return landing,
                Err(failed) => failed,
            };
            let trouble = self.judge(&error);
            // What can't be stored loses no connection, but the transaction that it was in holds the log's lock.
            self.lost();
            // The group was decided under a lock that may be gone, but it has its place: its outcome is found as ever.
            if let Some(sealed) = sealed {
                return match trouble {
                    Trouble::Unstorable(code) => Landing::Unstorable(code),
                    Trouble::RolledBack => self.settle(&sealed, false).await,
                    Trouble::Unknown => self.settle(&sealed, true).await,
                };
            }
            if started.elapsed() > self.patience {
                return Landing::Unavailable;
            }
            rest(&mut pauses).await;
        }
    }

    async fn locked_once(
        &mut self,
        known: Known,
        landings: &mpsc::Sender<Landing>,
    ) -> Result<Landing, (sqlx::Error, Option<Sealed>)> {
        let before = |error| (error, None);
        let (silence, tail) = (self.silence, self.tail.clone());
        let connection = self.connection().await.map_err(before)?;
        let mut transaction = within(silence, connection.begin()).await.map_err(before)?;
        let (now_known, events) =
            within(silence, lock_and_missed(&mut transaction, known)).await.map_err(before)?;
        match &events {
            Some(events) => tail.read(known.head, now_known.head, events),
            // Another log, or too much of it.
            None => tail.clear(),
        }
        let (group, decided) = oneshot::channel();
        if landings.send(Landing::Locked(Missed { known: now_known, events, group })).await.is_err() {
            return Ok(Landing::Unavailable);
        }
        // The decider answers without any IO; if it is gone, so is everybody who would be told.
        let Ok(group) = decided.await else { return Ok(Landing::Unavailable) };
        if group.events.is_empty() {
            // Refusals alone: they were decided on the head, under the lock. How the transaction ends doesn't matter.
            if within(silence, transaction.rollback()).await.is_err() {
                self.lost();
            }
            return Ok(Landing::Done(now_known));
        }
        let sealed = Sealed::new(group, now_known.head, Utc::now(), now_known.recorded_at);
        match within(silence, append(&mut transaction, &sealed)).await {
            // It can't be, under the lock. If it is, nothing is known.
            Ok(Appended::Moved) => {
                tail.clear();
                return Ok(Landing::Moved);
            }
            Ok(Appended::Here) => {}
            Err(error) => return Err((error, Some(sealed))),
        }
        match within(silence, transaction.commit()).await {
            Ok(()) => Ok(self.done(&sealed)),
            Err(error) => Err((error, Some(sealed))),
        }
    }

    /// The connection is not used any more. The next may lead to a server that has lost what this one had.
    fn lost(&mut self) {
        self.connection = None;
        self.tail.clear();
    }

    /// A group is in the log.
    fn done(&self, sealed: &Sealed) -> Landing {
        self.tail.appended(sealed);
        Landing::Done(Known { head: sealed.head(), recorded_at: sealed.recorded_at() })
    }
}
