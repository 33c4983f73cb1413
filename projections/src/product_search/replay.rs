//! Building the index anew from the log, beside the live one, and swapping it in while searches go on.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use event_store::{Head, Log};
use sqlx::PgPool;

use super::AGGREGATES;
use super::feed::Feed;
use super::home::Home;
use super::index::{SearchError, Store};
use super::lot::{self, Lot};
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
    let its_home = home.clone();
    let free = blocking(move || Ok(its_home.building()?)).await?;
    let Some((building, _lock)) = free else { return Err(ReplayError::Running) };
    lot::delete(log.pool(), &building).await?;
    let folder = building.clone();
    blocking(move || Ok(fs::create_dir_all(folder)?)).await?;
    let lot = Lot::of(log, &building).await?;
    let feed = filled(&building, Arc::clone(home.words()), log, Some(&lot), progress).await?;
    let head = feed.head();
    lot.tell(head.position).await.map_err(FeedError::from)?;
    let its_home = home.clone();
    let next = blocking(move || feed.close().and_then(|()| Ok(its_home.swap_in(&building)?))).await?;
    delete_unused(log.pool(), home, next).await;
    Ok(report(head, started))
}

/// An index in an empty folder of everything that is in the log, committed. What it can't take is parked, and kept in
/// the lot, if it has one.
pub(super) async fn filled(
    folder: &Path,
    words: Arc<Words>,
    log: &Log,
    lot: Option<&Lot>,
    progress: impl Fn(Progress),
) -> Result<Feed, ReplayError> {
    let folder = folder.to_owned();
    let mut feed = blocking(move || Feed::open(&folder, words)).await?;
    let mut reader = Reader::start(log.clone(), AGGREGATES, Head::EMPTY);
    while let Some(read) = reader.batches.recv().await {
        let (batch, head) = read.map_err(FeedError::from)?;
        let refused;
        (feed, refused) = apply(feed, Arc::new(batch)).await?;
        if let Some(lot) = lot {
            for it in &refused {
                lot.park(it).await.map_err(FeedError::from)?;
            }
        }
        if feed.pending() >= MOST_PENDING {
            feed = blocking(move || feed.commit().map(|()| feed)).await?;
        }
        progress(Progress { position: feed.head().position, head });
    }
    Ok(blocking(move || feed.commit().map(|()| feed)).await?)
}

/// Deletes the old indexes if nobody feeds them; whoever does deletes them when it goes over to the new one.
async fn delete_unused(pool: &PgPool, home: &Home, keep: u32) {
    let deleted = async {
        let its_home = home.clone();
        for generation in blocking(move || Ok(its_home.older_than(keep)?)).await? {
            let its_home = home.clone();
            let is_fed = blocking(move || {
                let opened = Store::open(&its_home.folder(generation), its_home.words().analyzer.language());
                Ok(matches!(opened, Err(SearchError::Busy)))
            });
            if !is_fed.await? {
                lot::delete(pool, &home.folder(generation)).await?;
            }
        }
        Ok::<_, FeedError>(())
    };
    if let Err(error) = deleted.await {
        tracing::warn!(error = &error as &dyn std::error::Error, "an old search index is still there");
    }
}

fn report(head: Head, started: Instant) -> ReplayReport {
    ReplayReport { events: head.position, elapsed: started.elapsed() }
}
