//! A client reads what it has written.
//!
//! A read with `X-Min-Position` waits until the read model has come that far. A client that doesn't send it still sees
//! its own writes: this follows who wrote last where, and a list waits for its reader's own last event, not for those
//! of strangers. Past the bound it answers what it has, and `X-Projection-Position` says so.

mod writers;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api_contract::{ApiError, MinPosition, Principal};
use event_store::{Log, LogWatch};
use projections::Positions;
use tokio::sync::watch;
use tracing::warn;

use self::writers::Writers;

/// The log's writers are looked for at most once in this time, whatever is appended.
const PACE: Duration = Duration::from_millis(4);
/// How much of what was written is looked at, if it is more: what is before that was read long ago or will be soon.
const LOOKED_AT: i64 = 10_000;

/// Follows the writers of the log. Cheap to clone.
#[derive(Clone)]
pub struct Freshness {
    log: Log,
    positions: Positions,
    last: Arc<Mutex<Writers>>,
    followed: watch::Receiver<i64>,
    bound: Duration,
}

impl Freshness {
    /// Starts to follow the log from its end. A plain read waits for its reader's own last event within `bound`.
    pub fn start(log: Log, watch: LogWatch, positions: Positions, bound: Duration) -> Self {
        let (followed, receiver) = watch::channel(0);
        let last = Arc::<Mutex<Writers>>::default();
        tokio::spawn(follow(log.clone(), watch, positions.clone(), Arc::clone(&last), followed));
        Self { log, positions, last, followed: receiver, bound }
    }

    /// Waits until a read model has what this read must see. The position that it stands at then is the answer's own.
    pub async fn ready(
        &self,
        model: &str,
        min: MinPosition,
        reader: Option<&Principal>,
    ) -> Result<(), ApiError> {
        if min.position.is_none() && reader.is_none() {
            return Ok(()); // Whoever wrote nothing and asks for nothing is answered what there is.
        }
        let head = self.log.head().await.map_err(identity::failed)?.position;
        if min.position.is_some_and(|position| position > head) {
            return Err(MinPosition::beyond_head());
        }
        let own = match reader {
            Some(reader) => self.last_write(&reader.actor(), head).await,
            None => 0,
        };
        let (position, bound) = match min.position {
            Some(position) if position >= own => (position, min.wait),
            _ => (own, self.bound),
        };
        self.positions.wait_for(model, position, bound).await;
        Ok(())
    }

    /// A read that is folded from its stream is never behind; it only refuses a position that the log has not got.
    pub async fn folded(&self, min: MinPosition) -> Result<(), ApiError> {
        match min.position {
            Some(position) if position > self.log.head().await.map_err(identity::failed)?.position => {
                Err(MinPosition::beyond_head())
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The position of somebody's last event up to `head`; 0 if it is too long ago to matter.
    async fn last_write(&self, actor: &str, head: i64) -> i64 {
        let mut followed = self.followed.clone();
        let _ = tokio::time::timeout(self.bound, followed.wait_for(|followed| *followed >= head)).await;
        self.last.lock().unwrap_or_else(PoisonError::into_inner).last_of(actor).unwrap_or(0)
    }
}

/// Follows the writers from shortly before the log's end on. Who wrote before that is waited for no more.
async fn follow(
    log: Log,
    watch: LogWatch,
    positions: Positions,
    last: Arc<Mutex<Writers>>,
    followed: watch::Sender<i64>,
) {
    while !followed.is_closed() {
        let from = *followed.borrow();
        let until = watch.position();
        if until <= from {
            tokio::select! {
                () = watch.beyond(from) => {}
                () = followed.closed() => {}
            }
            continue;
        }
        match log.writers(from.max(until - LOOKED_AT), until).await {
            Ok(writers) => {
                note(&last, writers, &log, &positions).await;
                followed.send_replace(until);
                tokio::time::sleep(PACE).await;
            }
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "the writers of the log can't be followed");
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        }
    }
}

async fn note(last: &Mutex<Writers>, writers: Vec<(String, i64)>, log: &Log, positions: &Positions) {
    let lock = || last.lock().unwrap_or_else(PoisonError::into_inner);
    let has_room = lock().has_room(writers.len());
    if !has_room {
        let read = read_by_all(log, positions).await;
        lock().make_room(read);
    }
    lock().note(writers);
}

/// The position that every read model has come to, the index of this process too.
async fn read_by_all(log: &Log, positions: &Positions) -> i64 {
    let in_postgres = projections::read_by_all(log.pool()).await.unwrap_or_else(|error| {
        warn!(error = &error as &dyn std::error::Error, "the read models' positions can't be read");
        0
    });
    in_postgres.min(positions.known(projections::product_search::NAME))
}
