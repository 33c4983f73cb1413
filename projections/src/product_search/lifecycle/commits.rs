//! When what has changed is written to the disk, beside the feed.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::product_search::index::{Committed, Feed, SearchError};
use crate::product_search::parking::unfinished;
use crate::runner::failure::FeedError;

/// What has changed is written this long after what changed before: until then it is in memory alone, and is read from
/// the log again after a crash.
const EVERY: Duration = Duration::from_secs(3);

/// So many changed descriptions are searched in memory, one by one; then they are written, however little time has passed.
const MOST_PENDING: usize = 2_000;

/// The commits of an index, of which one is written at a time.
pub(super) struct Commits {
    /// When the last one was done.
    last: Instant,
    writing: Option<JoinHandle<Result<Committed, SearchError>>>,
}

impl Commits {
    /// Of an index that was just opened.
    pub(super) fn new() -> Self {
        Self { last: Instant::now(), writing: None }
    }

    /// In how long there is something to do here, if nothing else happens.
    pub(super) fn next(&self, feed: &Feed) -> Option<Duration> {
        match self.writing {
            Some(_) => Some(Duration::from_millis(20)),
            None => feed.is_ahead().then(|| EVERY.saturating_sub(self.last.elapsed())),
        }
    }

    /// Whether one was written by now: the feed goes on with it.
    pub(super) async fn end_written(&mut self, feed: &mut Feed) -> Result<bool, FeedError> {
        let Some(done) = self.writing.take_if(|writing| writing.is_finished()) else { return Ok(false) };
        feed.end_commit(written(done).await?);
        self.last = Instant::now();
        Ok(true)
    }

    /// Begins one if it is time for it.
    pub(super) async fn begin_due(&mut self, feed: &mut Feed) -> Result<(), FeedError> {
        let is_due = feed.pending() >= MOST_PENDING || (feed.is_ahead() && self.last.elapsed() >= EVERY);
        if !is_due {
            return Ok(());
        }
        if feed.pending() >= MOST_PENDING * 2 {
            // Changes come faster than they can be written.
            self.end(feed).await?;
        }
        if let Some(begun) = feed.begin_commit() {
            self.writing = Some(tokio::task::spawn_blocking(move || begun.write()));
        }
        Ok(())
    }

    /// Waits for the one that is being written, if there is one.
    pub(super) async fn end(&mut self, feed: &mut Feed) -> Result<(), FeedError> {
        if let Some(writing) = self.writing.take() {
            feed.end_commit(written(writing).await?);
        }
        Ok(())
    }
}

async fn written(writing: JoinHandle<Result<Committed, SearchError>>) -> Result<Committed, FeedError> {
    match writing.await {
        Ok(result) => Ok(result?),
        Err(error) => Err(unfinished(error).into()),
    }
}
