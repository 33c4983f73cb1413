//! One process at a time: whoever holds a session's advisory lock leads, and moves the checkpoint by that session.
//!
//! So the checkpoint is fenced: a process that has lost the session can't move it any more.

use event_store::{Checkpoint, Head, fenced};
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};

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
        let options = fenced::options(&pool.connect_options(), "daybook-process-manager");
        let mut session = options.connect().await?;
        let name = format!("process manager {}", checkpoint.name());
        let key = sqlx::query_scalar!(r#"SELECT hashtextextended($1, 0) AS "key!""#, name);
        let key = key.fetch_one(&mut session).await?;
        fenced::hold(&mut session, key, || ()).await?;
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
