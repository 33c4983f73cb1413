//! Some records, one transaction.

use event_store::{Head, LogError};
use sqlx::{Connection, PgConnection};

use super::run::{Fresh, Moves, Runs, Stand};
use crate::generation::{self, Generation};
use crate::read_model::ReadModel;
use crate::runner::failure::FeedError;
use crate::runner::intake::Intake;

/// A step of the live generation of a read model over some runs of records.
pub(super) struct RunsStep {
    pub(super) model: &'static dyn ReadModel,
    pub(super) generation: Generation,
    pub(super) runs: Runs,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RunsTaken {
    /// The records are applied; those that were already have been left out.
    Applied,
    /// Nothing was done: another generation is live.
    Stale,
    /// Nothing was done: a partition has not come to where its records begin.
    Gap,
}

impl RunsStep {
    /// Takes the step.
    ///
    /// The partitions' rows are locked first, in their order, and held against the records: whoever was faster with
    /// some of them has moved the rows, so nothing counts twice, and nothing is left out, for records must begin
    /// where the row is or before. The pointer and what is parked are read after that, in a statement of its own (`take_runs`
    /// has all of it): whoever changes them locks these rows before.
    ///
    /// As over the log, it is tried without a savepoint, and taken once more with care where an event can't be taken: what of
    /// it is still new then.
    pub(super) async fn take(self, db: &mut PgConnection) -> Result<RunsTaken, FeedError> {
        let Self { model, generation, runs } = self;
        let moves = runs.moves();
        if !runs.concern(model) {
            // No transaction of its own: there are no rows that belong to it.
            return Ok(begin(model, generation, &moves, db).await?.taken());
        }
        let mut tx = db.begin().await?;
        let begun = begin(model, generation, &moves, &mut tx).await?;
        let Some(stood) = &begun.stood else {
            tx.rollback().await?;
            return Ok(begun.taken());
        };
        let fresh = runs.fresh(stood);
        match intake(model, generation, &fresh).take_at_once(begun.any_parked, &mut tx).await {
            Ok(()) => {
                tx.commit().await?;
                return Ok(RunsTaken::Applied);
            }
            Err(error) if error.is_of_the_event() => tx.rollback().await?,
            Err(error) => return Err(error.into()),
        }
        let mut tx = db.begin().await?;
        let again = begin(model, generation, &moves, &mut tx).await?;
        let Some(stood) = &again.stood else {
            tx.rollback().await?;
            return Ok(again.taken());
        };
        // Another may have been faster with some of them meanwhile.
        let fresh = fresh.since(stood);
        intake(model, generation, &fresh).apply_and_park(&mut tx).await?;
        tx.commit().await?;
        Ok(RunsTaken::Applied)
    }
}

fn intake<'a>(model: &'static dyn ReadModel, generation: Generation, fresh: &'a Fresh) -> Intake<'a> {
    Intake { model, generation, events: &fresh.events, undecodable: &fresh.undecodable }
}

/// What is so when partitions were moved, and stays so until the transaction ends.
struct Begun {
    is_live: bool,
    any_parked: bool,
    /// Where they stood; nothing where they were not moved.
    stood: Option<Vec<Stand>>,
}

impl Begun {
    /// What became of a step that this is all of.
    fn taken(&self) -> RunsTaken {
        match (self.is_live, &self.stood) {
            (false, _) => RunsTaken::Stale,
            (true, None) => RunsTaken::Gap,
            (true, Some(_)) => RunsTaken::Applied,
        }
    }
}

async fn begin(
    model: &dyn ReadModel,
    generation: Generation,
    moves: &Moves,
    db: &mut PgConnection,
) -> Result<Begun, sqlx::Error> {
    let checkpoint = generation.checkpoint(model.name());
    let row = sqlx::query!(
        r#"SELECT is_live AS "is_live!", any_parked AS "any_parked!", next_offsets, positions
           FROM take_runs($1, $2, $3, $4, $5, $6, $7, $8, $9)"#,
        checkpoint.name(),
        &moves.topics[..],
        &moves.partitions[..],
        &moves.begins[..],
        &moves.ends[..],
        &moves.positions[..],
        model.name(),
        model.version(),
        generation.0,
    )
    .fetch_one(db)
    .await?;
    let stood = row.next_offsets.zip(row.positions).map(|(next_offsets, positions)| {
        let stood = next_offsets.into_iter().zip(positions);
        stood.map(|(next_offset, position)| Stand { next_offset, position }).collect()
    });
    Ok(Begun { is_live: row.is_live, any_parked: row.any_parked, stood })
}

/// Moves the checkpoint of the live generation on to a head that all partitions have reached. Nothing if another one is
/// live now; else where it is, which is further where another process was faster.
pub(super) async fn complete(
    model: &dyn ReadModel,
    generation: Generation,
    head: Head,
    db: &mut PgConnection,
) -> Result<Option<Head>, FeedError> {
    let checkpoint = generation.checkpoint(model.name());
    let mut tx = db.begin().await?;
    let moved = sqlx::query!(
        "UPDATE checkpoints SET position = $2, hash = $3, updated_at = now()
         WHERE name = $1 AND position < $2 AND EXISTS (SELECT FROM log_groups WHERE last_position = $2 AND hash = $3)",
        checkpoint.name(),
        head.position,
        &head.hash.0[..],
    )
    .execute(&mut *tx)
    .await?;
    if moved.rows_affected() == 0 {
        sqlx::query!("SELECT position FROM checkpoints WHERE name = $1 FOR SHARE", checkpoint.name())
            .fetch_optional(&mut *tx)
            .await?;
    }
    if generation::live(&mut *tx, model).await? != Some(generation) {
        tx.rollback().await?;
        return Ok(None);
    }
    let at = checkpoint.load(&mut *tx).await?;
    if at.position < head.position {
        return Err(LogError::Diverged(head).into());
    }
    tx.commit().await?;
    Ok(Some(at))
}
