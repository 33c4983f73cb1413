//! How far a consumer of the log has come.

use sqlx::{PgExecutor, PgPool};

use crate::head::{Hash, Head};
use crate::log::LogError;

/// A consumer's checkpoint: a row of `checkpoints`, written in the transaction of what the consumer did.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    name: String,
}

/// How a consumer stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standstill {
    /// What it waits for comes back, and then it goes on by itself.
    Waiting,
    /// By an error: it doesn't try again, or in vain.
    Failed,
}

impl Checkpoint {
    /// The checkpoint of the consumer of this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    /// The consumer's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the consumer stands; at the beginning if it has never been.
    pub async fn load(&self, db: impl PgExecutor<'_>) -> Result<Head, LogError> {
        let row = sqlx::query!("SELECT position, hash FROM checkpoints WHERE name = $1", self.name)
            .fetch_optional(db)
            .await?;
        row.map_or(Ok(Head::EMPTY), |row| {
            Ok(Head { position: row.position, hash: Hash::try_from(row.hash.as_slice())? })
        })
    }

    /// Moves the consumer to `head`.
    pub async fn store(&self, db: impl PgExecutor<'_>, head: &Head) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "INSERT INTO checkpoints (name, position, hash) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET position = excluded.position, hash = excluded.hash, updated_at = now()",
            self.name,
            head.position,
            &head.hash.0[..],
        )
        .execute(db)
        .await?;
        Ok(())
    }

    /// Keeps why the consumer stands still, for `daybook status`.
    pub async fn failed(
        &self,
        db: impl PgExecutor<'_>,
        at: &Head,
        cause: &str,
        standstill: Standstill,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "INSERT INTO consumer_failures (name, position, error, passes) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO UPDATE
             SET position = excluded.position, error = excluded.error, passes = excluded.passes, failed_at = now()",
            self.name,
            at.position,
            cause,
            standstill == Standstill::Waiting,
        )
        .execute(db)
        .await?;
        Ok(())
    }

    /// The consumer moves again.
    pub async fn recovered(&self, db: impl PgExecutor<'_>) -> Result<(), sqlx::Error> {
        sqlx::query!("DELETE FROM consumer_failures WHERE name = $1", self.name).execute(db).await?;
        Ok(())
    }

    /// Every checkpoint, by name.
    pub async fn all(db: &PgPool) -> Result<Vec<(String, Head)>, LogError> {
        sqlx::query!("SELECT name, position, hash FROM checkpoints ORDER BY name")
            .fetch_all(db)
            .await?
            .into_iter()
            .map(|row| {
                Ok((row.name, Head { position: row.position, hash: Hash::try_from(row.hash.as_slice())? }))
            })
            .collect()
    }
}
