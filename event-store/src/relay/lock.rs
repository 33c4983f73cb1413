//! One relay at a time: whoever holds a session's advisory lock, and writes its checkpoint by that same session.
//!
//! So the checkpoint is fenced: once the lock may be somebody else's, the session that could move it is gone.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::checkpoint::Checkpoint;
use crate::fenced;
use crate::head::Head;

/// Advisory locks of a database are told apart by their number; the log's own is in `log_lock_key()`.
const KEY: i64 = 7_306_072_023_114_768_234;

/// How often the session shows that it lives.
const PING: Duration = Duration::from_secs(1);

/// How long Postgres may take to answer a ping or to take a checkpoint.
const ANSWER: Duration = Duration::from_secs(5);

/// The lock, held. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Lock {
    stores: mpsc::Sender<Store>,
    lost: CancellationToken,
}

/// A checkpoint on its way, and where to say that it is stored.
type Store = (Head, oneshot::Sender<()>);

/// The session that held the lock is gone.
#[derive(Debug)]
pub(super) struct Lost;

impl Lock {
    /// Waits until the lock is free and takes it; `waiting` is called each time that it isn't.
    pub(super) async fn take(
        pool: &PgPool,
        checkpoint: Checkpoint,
        waiting: impl FnMut(),
    ) -> Result<Self, sqlx::Error> {
        let session = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(fenced::options(&pool.connect_options(), "daybook-relay"))
            .await?;
        // A listener is a connection that notices at once when its other end is closed. It connects again by itself,
        // which must not happen here: it is dropped as soon as it says that it was lost.
        let mut listener = PgListener::connect_with(&session).await?;
        listener.eager_reconnect(false);
        fenced::hold(&mut listener, KEY, waiting).await?;
        let (stores, requests) = mpsc::channel(1);
        let lost = CancellationToken::new();
        tokio::spawn(hold(session, listener, checkpoint, requests, lost.clone()));
        Ok(Self { stores, lost })
    }

    /// Waits until the lock is lost.
    pub(super) async fn lost(&self) -> Lost {
        self.lost.cancelled().await;
        Lost
    }

    /// Moves the checkpoint to `head`, if the lock is still ours.
    pub(super) async fn store(&self, head: Head) -> Result<(), Lost> {
        let (stored, done) = oneshot::channel();
        self.stores.send((head, stored)).await.map_err(|_| Lost)?;
        done.await.map_err(|_| Lost)
    }

    /// Gives the lock back and waits until it is free.
    pub(super) async fn release(self) {
        let Self { stores, lost } = self;
        drop(stores);
        lost.cancelled().await;
    }
}

/// Holds the lock until it is given back or the session is lost; cancels `lost` when it is free.
async fn hold(
    session: PgPool,
    mut listener: PgListener,
    checkpoint: Checkpoint,
    mut requests: mpsc::Receiver<Store>,
    lost: CancellationToken,
) {
    let _lost = lost.drop_guard();
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            heard = listener.try_recv() => {
                if !matches!(heard, Ok(Some(_))) {
                    debug!(?heard, "the relay's session is closed");
                    return;
                }
            }
            request = requests.recv() => {
                let Some((head, stored)) = request else { break };
                if !answered("moving the checkpoint", checkpoint.store(&mut listener, &head)).await {
                    return;
                }
                // Whoever asked may have gone; the checkpoint is right all the same.
                let _ = stored.send(());
            }
            _ = ping.tick() => {
                let alive = async { sqlx::query("SELECT").execute(&mut listener).await.map(drop) };
                if !answered("the session's ping", alive).await {
                    return;
                }
            }
        }
    }
    // Closing the session gives the lock back.
    drop(listener);
    session.close().await;
}

async fn answered(what: &str, question: impl Future<Output = Result<(), sqlx::Error>>) -> bool {
    match timeout(ANSWER, question).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            warn!(error = &error as &dyn std::error::Error, "{what} failed");
            false
        }
        Err(_elapsed) => {
            warn!("{what} had no answer for {ANSWER:?}");
            false
        }
    }
}
