//! Some records, one transaction.

use event_store::{Checkpoint, Head, LogError};
use sqlx::{Connection, PgConnection};

use super::run::{Fresh, Place, Runs};
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

/// Where a partition is to stand.
struct Moving {
    place: Place,
    next_offset: i64,
    position: i64,
}

impl RunsStep {
    /// Takes the step.
    ///
    /// The partitions' rows are locked first, in their order, and held against the records: whoever was faster with
    /// some of them has moved the rows, so nothing counts twice, and nothing is left out, for records must begin
    /// where the row is or before. The pointer and what is parked are read after that, in a statement of its own:
    /// whoever changes them locks these rows before.
    pub(super) async fn take(self, db: &mut PgConnection) -> Result<RunsTaken, FeedError> {
        let checkpoint = self.generation.checkpoint(self.model.name());
        let mut tx = db.begin().await?;
        let locked = self.lock(&checkpoint, &mut tx).await?;
        let gap =
            locked.iter().any(|(place, next, _)| self.runs.0.get(place).is_some_and(|run| run.from > *next));
        let (live, any_parked) = self.live_and_parked(&checkpoint, &mut tx).await?;
        if live != Some(self.generation.0) || gap || locked.len() != self.runs.0.len() {
            tx.rollback().await?;
            return Ok(if live == Some(self.generation.0) { RunsTaken::Gap } else { RunsTaken::Stale });
        }
        let Self { model, generation, mut runs } = self;
        let mut fresh = Fresh::default();
        let mut moving = Vec::new();
        for (place, next_offset, position) in locked {
            let Some(run) = runs.0.remove(&place) else { continue };
            let end = run.end;
            if end > next_offset {
                let position = run.fresh(next_offset, position, &mut fresh);
                moving.push(Moving { place, next_offset: end, position });
            }
        }
        move_to(&checkpoint, &moving, &mut tx).await?;
        let Fresh { events, undecodable } = &fresh;
        Intake { model, generation, events, undecodable }.take(any_parked, &mut tx).await?;
        tx.commit().await?;
        Ok(RunsTaken::Applied)
    }

    /// Where each partition of the records stands. None is missing but where the generation was dropped.
    async fn lock(
        &self,
        checkpoint: &Checkpoint,
        db: &mut PgConnection,
    ) -> Result<Vec<(Place, i64, i64)>, sqlx::Error> {
        let topics: Vec<_> = self.runs.0.keys().map(|(topic, _)| topic.as_str()).collect();
        let partitions: Vec<_> = self.runs.0.keys().map(|(_, partition)| *partition).collect();
        let rows = sqlx::query!(
            "SELECT topic, partition, next_offset, position FROM partition_offsets
             WHERE consumer = $1 AND (topic, partition) IN (SELECT * FROM unnest($2::text[], $3::integer[]))
             ORDER BY topic, partition FOR UPDATE",
            checkpoint.name(),
            &topics as _,
            &partitions[..],
        )
        .fetch_all(db)
        .await?;
        Ok(rows.into_iter().map(|row| ((row.topic, row.partition), row.next_offset, row.position)).collect())
    }

    async fn live_and_parked(
        &self,
        checkpoint: &Checkpoint,
        db: &mut PgConnection,
    ) -> Result<(Option<i32>, bool), sqlx::Error> {
        let row = sqlx::query!(
            r#"SELECT (SELECT generation FROM read_models WHERE name = $1 AND version = $3) AS generation,
                      EXISTS (SELECT FROM parked WHERE consumer = $2) AS "any_parked!""#,
            self.model.name(),
            checkpoint.name(),
            self.model.version(),
        )
        .fetch_one(db)
        .await?;
        Ok((row.generation, row.any_parked))
    }
}

async fn move_to(
    checkpoint: &Checkpoint,
    moving: &[Moving],
    db: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    if moving.is_empty() {
        return Ok(());
    }
    let topics: Vec<_> = moving.iter().map(|it| it.place.0.as_str()).collect();
    let partitions: Vec<_> = moving.iter().map(|it| it.place.1).collect();
    let offsets: Vec<_> = moving.iter().map(|it| it.next_offset).collect();
    let positions: Vec<_> = moving.iter().map(|it| it.position).collect();
    sqlx::query!(
        "UPDATE partition_offsets o SET next_offset = n.next_offset, position = n.position, updated_at = now()
         FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[]) AS n(topic, partition, next_offset, position)
         WHERE o.consumer = $1 AND o.topic = n.topic AND o.partition = n.partition",
        checkpoint.name(),
        &topics as _,
        &partitions[..],
        &offsets[..],
        &positions[..],
    )
    .execute(db)
    .await?;
    Ok(())
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
