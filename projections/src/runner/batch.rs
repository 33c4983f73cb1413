//! One batch, one transaction.

use event_store::Head;
use sqlx::{Connection, PgConnection};

use super::failure::FeedError;
use super::intake::Intake;
use super::source::{PublicBatch, Undecodable};
use crate::generation::{self, Generation};
use crate::read_model::ReadModel;

/// One step of a generation of a read model: from a checkpoint over a batch.
pub(crate) struct BatchStep<'a> {
    pub(crate) model: &'static dyn ReadModel,
    pub(crate) generation: Generation,
    pub(crate) from: Head,
    pub(crate) batch: &'a PublicBatch,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BatchTaken {
    /// The batch is applied.
    Applied,
    /// Nothing was done: the checkpoint is elsewhere, or another generation is live.
    Stale,
}

/// Whose step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Any,
    TheLive,
}

impl BatchStep<'_> {
    /// Takes the step in a transaction, or under a savepoint where one is open.
    pub(crate) async fn take(&self, db: &mut PgConnection) -> Result<BatchTaken, FeedError> {
        self.take_of(Of::Any, db).await
    }

    /// Whether the batch has anything for this read model.
    fn is_empty(&self) -> bool {
        !self.batch.events.iter().any(|event| self.model.concerns(event))
    }

    async fn take_of(&self, of: Of, db: &mut PgConnection) -> Result<BatchTaken, FeedError> {
        let intake = self.intake()?;
        let mut tx = db.begin().await?;
        let Some(any_parked) = self.move_checkpoint(&mut tx).await? else {
            tx.rollback().await?;
            return Ok(BatchTaken::Stale);
        };
        if of == Of::TheLive && generation::live(&mut *tx, self.model).await? != Some(self.generation) {
            tx.rollback().await?;
            return Ok(BatchTaken::Stale);
        }
        intake.take(any_parked, &mut tx).await?;
        tx.commit().await?;
        Ok(BatchTaken::Applied)
    }

    /// What there is to take in; nothing where decoding broke off at nobody knows what.
    fn intake(&self) -> Result<Intake<'_>, FeedError> {
        let PublicBatch { events, undecodable, head: _ } = self.batch;
        if let Some(event) = undecodable.iter().find(|event| event.aggregate_type == Undecodable::ANY) {
            return Err(FeedError::Undecodable { position: event.position, error: event.error.clone() });
        }
        Ok(Intake { model: self.model, generation: self.generation, events, undecodable })
    }

    /// Moves the checkpoint, which also locks it, if it is where this step begins. Then: whether anything may be parked.
    async fn move_checkpoint(&self, db: &mut PgConnection) -> Result<Option<bool>, sqlx::Error> {
        let checkpoint = self.generation.checkpoint(self.model.name());
        sqlx::query_scalar!(
            r#"UPDATE checkpoints SET position = $4, hash = $5, updated_at = now()
               WHERE name = $1 AND position = $2 AND hash = $3
               RETURNING EXISTS (SELECT FROM parked WHERE consumer = $1) AS "any_parked!""#,
            checkpoint.name(),
            self.from.position,
            &self.from.hash.0[..],
            self.batch.head.position,
            &self.batch.head.hash.0[..],
        )
        .fetch_optional(db)
        .await
    }
}

/// Takes a step of the live generation.
///
/// The checkpoint's row is locked first and the pointer is read after that, in a statement of its own: whoever moves
/// the pointer locks this row before, so a batch is never applied to a generation that is no longer read, and a
/// position that we tell the waiting is one of the tables that they will ask. What is parked is read after that too:
/// whoever adds or takes away holds this lock.
pub(crate) async fn advance(db: &mut PgConnection, step: &BatchStep<'_>) -> Result<BatchTaken, FeedError> {
    let intake = step.intake()?;
    if step.is_empty() && !intake.must_park() {
        // Two statements instead of a transaction, in the same order: the pointer is read after the checkpoint was moved,
        // so nobody is told of a position that the tables that they will ask have not got.
        let moved = step.move_checkpoint(db).await?.is_some()
            && generation::live(&mut *db, step.model).await? == Some(step.generation);
        return Ok(if moved { BatchTaken::Applied } else { BatchTaken::Stale });
    }
    step.take_of(Of::TheLive, db).await
}
