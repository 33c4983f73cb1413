//! A client reads what it has written.
//!
//! A read with `X-Min-Position` waits until the read model has come that far. A client that doesn't send it still sees
//! its own writes: this follows who wrote last where, and a list waits for its reader's own last event, not for those
//! of strangers. Past the bound it answers what it has, and `X-Projection-Position` says so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use api_contract::{ApiError, MinPosition, Principal};
use event_store::{Log, LogWatch};
use projections::Positions;
use tokio::sync::watch;
use tracing::warn;

/// The log's writers are looked for at most once in this time, whatever is appended.
const PACE: Duration = Duration::from_millis(4);
/// So many writers are remembered at most; those whose events every read model has are forgotten first.
const WRITERS: usize = 100_000;

/// Follows the writers of the log. Cheap to clone.
#[derive(Clone)]
pub struct Freshness {
    log: Log,
    positions: Positions,
    last: Arc<Mutex<HashMap<String, i64>>>,
    followed: watch::Receiver<i64>,
    bound: Duration,
}

impl Freshness {
    /// Starts to follow the log from its end. A plain read waits for its reader's own last event within `bound`.
    pub fn start(log: Log, watch: LogWatch, positions: Positions, bound: Duration) -> Self {
        let (followed, receiver) = watch::channel(0);
        let last = Arc::<Mutex<HashMap<_, _>>>::default();
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
        self.last.lock().unwrap_or_else(PoisonError::into_inner).get(actor).copied().unwrap_or(0)
    }
}

async fn follow(
    log: Log,
    watch: LogWatch,
    positions: Positions,
    last: Arc<Mutex<HashMap<String, i64>>>,
    followed: watch::Sender<i64>,
) {
    // Who wrote before this process started is waited for as if everybody had: up to the log's end of that moment.
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
        // A long way behind, as at the start: those events were seen by the read models long ago or will be soon.
        let after = from.max(until - 10_000);
        match log.writers(after, until).await {
            Ok(writers) => {
                note(&last, writers, &positions);
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

fn note(last: &Mutex<HashMap<String, i64>>, writers: Vec<(String, i64)>, positions: &Positions) {
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    last.extend(writers);
    if last.len() > WRITERS {
        let seen = positions.known(projections::order_history::NAME);
        last.retain(|_, position| *position > seen);
    }
}
