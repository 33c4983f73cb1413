//! The task that feeds the index of this process.

use std::sync::Arc;
use std::time::Duration;

use event_store::{Checkpoint, Head, LogError};
use sqlx::PgPool;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::home::Home;
use super::index::{self, Feed, SearchError};
use super::search::{Shown, Window};
use super::{AGGREGATES, NAME};
use crate::runner::failure::{self, FeedError};
use crate::runner::positions::Positions;
use crate::runner::source::{EventSource, PublicBatch};

/// While events flow, changes become visible this long after the ones before.
const VISIBLE_EVERY: Duration = Duration::from_millis(200);

/// How often the checkpoint is written where nothing that is searched has changed.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);

/// So many changed documents are written at once, however little time has passed.
const MOST_PENDING: usize = 20_000;

/// How often we look whether a replay has swapped the index, or whoever feeds it is gone.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often an index that another process feeds is looked at.
const FOLLOW_EVERY: Duration = Duration::from_millis(100);

pub(super) struct SearchProjector {
    pub(super) home: Home,
    pub(super) pool: PgPool,
    pub(super) source: Arc<dyn EventSource>,
    pub(super) positions: Positions,
    pub(super) window: Window,
}

impl SearchProjector {
    /// Works until a permanent error stops it, which is then in the log and in status.
    pub(super) async fn run(self) {
        let mut at = Head::EMPTY;
        loop {
            let Err(error) = self.follow(&mut at).await else { continue };
            let helped = match &error {
                FeedError::Search(SearchError::Busy) => self.follow_another().await,
                FeedError::Log(LogError::Diverged(_)) | FeedError::Search(SearchError::Unusable(_)) => {
                    warn!(error = &error as &dyn std::error::Error, "the search index is built again");
                    self.window.set(None);
                    self.home.start_over().map(|_| ()).map_err(|e| FeedError::Search(e.into()))
                }
                _ => Err(error),
            };
            if let Err(error) = helped {
                failure::record(&self.pool, &Checkpoint::named(NAME), at, &error).await;
                if !error.is_transient() {
                    return;
                }
                sleep(LOOK_EVERY).await;
            }
        }
    }

    /// Feeds the live index until another one is.
    async fn follow(&self, at: &mut Head) -> Result<(), FeedError> {
        let generation = match self.home.current().map_err(SearchError::from)? {
            Some(generation) if self.home.folder(generation).is_dir() => generation,
            Some(_) | None => self.home.start_over().map_err(SearchError::from)?,
        };
        let folder = self.home.folder(generation);
        let mut feed = blocking(move || Feed::open(&folder)).await?;
        self.home.delete_older_than(generation).map_err(SearchError::from)?;
        info!(consumer = NAME, position = feed.head().position, "follows the log");
        let mut committed_at = Instant::now();
        let mut failed_before = true;
        self.show(&feed);
        while self.home.current().map_err(SearchError::from)? == Some(generation) {
            *at = feed.head();
            let batch = self.source.read_after(*at).await?;
            if std::mem::take(&mut failed_before) {
                failure::clear(&self.pool, &Checkpoint::named(NAME)).await?;
            }
            if batch.head == *at {
                self.rest(&feed, committed_at).await;
            } else {
                feed = apply(feed, batch).await?;
            }
            if is_due(&feed, committed_at) {
                feed = blocking(move || feed.commit().map(|()| feed)).await?;
                committed_at = Instant::now();
                self.show(&feed);
            } else if !feed.is_stale() {
                self.show(&feed); // what is committed is the truth at the new position too
            }
        }
        Ok(())
    }

    /// Waits for events, or until there is something to commit.
    async fn rest(&self, feed: &Feed, committed_at: Instant) {
        let bound = if feed.is_stale() {
            VISIBLE_EVERY.saturating_sub(committed_at.elapsed())
        } else if feed.is_ahead() {
            CHECKPOINT_EVERY.saturating_sub(committed_at.elapsed())
        } else {
            LOOK_EVERY
        };
        let _ = timeout(bound, self.source.beyond(feed.head().position)).await;
    }

    /// Shows what is committed, unless what is shown is newer: an index that a replay has swapped in catches up first.
    fn show(&self, feed: &Feed) {
        self.show_at(feed.head().position, || Shown {
            searcher: feed.reader().searcher(),
            fields: feed.fields(),
            position: feed.head().position,
        });
    }

    fn show_at(&self, position: i64, shown: impl FnOnce() -> Shown) {
        if self.window.get().is_none_or(|shown| shown.position <= position) {
            self.window.set(Some(shown()));
            self.positions.publish(NAME, position);
        }
    }

    /// Shows what another process commits, for a while.
    async fn follow_another(&self) -> Result<(), FeedError> {
        let generation = self.home.current().map_err(SearchError::from)?.unwrap_or_default();
        let folder = self.home.folder(generation);
        let (index, fields) = index::open(&folder)?;
        let reader = index::reader(&index)?;
        let until = Instant::now() + LOOK_EVERY;
        while Instant::now() < until {
            // The checkpoint first: what is read after it is of that moment or later.
            let position = index::committed(&index)?.position;
            reader.reload().map_err(SearchError::from)?;
            self.show_at(position, || Shown { searcher: reader.searcher(), fields, position });
            sleep(FOLLOW_EVERY).await;
        }
        Ok(())
    }
}

fn is_due(feed: &Feed, committed_at: Instant) -> bool {
    let elapsed = committed_at.elapsed();
    feed.pending() >= MOST_PENDING
        || (feed.is_stale() && elapsed >= VISIBLE_EVERY)
        || (feed.is_ahead() && elapsed >= CHECKPOINT_EVERY)
}

/// Takes a batch in. Many events are taken in away from the threads that answer requests.
pub(super) async fn apply(mut feed: Feed, batch: Arc<PublicBatch>) -> Result<Feed, FeedError> {
    if let Some(event) = batch.undecodable.iter().find(|event| event.stops(AGGREGATES)) {
        return Err(FeedError::Undecodable { position: event.position, error: event.error.clone() });
    }
    blocking(move || feed.apply(&batch.events, batch.head).map(|()| feed)).await
}

/// Does what reads and writes files where that holds nobody up.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
) -> Result<T, FeedError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(error) => Err(SearchError::Io(std::io::Error::other(error)).into()),
    }
}
