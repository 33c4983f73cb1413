//! Knowing that the log has grown: a notification and polling, both.

use std::sync::{Arc, Weak};
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tracing::warn;

use crate::log::Log;
use crate::tail::Tail;

/// The channel of `NOTIFY`. Its payload is the head's position as the sender knew it; it is not believed, but where it
/// says nothing new nobody needs to look.
pub const CHANNEL: &str = "daybook_log";

/// How often the head is read where no notification came, for one could be lost with a connection.
const POLL: Duration = Duration::from_millis(250);

/// Follows the position of the log's head, with what a decider in this process has appended. Cheap to clone; the task ends
/// with the last clone.
#[derive(Clone, Debug)]
pub struct LogWatch {
    position: Arc<watch::Sender<i64>>,
    tail: Tail,
}

impl LogWatch {
    /// Starts to follow the log that `pool` leads to.
    pub fn start(pool: PgPool) -> Self {
        let this = Self { position: Arc::new(watch::Sender::new(0)), tail: Tail::default() };
        tokio::spawn(follow(pool, Arc::downgrade(&this.position), this.tail.clone()));
        this
    }

    /// Says that the log has come to `position`: a decider in this process knows first.
    pub fn advance(&self, position: i64) {
        advance(&self.position, position);
    }

    /// The log's end as this process knows it.
    pub(crate) fn tail(&self) -> &Tail {
        &self.tail
    }

    /// The last known position of the head.
    pub fn position(&self) -> i64 {
        *self.position.borrow()
    }

    /// Waits until the log has grown beyond `position`.
    pub async fn beyond(&self, position: i64) {
        // The sender is this struct's own, so the channel can't be closed while we wait.
        let _ = self.position.subscribe().wait_for(|known| *known > position).await;
    }
}

fn advance(watched: &watch::Sender<i64>, position: i64) {
    watched.send_if_modified(|known| {
        let newer = position > *known;
        if newer {
            *known = position;
        }
        newer
    });
}

async fn follow(pool: PgPool, watched: Weak<watch::Sender<i64>>, tail: Tail) {
    let log = Log::new(pool.clone());
    let mut listener = listen(&pool).await;
    loop {
        let end = tail.end();
        match log.head().await {
            Ok(head) => {
                tail.found(end, head);
                let Some(position) = watched.upgrade() else { return };
                advance(&position, head.position);
            }
            Err(error) => warn!(error = &error as &dyn std::error::Error, "the log's head could not be read"),
        }
        if let Some(open) = listener.as_mut() {
            match timeout(POLL, news(open, &watched)).await {
                Ok(Ok(())) | Err(_) => {}
                Ok(Err(_)) => listener = None,
            }
        } else {
            sleep(POLL).await;
            listener = listen(&pool).await;
        }
        if watched.strong_count() == 0 {
            return;
        }
    }
}

/// Waits for a notice of what isn't known yet: what this process appended it knows.
async fn news(listener: &mut PgListener, watched: &Weak<watch::Sender<i64>>) -> Result<(), sqlx::Error> {
    loop {
        let notice = listener.recv().await?;
        let Some(known) = watched.upgrade().map(|position| *position.borrow()) else { return Ok(()) };
        if notice.payload().parse().is_ok_and(|position: i64| position <= known) {
            continue;
        }
        while listener.next_buffered().is_some() {}
        return Ok(());
    }
}

async fn listen(pool: &PgPool) -> Option<PgListener> {
    let mut listener = PgListener::connect_with(pool).await.ok()?;
    listener.listen(CHANNEL).await.ok()?;
    Some(listener)
}
