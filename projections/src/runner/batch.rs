//! One batch, one transaction.

use event_store::Head;
use sqlx::{Connection, PgConnection};

use super::failure::FeedError;
use super::source::PublicBatch;
use crate::generation::{self, Generation};
use crate::read_model::ReadModel;

/// One step of a generation of a read model: from a checkpoint over a batch.
pub(crate) struct Step<'a> {
    pub(crate) model: &'static dyn ReadModel,
    pub(crate) generation: Generation,
    pub(crate) from: Head,
    pub(crate) batch: &'a PublicBatch,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moved {
    /// The batch is applied.
    Applied,
    /// Nothing was done: the checkpoint is elsewhere, or another generation is live.
    Stale,
}

impl Step<'_> {
    /// Refuses a batch with events that this build can't decode.
    fn check(&self) -> Result<(), FeedError> {
        match self.batch.undecodable.iter().find(|event| event.stops(self.model.aggregates())) {
            None => Ok(()),
            Some(event) => {
                Err(FeedError::Undecodable { position: event.position, error: event.error.clone() })
            }
        }
    }

    /// Whether the batch has anything for this read model.
    fn is_empty(&self) -> bool {
        !self.batch.events.iter().any(|event| self.model.concerns(event))
    }

    /// Moves the checkpoint, which also locks it, if it is where this step begins.
    async fn move_checkpoint(&self, db: &mut PgConnection) -> Result<bool, sqlx::Error> {
        let checkpoint = self.generation.checkpoint(self.model.name());
        let moved = sqlx::query!(
            "UPDATE checkpoints SET position = $4, hash = $5, updated_at = now()
             WHERE name = $1 AND position = $2 AND hash = $3",
            checkpoint.name(),
            self.from.position,
            &self.from.hash.0[..],
            self.batch.head.position,
            &self.batch.head.hash.0[..],
        )
        .execute(db)
        .await?;
        Ok(moved.rows_affected() == 1)
    }

    /// Applies the batch in the transaction that is open.
    pub(crate) async fn apply(&self, db: &mut PgConnection) -> Result<Moved, FeedError> {
        self.check()?;
        if !self.move_checkpoint(db).await? {
            return Ok(Moved::Stale);
        }
        self.model.apply(&self.batch.events, self.generation, db).await?;
        Ok(Moved::Applied)
    }
}

/// Takes a step of the live generation.
///
/// The checkpoint's row is locked first and the pointer is read after that, in a statement of its own: whoever moves
/// the pointer locks this row before, so a batch is never applied to a generation that is no longer read, and a
/// position that we tell the waiting is one of the tables that they will ask.
pub(crate) async fn advance(db: &mut PgConnection, step: &Step<'_>) -> Result<Moved, FeedError> {
    step.check()?;
    if step.is_empty() {
        // One statement instead of a transaction. If another generation has become the live one meanwhile, it lacks
        // nothing of this batch, for there is nothing in it; the next step that has something finds out.
        let moved = step.move_checkpoint(db).await?;
        return Ok(if moved { Moved::Applied } else { Moved::Stale });
    }
    let mut tx = db.begin().await?;
    if !step.move_checkpoint(&mut tx).await?
        || generation::live(&mut *tx, step.model.name()).await? != Some(step.generation)
    {
        tx.rollback().await?;
        return Ok(Moved::Stale);
    }
    step.model.apply(&step.batch.events, step.generation, &mut tx).await?;
    tx.commit().await?;
    Ok(Moved::Applied)
}
