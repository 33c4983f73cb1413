//! One relay at a time: whoever holds a session's advisory lock, and writes its checkpoint by that same session.
//!
//! So the checkpoint is fenced: once the lock may be somebody else's, the session that could move it is gone.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{ConnectOptions, PgPool};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::checkpoint::Checkpoint;
use crate::head::Head;

/// Advisory locks of a database are told apart by their number; the log's own is in `log_lock_key()`.
const KEY: i64 = 7_306_072_023_114_768_234;

/// How often a relay that waits asks for the lock.
const STANDBY: Duration = Duration::from_millis(500);

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
        mut waiting: impl FnMut(),
    ) -> Result<Self, sqlx::Error> {
        let session = PgPoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options(&pool.connect_options()))
            .await?;
        // A listener is a connection that notices at once when its other end is closed. It connects again by itself,
        // which must not happen here: it is dropped as soon as it says that it was lost.
        let mut listener = PgListener::connect_with(&session).await?;
        listener.eager_reconnect(false);
        // Asked again and again: a statement that waits for the lock would hold back the vacuum meanwhile.
        while !sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "held!""#, KEY)
            .fetch_one(&mut listener)
            .await?
        {
            waiting();
            tokio::time::sleep(STANDBY).await;
        }
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

/// Options of the session: Postgres ends it, and with it the lock, when its process is frozen or its host is gone.
/// Its commits need not reach the disk before they are answered: a checkpoint that a crash takes back is an older one,
/// from which events come twice.
fn options(options: &Arc<PgConnectOptions>) -> PgConnectOptions {
    PgConnectOptions::clone(options)
        .options([
            ("idle_session_timeout", "10s"),
            ("client_connection_check_interval", "1s"),
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "2"),
            ("tcp_keepalives_count", "3"),
            ("synchronous_commit", "off"),
        ])
        .application_name("daybook-relay")
        .disable_statement_logging()
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
