//! One process at a time: whoever holds a session's advisory lock leads, and moves the checkpoint by that session.
//!
//! So the checkpoint is fenced: a process that has lost the session can't move it any more.

use std::time::Duration;

use event_store::{Checkpoint, Head};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};

/// How often a process that doesn't lead asks whether it may.
const STANDBY: Duration = Duration::from_millis(500);

/// The leadership of one process manager. Dropping it gives it back.
#[derive(Debug)]
pub struct Leadership {
    session: PgConnection,
    checkpoint: Checkpoint,
    stored: Head,
}

impl Leadership {
    /// Waits until nobody leads, and leads.
    pub async fn take(pool: &PgPool, checkpoint: Checkpoint) -> Result<Self, sqlx::Error> {
        let mut session = options(&pool.connect_options()).connect().await?;
        let name = format!("process manager {}", checkpoint.name());
        // Asked again and again: a statement that waits for the lock would hold back the vacuum meanwhile.
        while !sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS "held!""#, name)
            .fetch_one(&mut session)
            .await?
        {
            tokio::time::sleep(STANDBY).await;
        }
        Ok(Self { session, checkpoint, stored: Head::EMPTY })
    }

    /// Where the one before stopped.
    pub async fn checkpoint(&mut self) -> Result<Head, event_store::LogError> {
        self.stored = self.checkpoint.load(&mut self.session).await?;
        Ok(self.stored)
    }

    /// Moves the checkpoint, or, where it hasn't moved, makes sure that the session lives. Fails when the leadership is
    /// lost.
    pub async fn store(&mut self, head: Head) -> Result<(), sqlx::Error> {
        if head == self.stored {
            return self.session.ping().await;
        }
        self.checkpoint.store(&mut self.session, &head).await?;
        self.stored = head;
        Ok(())
    }

    /// The session, for what has to be committed by whoever leads.
    pub fn session(&mut self) -> &mut PgConnection {
        &mut self.session
    }

    /// Gives it back, so that the next one needn't wait until Postgres notices.
    pub async fn give_back(self) {
        let _ = self.session.close().await;
    }
}

/// Postgres ends the session, and with it the lock, when its process is frozen or its host is gone. Its commits needn't
/// reach the disk before they are answered: a checkpoint that a crash takes back is an older one.
fn options(options: &PgConnectOptions) -> PgConnectOptions {
    options
        .clone()
        .options([
            ("idle_session_timeout", "10s"),
            ("client_connection_check_interval", "1s"),
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "2"),
            ("tcp_keepalives_count", "3"),
            ("synchronous_commit", "off"),
        ])
        .application_name("daybook-process-manager")
        .disable_statement_logging()
}
