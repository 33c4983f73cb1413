//! Building the index anew from the log, beside the live one, and swapping it in while searches go on.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use event_store::{Head, Log};

use super::AGGREGATES;
use super::feed::Feed;
use super::home::Home;
use super::index::{SearchError, Store};
use super::projector::{apply, blocking};
use super::words::Words;
use crate::replay::{Progress, Reader, ReplayError, ReplayReport};
use crate::runner::failure::FeedError;

/// So many changed documents are gathered in memory before they are committed.
const MOST_PENDING: usize = 20_000;

/// Rebuilds the index. A process that feeds the live one notices the swap within a second, brings the new one to where
/// it stood, and shows it then.
pub async fn replay(
    home: &Home,
    log: &Log,
    progress: impl Fn(Progress),
) -> Result<ReplayReport, ReplayError> {
    let started = Instant::now();
    let Some((building, _lock)) = home.building().map_err(io)? else { return Err(ReplayError::Running) };
    let feed = filled(&building, Arc::clone(home.words()), log, progress).await?;
    let head = feed.head();
    blocking(move || feed.close()).await?;
    let next = home.next().map_err(io)?;
    fs::rename(&building, home.folder(next)).map_err(io)?;
    home.point_to(next).map_err(io)?;
    delete_unused(home, next).await;
    Ok(report(head, started))
}

/// An index in an empty folder of everything that is in the log, committed.
pub(super) async fn filled(
    folder: &Path,
    words: Arc<Words>,
    log: &Log,
    progress: impl Fn(Progress),
) -> Result<Feed, ReplayError> {
    let folder = folder.to_owned();
    let mut feed = blocking(move || Feed::open(&folder, words)).await?;
    let mut reader = Reader::start(log.clone(), AGGREGATES, Head::EMPTY);
    while let Some(read) = reader.batches.recv().await {
        let (batch, head) = read.map_err(FeedError::from)?;
        feed = apply(feed, Arc::new(batch)).await?;
        if feed.pending() >= MOST_PENDING {
            feed = blocking(move || feed.commit().map(|()| feed)).await?;
        }
        progress(Progress { position: feed.head().position, head });
    }
    Ok(blocking(move || feed.commit().map(|()| feed)).await?)
}

/// Deletes the old indexes if nobody feeds them; whoever does deletes them when it goes over to the new one.
async fn delete_unused(home: &Home, keep: u32) {
    let home = home.clone();
    let deleted = blocking(move || {
        for generation in home.older_than(keep)? {
            let unused = Store::open(&home.folder(generation), home.words().analyzer.language());
            if !matches!(unused, Err(SearchError::Busy)) {
                drop(unused);
                home.delete(generation)?;
            }
        }
        Ok(())
    });
    if let Err(error) = deleted.await {
        tracing::warn!(error = &error as &dyn std::error::Error, "an old search index is still there");
    }
}

fn report(head: Head, started: Instant) -> ReplayReport {
    ReplayReport { events: head.position, elapsed: started.elapsed() }
}

fn io(error: std::io::Error) -> ReplayError {
    FeedError::Search(error.into()).into()
}
