//! One batch, one transaction.

use event_store::Head;
use sqlx::{Connection, Executor as _, FromRow, PgConnection};

use super::failure::FeedError;
use super::intake::Intake;
use super::source::{PublicBatch, Undecodable};
use crate::generation::Generation;
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
    /// Nothing was applied: the checkpoint is elsewhere, or another generation is live.
    Stale,
}

/// Whose step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Any,
    Live,
}

impl BatchStep<'_> {
    /// Takes the step in a transaction, or under a savepoint where one is open.
    pub(crate) async fn take(&self, db: &mut PgConnection) -> Result<BatchTaken, FeedError> {
        self.take_of(Whose::Any, db).await
    }

    async fn take_of(&self, whose: Whose, db: &mut PgConnection) -> Result<BatchTaken, FeedError> {
        let intake = self.intake()?;
        let mut tx = db.begin().await?;
        let begun = self.begin(&mut tx).await?;
        let Some(any_parked) = begun.may_go_on(whose, self.generation) else {
            tx.rollback().await?;
            return Ok(BatchTaken::Stale);
        };
        intake.take(any_parked, &mut tx).await?;
        tx.commit().await?;
        Ok(BatchTaken::Applied)
    }

    /// Takes a step of the live generation as if nothing could be wrong with an event: without savepoints, and with the
    /// beginning of the transaction and of the step in one message. Nothing is done, and said, where an event can't be
    /// taken.
    async fn take_at_once(
        &self,
        intake: &Intake<'_>,
        db: &mut PgConnection,
    ) -> Result<Option<BatchTaken>, FeedError> {
        let begun = self.open(db).await.map(|begun| begun.may_go_on(Whose::Live, self.generation));
        let outcome = match begun {
            Err(error) => Err(FeedError::from(error)),
            Ok(Some(any_parked)) => match intake.apply(any_parked, db).await {
                Ok(()) => {
                    db.execute("COMMIT").await?;
                    return Ok(Some(BatchTaken::Applied));
                }
                Err(error) if error.is_of_the_event() => Ok(None),
                Err(error) => Err(error.into()),
            },
            Ok(None) => Ok(Some(BatchTaken::Stale)),
        };
        let ended = db.execute("ROLLBACK").await;
        let outcome = outcome?; // why it failed, rather than that the end of it failed as well
        ended?;
        Ok(outcome)
    }

    /// What there is to take in; nothing where decoding broke off at nobody knows what.
    fn intake(&self) -> Result<Intake<'_>, FeedError> {
        let PublicBatch { events, undecodable, head: _ } = self.batch;
        if let Some(event) = undecodable.iter().find(|event| event.aggregate_type == Undecodable::ANY) {
            return Err(FeedError::Undecodable { position: event.position, error: event.error.clone() });
        }
        Ok(Intake { model: self.model, generation: self.generation, events, undecodable })
    }

    /// Moves the checkpoint, which also locks it, if it is where this step begins.
    async fn begin(&self, db: &mut PgConnection) -> Result<Begun, sqlx::Error> {
        let checkpoint = self.generation.checkpoint(self.model.name());
        sqlx::query_as!(
            Begun,
            "SELECT live_generation, any_parked FROM take_step($1, $2, $3, $4, $5, $6, $7)",
            checkpoint.name(),
            self.from.position,
            &self.from.hash.0[..],
            self.batch.head.position,
            &self.batch.head.hash.0[..],
            self.model.name(),
            self.model.version(),
        )
        .fetch_one(db)
        .await
    }

    /// The same, at the beginning of a transaction, which goes with it. It is text for that, of names of this crate and of
    /// numbers.
    async fn open(&self, db: &mut PgConnection) -> Result<Begun, sqlx::Error> {
        let text = format!(
            "BEGIN; SELECT live_generation, any_parked FROM take_step('{}', {}, '\\x{}', {}, '\\x{}', '{}', {})",
            self.generation.checkpoint(self.model.name()).name(),
            self.from.position,
            self.from.hash,
            self.batch.head.position,
            self.batch.head.hash,
            self.model.name(),
            self.model.version(),
        );
        Begun::from_row(&db.fetch_one(text.as_str()).await?)
    }
}

/// What is so when the checkpoint was moved, and stays so until the transaction ends. Nothing where it is elsewhere.
#[derive(Clone, Copy, Debug, FromRow)]
struct Begun {
    live_generation: Option<i32>,
    /// Whether anything may be parked.
    any_parked: Option<bool>,
}

impl Begun {
    /// Whether anything may be parked, if the step can be taken.
    fn may_go_on(self, whose: Whose, generation: Generation) -> Option<bool> {
        match whose {
            Whose::Any => self.any_parked,
            Whose::Live => self.any_parked.filter(|_| self.live_generation == Some(generation.0)),
        }
    }
}

/// Takes a step of the live generation.
///
/// The checkpoint's row is locked first and the pointer is read after that, in a statement of its own (`take_step` has
/// both): whoever moves the pointer locks this row before, so a batch is never applied to a generation that is no longer
/// read, and a position that we tell the waiting is one of the tables that they will ask. What is parked is read after that
/// too: whoever adds or takes away holds this lock.
///
/// Most batches have nothing that can't be taken. So one is tried with as few messages to Postgres as can be, for both
/// sides wait for a core at each, and taken once more with care where that fails. Who gives this up in the middle, or gets
/// an error, gives up the connection.
pub(crate) async fn advance(db: &mut PgConnection, step: &BatchStep<'_>) -> Result<BatchTaken, FeedError> {
    let intake = step.intake()?;
    if intake.is_empty() {
        // No transaction of its own: nobody is told of a position that the tables that they will ask have not got.
        let begun = step.begin(db).await?.may_go_on(Whose::Live, step.generation);
        return Ok(if begun.is_some() { BatchTaken::Applied } else { BatchTaken::Stale });
    }
    if !intake.must_park()
        && let Some(taken) = step.take_at_once(&intake, db).await?
    {
        return Ok(taken);
    }
    step.take_of(Whose::Live, db).await
}
