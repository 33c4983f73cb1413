//! The task that feeds the index of this process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use event_store::{Checkpoint, Head, Log, LogError};
use metrics::histogram;
use sqlx::PgPool;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::feed::{Committed, Feed};
use super::home::Home;
use super::index::{self, SearchError};
use super::keeper::{Keeper, TELL_EVERY};
use super::lot::{self, Lot};
use super::refused::{Aggregate, Refused};
use super::showing::Showing;
use super::{AGGREGATES, NAME};
use crate::runner::failure::{self, FeedError};
use crate::runner::source::{EventSource, PublicBatch, Undecodable};

/// What has changed is written to the disk this long after what changed before: until then it is in memory alone, and is
/// read from the log again after a crash.
const COMMIT_EVERY: Duration = Duration::from_secs(3);

/// So many changed descriptions are searched in memory, one by one; then they are written, however little time has passed.
const MOST_PENDING: usize = 2_000;

/// How often we look whether a replay has swapped the index, or whoever feeds it is gone.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often an index that another process feeds is looked at.
const FOLLOW_EVERY: Duration = Duration::from_millis(100);

pub(super) struct SearchProjector {
    pub(super) home: Home,
    pub(super) pool: PgPool,
    pub(super) source: Arc<dyn EventSource>,
    pub(super) showing: Showing,
}

/// Where the index is that is fed: how far in the log, and in Postgres once that was found.
struct Place {
    at: Head,
    lot: Option<Lot>,
}

/// A commit that is being written beside the feed.
type Writing = JoinHandle<Result<Committed, SearchError>>;

impl SearchProjector {
    /// Works as long as the process lives, but after a permanent error only stands still. What for is in the log and in
    /// status.
    pub(super) async fn run(mut self) {
        let mut place = Place { at: Head::EMPTY, lot: None };
        loop {
            let Err(error) = self.follow(&mut place).await else { continue };
            let helped = match &error {
                FeedError::Search(SearchError::Busy) => self.follow_another().await,
                FeedError::Log(LogError::Diverged(_))
                | FeedError::Search(SearchError::Unusable(_) | SearchError::Damaged(_)) => {
                    warn!(reason = failure::chain(&error), "the search index is built again");
                    self.showing.start_over();
                    self.home.start_over().map(|_| ()).map_err(|e| FeedError::Search(e.into()))
                }
                _ => Err(error),
            };
            if let Err(error) = helped {
                self.stand_still(&place, &error).await;
            }
        }
    }

    /// For a while, or after a permanent error as long as the process lives: of an index that nobody looks after any more
    /// status says nothing. It stands still under its own name, for those of other processes may follow the log.
    async fn stand_still(&self, place: &Place, error: &FeedError) {
        let lot = place.lot.clone().or_else(|| self.lot_on_disk());
        let consumer = lot.as_ref().map_or_else(|| Checkpoint::named(NAME), Lot::consumer);
        failure::record(&self.pool, &consumer, place.at, error).await;
        loop {
            if let Some(lot) = &lot
                && let Err(error) = lot.look_after().await
            {
                warn!(error = &error as &dyn std::error::Error, "the search index may vanish from status");
            }
            if error.is_transient() {
                return sleep(LOOK_EVERY).await;
            }
            sleep(TELL_EVERY).await;
            if lot.is_none() {
                // Without a name it shares the row with all that have none: one that goes on has taken it away.
                failure::keep(&self.pool, &consumer, place.at, error).await;
            }
        }
    }

    /// The place in Postgres of the live index, which could not be opened.
    fn lot_on_disk(&self) -> Option<Lot> {
        Lot::named(&self.pool, &self.home.folder(self.home.current().ok()??))
    }

    /// The number and the folder of the live index.
    fn live(&self) -> Result<(u32, PathBuf), SearchError> {
        let generation = match self.home.current()? {
            Some(generation) if self.home.folder(generation).is_dir() => generation,
            Some(_) | None => self.home.start_over()?,
        };
        Ok((generation, self.home.folder(generation)))
    }

    /// Feeds the live index until another one is.
    async fn follow(&mut self, place: &mut Place) -> Result<(), FeedError> {
        self.showing.begin(&Log::new(self.pool.clone())).await?;
        let (generation, folder) = self.live()?;
        let (mut feed, mut keeper) = self.open(generation, folder).await?;
        place.lot = Some(keeper.lot().clone());
        let mut committed_at = Instant::now();
        let mut writing: Option<Writing> = None;
        let mut is_first = true;
        while self.home.current().map_err(SearchError::from)? == Some(generation) {
            place.at = feed.head();
            let batch = self.source.read_after(place.at).await?;
            if std::mem::take(&mut is_first) {
                // If it stood still before its name could be read, that was without one.
                for consumer in [keeper.lot().consumer(), Checkpoint::named(NAME)] {
                    failure::clear(&self.pool, &consumer).await?;
                }
                // Not before: of another log it says nothing true.
                self.showing.show(&feed);
            }
            if batch.head == place.at {
                self.rest(&feed, &mut writing, committed_at).await;
            } else {
                feed = self.take(feed, batch, &keeper).await?;
            }
            let asked = keeper.asked(&feed).await?;
            if !asked.is_empty() {
                feed = self.try_again(feed, asked, &keeper, &mut writing).await?;
            }
            keeper.tell(feed.head().position).await;
            if let Some(done) = writing.take_if(|writing| writing.is_finished()) {
                feed.end_commit(written(done).await?);
                committed_at = Instant::now();
                self.showing.show(&feed);
            }
            let due = is_due(&feed, committed_at);
            if due
                && feed.pending() >= MOST_PENDING * 2
                && let Some(slow) = writing.take()
            {
                // Changes come faster than they can be written.
                feed.end_commit(written(slow).await?);
            }
            if due && let Some(begun) = feed.begin_commit() {
                writing = Some(tokio::task::spawn_blocking(move || begun.write()));
            }
        }
        if let Some(writing) = writing {
            written(writing).await?;
        }
        Ok(())
    }

    /// Opens an index to feed it, and deletes those before it.
    async fn open(&self, generation: u32, folder: PathBuf) -> Result<(Feed, Keeper), FeedError> {
        let (words, its_folder) = (Arc::clone(self.home.words()), folder.clone());
        let mut feed = blocking(move || Feed::open(&its_folder, words)).await?;
        let keeper = Keeper::open(&Log::new(self.pool.clone()), &folder, &mut feed).await?;
        for older in self.home.older_than(generation).map_err(SearchError::from)? {
            lot::delete(&self.pool, &self.home.folder(older)).await?;
        }
        info!(consumer = NAME, position = feed.head().position, "follows the log");
        Ok((feed, keeper))
    }

    /// Takes a batch in and shows it.
    async fn take(&self, feed: Feed, batch: Arc<PublicBatch>, keeper: &Keeper) -> Result<Feed, FeedError> {
        let oldest = batch.events.iter().find(|event| AGGREGATES.contains(&event.aggregate_type));
        let oldest = oldest.map(|event| event.recorded_at);
        let (feed, refused) = apply(feed, batch).await?;
        keeper.park(&feed, &refused).await?;
        self.showing.show(&feed);
        if let Some(recorded_at) = oldest {
            let took = (Utc::now() - recorded_at).to_std().unwrap_or_default();
            histogram!("daybook_projection_visible_seconds", "model" => NAME).record(took);
        }
        Ok(feed)
    }

    /// Tries parked aggregates again. What could be taken now is committed before anything is said of it: a row that is
    /// gone, or is of a later event, promises what is before it.
    async fn try_again(
        &self,
        feed: Feed,
        asked: Vec<Aggregate>,
        keeper: &Keeper,
        writing: &mut Option<Writing>,
    ) -> Result<Feed, FeedError> {
        let (mut feed, tried) = keeper.try_again(feed, asked).await?;
        if let Some(begun) = writing.take() {
            feed.end_commit(written(begun).await?);
        }
        let feed = blocking(move || feed.commit().map(|()| feed)).await?;
        self.showing.show(&feed);
        keeper.settle(&feed, &tried).await?;
        Ok(feed)
    }

    /// Waits for events, or until there is something to commit, or a commit is written.
    async fn rest(&self, feed: &Feed, writing: &mut Option<Writing>, committed_at: Instant) {
        let bound = match writing {
            Some(_) => Duration::from_millis(20),
            None if feed.is_ahead() => COMMIT_EVERY.saturating_sub(committed_at.elapsed()),
            None => LOOK_EVERY,
        };
        let _ = timeout(bound, self.source.beyond(feed.head().position)).await;
    }

    /// Shows what another process commits, for a while.
    async fn follow_another(&self) -> Result<(), FeedError> {
        let generation = self.home.current().map_err(SearchError::from)?.unwrap_or_default();
        let folder = self.home.folder(generation);
        let until = Instant::now() + LOOK_EVERY;
        while Instant::now() < until {
            let shown = self.showing.now();
            let (folder, words) = (folder.clone(), Arc::clone(self.home.words()));
            let feed = blocking(move || {
                let position = shown.as_ref().map_or(-1, |shown| shown.position);
                let before = shown.as_ref().map(|shown| &*shown.disk);
                let opened = index::look(&folder, words.analyzer.language(), position, before)?;
                opened.map(|opened| Feed::of(opened, None, words)).transpose()
            });
            if let Some(feed) = feed.await? {
                self.showing.show(&feed);
            }
            sleep(FOLLOW_EVERY).await;
        }
        Ok(())
    }
}

fn is_due(feed: &Feed, committed_at: Instant) -> bool {
    feed.pending() >= MOST_PENDING || (feed.is_ahead() && committed_at.elapsed() >= COMMIT_EVERY)
}

async fn written(writing: Writing) -> Result<Committed, FeedError> {
    match writing.await {
        Ok(result) => Ok(result?),
        Err(error) => Err(unfinished(error).into()),
    }
}

/// Why a task has no result: it panicked, or was cancelled, as all are when the process ends.
fn unfinished(error: JoinError) -> SearchError {
    if error.is_panic() {
        SearchError::Panicked(error)
    } else {
        SearchError::Io(std::io::Error::other(error))
    }
}

/// Takes a batch in, away from the threads that answer requests. What can't be taken is answered.
pub(super) async fn apply(
    mut feed: Feed,
    batch: Arc<PublicBatch>,
) -> Result<(Feed, Vec<Refused>), FeedError> {
    if let Some(event) = batch.undecodable.iter().find(|event| event.aggregate_type == Undecodable::ANY) {
        return Err(FeedError::Undecodable { position: event.position, error: event.error.clone() });
    }
    blocking(move || {
        let refused = feed.apply(&batch.events, &batch.undecodable, batch.head);
        Ok((feed, refused))
    })
    .await
}

/// Does what reads and writes files where that holds nobody up.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
) -> Result<T, FeedError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(error) => Err(unfinished(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_not_tried_again() {
        let error = blocking(|| -> Result<(), SearchError> { panic!("a bug") }).await.unwrap_err();
        assert!(matches!(error, FeedError::Search(SearchError::Panicked(_))), "{error:?}");
        assert!(!error.is_transient());
    }
}
