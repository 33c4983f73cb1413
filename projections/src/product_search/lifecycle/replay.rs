//! Building the index anew from the log, beside the live one, and swapping it in while searches go on.

use std::fs;
use std::future::pending;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;

use event_store::{Head, Log};
use sqlx::PgPool;
use tracing::warn;

use super::home::Home;
use super::projector::apply;
use super::versions::require_newest;
use crate::product_search::AGGREGATES;
use crate::product_search::index::{Feed, SearchError, Store};
use crate::product_search::parking::blocking;
use crate::product_search::parking::lot::{self, Lot};
use crate::product_search::text::Words;
use crate::replay::{Progress, Reader, ReplayError, ReplayReport};
use crate::runner::failure::FeedError;

/// So many changed documents are gathered in memory before they are committed.
const MOST_PENDING: usize = 20_000;

/// Rebuilds the index. A process that feeds the live one notices the swap within a second,
/// brings the new one to where it stood, and shows it then.
pub async fn replay(
    home: &Home,
    log: &Log,
    progress: impl Fn(Progress),
) -> Result<ReplayReport, ReplayError> {
    replay_until(home, log, progress, pending()).await
}

/// The same, unless it is `stopped` before.
pub(crate) async fn replay_until(
    home: &Home,
    log: &Log,
    progress: impl Fn(Progress),
    stopped: impl Future<Output = ()>,
) -> Result<ReplayReport, ReplayError> {
    let started = Instant::now();
    require_newest(home).await?;
    let Some((building, _lock)) = home.ask(Home::building).await? else { return Err(ReplayError::Running) };
    lot::delete(log.pool(), &building).await?;
    // A future of its own: whoever waits for a rebuild of any read model needn't have room for this one.
    let built = Box::pin(build(home, log, &building, progress, stopped)).await;
    if built.is_err()
        && let Err(error) = lot::delete(log.pool(), &building).await
    {
        let error = &error as &dyn std::error::Error;
        warn!(error, "what was built of the search index is still there; the next replay deletes it");
    }
    let (generation, head) = built?;
    delete_unused(log.pool(), home, generation).await;
    Ok(report(head, started))
}

/// Builds an index and makes it the live one: its number, and up to where it is.
async fn build(
    home: &Home,
    log: &Log,
    building: &Path,
    progress: impl Fn(Progress),
    stopped: impl Future<Output = ()>,
) -> Result<(u32, Head), ReplayError> {
    let folder = building.to_owned();
    blocking(move || Ok(fs::create_dir_all(folder)?)).await?;
    let (lot, at_work) = Lot::being_built(log, building).await?;
    let feed = filled(building, Arc::clone(home.words()), log, Some(&lot), progress, stopped).await?;
    let head = feed.head();
    lot.tell(head.position).await.map_err(FeedError::from)?;
    let (its_home, building) = (home.clone(), building.to_owned());
    let next = blocking(move || feed.close().and_then(|()| Ok(its_home.swap_in(&building)?))).await?;
    lot.is_built(at_work).await;
    Ok((next, head))
}

/// An index in an empty folder of everything that is in the log, committed. What it can't take is parked, and kept in
/// the lot, if it has one.
pub(crate) async fn filled(
    folder: &Path,
    words: Arc<Words>,
    log: &Log,
    lot: Option<&Lot>,
    progress: impl Fn(Progress),
    stopped: impl Future<Output = ()>,
) -> Result<Feed, ReplayError> {
    let folder = folder.to_owned();
    let mut feed = blocking(move || Feed::open(&folder, words)).await?;
    let mut reader = Reader::start(log.clone(), AGGREGATES, Head::EMPTY);
    let mut stopped = pin!(stopped);
    loop {
        // Between two batches: nobody writes to the folder any more when this ends.
        let read = tokio::select! {
            biased;
            () = &mut stopped => return Err(ReplayError::Stopped),
            read = reader.batches.recv() => read,
        };
        let Some(read) = read else { break };
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
            if let Some(lot) = lot {
                lot.tell_of_building(feed.head().position).await.map_err(FeedError::from)?;
            }
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
        warn!(error = &error as &dyn std::error::Error, "an old search index is still there");
    }
}

fn report(head: Head, started: Instant) -> ReplayReport {
    ReplayReport { events: head.position, elapsed: started.elapsed() }
}
