//! The task that feeds one read model.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use event_store::{Checkpoint, Head};
use metrics::histogram;
use sqlx::{PgConnection, PgPool};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::info;

use super::ahead::Ahead;
use super::connection::{connect_to_feed, try_lock, try_lock_shared};
use super::failure::{self, FeedError};
use super::held;
use super::positions::Positions;
use super::setbacks::Setbacks;
use super::source::{BATCH, EventSource, PublicBatch};
use super::{BatchStep, BatchTaken, advance};
use crate::generation::{self, Generation};
use crate::read_model::ReadModel;

/// At most one batch begins in this time, but where a projector has to catch up: a batch of one event costs as much as one
/// of fifty. At 8 ms what was acknowledged is there a millisecond earlier by the median and, on a busy machine, five later
/// by the 99th percentile.
pub(super) const PACE: Duration = Duration::from_millis(10);

/// How often a projector that stands by looks whether the one at work is gone: soon at first, for after a swap it is
/// only the replay that has yet to let go.
const STAND_BY_FIRST: Duration = Duration::from_millis(10);
const STAND_BY_LAST: Duration = Duration::from_millis(500);

/// Feeds the live generation of one read model.
pub struct Projector {
    model: &'static dyn ReadModel,
    pool: PgPool,
    source: Arc<dyn EventSource>,
    positions: Positions,
}

impl Projector {
    /// A projector for this read model.
    pub fn new(
        model: &'static dyn ReadModel,
        pool: PgPool,
        source: Arc<dyn EventSource>,
        positions: Positions,
    ) -> Self {
        Self { model, pool, source, positions }
    }

    /// Works until a permanent error stops it, which is then in the log and in status.
    pub async fn run(self) {
        let (mut at, mut setbacks) = (Head::EMPTY, Setbacks::of(self.model, &self.pool));
        loop {
            let Err(error) = self.follow_live(&mut at).await else { continue };
            if !setbacks.goes_on(&error, at).await {
                return;
            }
        }
    }

    /// Feeds the generation that is live now, until another one is.
    async fn follow_live(&self, at: &mut Head) -> Result<(), FeedError> {
        let mut feed = self.begin().await?;
        self.positions.begin(self.model.name(), feed.at.position);
        loop {
            *at = feed.at;
            self.positions.publish(self.model.name(), feed.at.position);
            let started = Instant::now();
            let batch = self.source.read_after(feed.at).await?;
            if batch.head == feed.at {
                feed.moves_again(&self.pool).await?;
                self.source.beyond(feed.at.position).await;
                continue;
            }
            let more = batch.head.position - feed.at.position > BATCH / 2;
            let moved = self.take(&mut feed, batch, more).await?;
            histogram!("daybook_projection_batch_seconds", "model" => self.model.name())
                .record(started.elapsed());
            if moved == BatchTaken::Stale {
                return Ok(());
            }
            if !more {
                self.positions.publish(self.model.name(), feed.at.position);
                sleep_until(started + PACE).await;
            }
        }
    }

    async fn begin(&self) -> Result<Feed, FeedError> {
        let mut db = connect_to_feed(&self.pool).await?;
        let generation = exclude_others(&mut db, self.model, Beside::Nobody).await?;
        let checkpoint = generation.checkpoint(self.model.name());
        ensure(&mut db, self.model, generation).await?;
        let at = checkpoint.load(&mut db).await?;
        let ahead = Ahead::hold(&mut db, &checkpoint).await?;
        info!(consumer = checkpoint.name(), position = at.position, "follows the log");
        Ok(Feed { db, generation, checkpoint, at, ahead, failed_before: true })
    }

    /// Takes a batch. `more`: it was read from a log that goes on, and the next one is read, and kept by the source,
    /// meanwhile.
    async fn take(
        &self,
        feed: &mut Feed,
        batch: Arc<PublicBatch>,
        more: bool,
    ) -> Result<BatchTaken, FeedError> {
        let batch = if feed.ahead.farthest() > feed.at.position { feed.ahead.rest_of(&batch) } else { batch };
        let step = BatchStep { model: self.model, generation: feed.generation, from: feed.at, batch: &batch };
        let read_ahead = async {
            if more {
                let _ = self.source.read_after(batch.head).await;
            }
        };
        let (moved, ()) = tokio::join!(advance(&mut feed.db, &step), read_ahead);
        if moved? == BatchTaken::Stale {
            return Ok(BatchTaken::Stale);
        }
        let oldest = batch.events.iter().find(|event| self.model.concerns(event));
        visible(self.model.name(), oldest.map(|event| event.recorded_at));
        feed.come_to(batch.head).await?;
        feed.moves_again(&self.pool).await?;
        Ok(BatchTaken::Applied)
    }
}

/// A generation that is being fed.
struct Feed {
    db: PgConnection,
    generation: Generation,
    checkpoint: Checkpoint,
    at: Head,
    /// What Kafka had fed beyond that.
    ahead: Ahead,
    /// Whether a failure may stand in status.
    failed_before: bool,
}

impl Feed {
    async fn come_to(&mut self, head: Head) -> Result<(), sqlx::Error> {
        self.at = head;
        if self.ahead != Ahead::default() && self.ahead.farthest() <= head.position {
            Ahead::forget(&mut self.db, &self.checkpoint).await?;
            self.ahead = Ahead::default();
        }
        Ok(())
    }

    async fn moves_again(&mut self, pool: &PgPool) -> Result<(), sqlx::Error> {
        if std::mem::take(&mut self.failed_before) {
            failure::clear(pool, &self.checkpoint).await?;
        }
        Ok(())
    }
}

/// Whom a projector lets feed a generation beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    /// Nobody.
    Nobody,
    /// Others that share the partitions of Kafka with it.
    Members,
}

/// Waits until no other process feeds the live generation that may not do so beside this one, and keeps such away as
/// long as the connection lives, which is also the one that writes. Asked again and again and not waited for in
/// Postgres: a waiting statement would hold back vacuum. Who waits counts as one who feeds it: it will, at once.
pub(crate) async fn exclude_others(
    db: &mut PgConnection,
    model: &dyn ReadModel,
    beside: Beside,
) -> Result<Generation, FeedError> {
    try_lock_shared(db, &held::feeders(model.name(), model.version())).await?;
    let mut pause = STAND_BY_FIRST;
    loop {
        let generation = generation::live(&mut *db, model).await?.ok_or(FeedError::Missing)?;
        let name = generation.checkpoint(model.name());
        let held = match beside {
            Beside::Nobody => try_lock(db, name.name()).await?,
            Beside::Members => try_lock_shared(db, name.name()).await?,
        };
        if held {
            return Ok(generation);
        }
        if pause == STAND_BY_FIRST {
            info!(read_model = model.name(), "another process feeds it: standing by");
        }
        sleep(pause).await;
        pause = (pause * 2).min(STAND_BY_LAST);
    }
}

/// Counts how long it took until a batch, by its oldest event, could be read.
pub(super) fn visible(model: &'static str, oldest: Option<DateTime<Utc>>) {
    if let Some(recorded_at) = oldest {
        let took = (Utc::now() - recorded_at).to_std().unwrap_or_default();
        histogram!("daybook_projection_visible_seconds", "model" => model).record(took);
    }
}

/// A step moves a checkpoint that is there. One of a generation that was dropped meanwhile does not come back.
pub(super) async fn ensure(
    db: &mut PgConnection,
    model: &dyn ReadModel,
    generation: Generation,
) -> Result<(), sqlx::Error> {
    let checkpoint = generation.checkpoint(model.name());
    sqlx::query!(
        "INSERT INTO checkpoints (name, position, hash)
         SELECT $1, 0, $2 WHERE EXISTS (SELECT FROM read_models WHERE name = $3 AND generation = $4)
         ON CONFLICT (name) DO NOTHING",
        checkpoint.name(),
        &Head::EMPTY.hash.0[..],
        model.name(),
        generation.0,
    )
    .execute(db)
    .await?;
    Ok(())
}
