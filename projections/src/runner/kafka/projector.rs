//! The task that feeds one read model from Kafka, beside those of other processes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use event_store::relay::Watermark;
use event_store::{Checkpoint, Head};
use metrics::histogram;
use sqlx::{PgConnection, PgPool};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::info;

use super::member::Member;
use super::run::{Place, Runs};
use super::step::{RunsStep, RunsTaken, complete};
use super::trouble::PATIENCE;
use super::{Kafka, offsets};
use crate::generation::{self, Generation};
use crate::read_model::ReadModel;
use crate::runner::connection::connect_to_feed;
use crate::runner::failure::{self, FeedError};
use crate::runner::positions::Positions;
use crate::runner::projector::{Beside, PACE, ensure, exclude_others, visible};
use crate::runner::setbacks::Setbacks;

/// How often the pointer and the watermarks are looked at where no record comes.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Feeds the live generation of one read model.
pub(crate) struct KafkaProjector {
    model: &'static dyn ReadModel,
    pool: PgPool,
    kafka: Arc<Kafka>,
    positions: Positions,
}

/// A generation that is being fed.
struct Feed {
    db: PgConnection,
    generation: Generation,
    checkpoint: Checkpoint,
    topics: Vec<String>,
    member: Member,
    at: Head,
    /// When status was last told of Kafka's trouble, while there is some.
    told_at: Option<Instant>,
    /// When it was last taken from there that anybody has some.
    cleared_at: Instant,
}

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goes {
    On,
    /// Another generation is live, or the records are not those that come next.
    Over,
}

impl KafkaProjector {
    pub(crate) fn new(
        model: &'static dyn ReadModel,
        pool: PgPool,
        kafka: Arc<Kafka>,
        positions: Positions,
    ) -> Self {
        Self { model, pool, kafka, positions }
    }

    /// Works until a permanent error stops it, which is then in the log and in status.
    pub(crate) async fn run(self) {
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
        let Some(mut feed) = self.join().await? else { return Ok(()) };
        let mut watermarks = self.kafka.watermarks.newest();
        failure::clear(&self.pool, &feed.checkpoint).await?;
        while self.complete(&mut feed).await? == Goes::On {
            *at = feed.at;
            self.tell_trouble(&mut feed).await?;
            let runs = tokio::select! {
                runs = feed.member.next() => Some(runs),
                _ = watermarks.changed() => None,
                () = sleep(LOOK_EVERY) => None,
            };
            let Some(runs) = runs else {
                if generation::live(&mut feed.db, self.model).await? != Some(feed.generation) {
                    return Ok(());
                }
                continue;
            };
            // Without a word its thread ends only with the process.
            let Some(runs) = runs else { return Ok(()) };
            if self.apply(&mut feed, runs?).await? == Goes::Over {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Says why no record or no watermark comes, or that they may again.
    async fn tell_trouble(&self, feed: &mut Feed) -> Result<(), FeedError> {
        let trouble = feed.member.trouble().or_else(|| self.kafka.watermarks.trouble());
        match (trouble, feed.told_at) {
            // Again, for another member may have taken it away.
            (Some(error), told_at) if told_at.is_none_or(|at| at.elapsed() >= PATIENCE) => {
                failure::record(&self.pool, &feed.checkpoint, feed.at, &FeedError::Kafka(error)).await;
                feed.told_at = Some(Instant::now());
            }
            (None, Some(_)) => {
                failure::clear(&self.pool, &feed.checkpoint).await?;
                feed.told_at = None;
            }
            (Some(_) | None, _) => {}
        }
        Ok(())
    }

    /// Records come: a member that said otherwise may be gone since.
    async fn goes_on(&self, feed: &mut Feed) -> Result<(), FeedError> {
        if feed.cleared_at.elapsed() >= PATIENCE && feed.told_at.is_none() {
            failure::clear(&self.pool, &feed.checkpoint).await?;
            feed.cleared_at = Instant::now();
        }
        Ok(())
    }

    /// Begins to feed the generation that is live; nothing where another one is by then.
    async fn join(&self) -> Result<Option<Feed>, FeedError> {
        let mut db = connect_to_feed(&self.pool).await?;
        let generation = exclude_others(&mut db, self.model, Beside::Members).await?;
        let checkpoint = generation.checkpoint(self.model.name());
        ensure(&mut db, self.model, generation).await?;
        let topics = self.kafka.topics_of(self.model.aggregates());
        let prepared = offsets::prepare(&mut db, &self.kafka, &topics, self.model, generation).await?;
        let Some(at) = prepared else { return Ok(None) };
        let member = Member::join(&self.kafka, &topics, &checkpoint, &self.pool)?;
        info!(consumer = checkpoint.name(), position = at.position, "follows Kafka");
        self.positions.begin(self.model.name(), at.position);
        Ok(Some(Feed {
            db,
            generation,
            checkpoint,
            topics,
            member,
            at,
            told_at: None,
            cleared_at: Instant::now(),
        }))
    }

    async fn apply(&self, feed: &mut Feed, runs: Runs) -> Result<Goes, FeedError> {
        let started = Instant::now();
        let (few, oldest, ends) = (runs.len() < 50, runs.oldest(), runs.ends());
        let step = RunsStep { model: self.model, generation: feed.generation, runs };
        let moved = step.take(&mut feed.db).await?;
        histogram!("daybook_projection_batch_seconds", "model" => self.model.name())
            .record(started.elapsed());
        match moved {
            RunsTaken::Applied => {
                feed.member.applied(ends);
                visible(self.model.name(), oldest);
                self.goes_on(feed).await?;
            }
            RunsTaken::Stale | RunsTaken::Gap => return Ok(Goes::Over),
        }
        if few {
            // So few cost as much as many. What comes meanwhile comes together.
            sleep_until(started + PACE).await;
        }
        Ok(Goes::On)
    }

    /// Moves the position on to the greatest watermark that all partitions have reached, whoever has read them.
    async fn complete(&self, feed: &mut Feed) -> Result<Goes, FeedError> {
        self.positions.publish(self.model.name(), feed.at.position);
        if self.kafka.watermarks.greatest(feed.at.position, |_| true).is_none() {
            return Ok(Goes::On);
        }
        let stored = offsets::stored(&self.pool, &feed.checkpoint).await?;
        let reached = |watermark: &Watermark| has_reached(&stored, &feed.topics, watermark);
        let Some(watermark) = self.kafka.watermarks.greatest(feed.at.position, reached) else {
            return Ok(Goes::On);
        };
        let Ok(head) = watermark.head() else { return Ok(Goes::On) };
        let Some(at) = complete(self.model, feed.generation, head, &mut feed.db).await? else {
            return Ok(Goes::Over);
        };
        feed.at = at;
        self.positions.publish(self.model.name(), at.position);
        Ok(Goes::On)
    }
}

/// Whether the partitions stand where a watermark says, or farther.
fn has_reached(stored: &HashMap<Place, i64>, topics: &[String], watermark: &Watermark) -> bool {
    topics.iter().all(|topic| {
        // One from before the topic was there says nothing of it.
        let Some(ends) = watermark.partitions.get(topic) else { return true };
        (0..)
            .zip(ends)
            .all(|(partition, end)| stored.get(&(topic.clone(), partition)).is_some_and(|next| next >= end))
    })
}
