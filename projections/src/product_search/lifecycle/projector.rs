//! The task that feeds the index of this process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use domain::with_causes;
use event_store::{Checkpoint, Head, Log, LogError};
use metrics::histogram;
use sqlx::PgPool;
use tokio::time::{Instant, sleep, timeout};
use tracing::{info, warn};

use super::commits::Commits;
use super::home::Home;
use super::showing::Showing;
use crate::product_search::index::{self, Feed, SearchError};
use crate::product_search::parking::lot::{self, Lot};
use crate::product_search::parking::{Keeper, TELL_EVERY, blocking};
use crate::product_search::{AGGREGATES, NAME};
use crate::runner::failure::{self, FeedError};
use crate::runner::refused::{Aggregate, Refused};
use crate::runner::source::{EventSource, PublicBatch, Undecodable};

/// How often we look whether a replay has swapped the index, or whoever feeds it is gone.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often an index that another process feeds is looked at.
const FOLLOW_EVERY: Duration = Duration::from_millis(100);

pub(crate) struct SearchProjector {
    pub(crate) home: Home,
    pub(crate) pool: PgPool,
    pub(crate) source: Arc<dyn EventSource>,
    pub(crate) showing: Showing,
}

/// Where the index is that is fed: which on disk, how far in the log, and in Postgres once that was found.
struct Place {
    generation: Option<u32>,
    at: Head,
    lot: Option<Lot>,
}

impl SearchProjector {
    /// Works as long as the process lives, but after a permanent error only stands still. What for is in the log and in
    /// status.
    pub(crate) async fn run(mut self) {
        let mut place = Place { generation: None, at: Head::EMPTY, lot: None };
        loop {
            let Err(error) = self.follow(&mut place).await else { continue };
            let helped = match &error {
                FeedError::Search(SearchError::Busy) => self.follow_another().await,
                FeedError::Log(LogError::Diverged(_))
                | FeedError::Search(SearchError::Unusable(_) | SearchError::Damaged(_)) => {
                    warn!(reason = with_causes(&error), "the search index is built again");
                    self.showing.start_over();
                    let failed = place.generation;
                    self.home.ask(move |home| home.give_up(failed)).await
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
        let lot = match &place.lot {
            Some(lot) => Some(lot.clone()),
            None => self.lot_on_disk().await,
        };
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
    async fn lot_on_disk(&self) -> Option<Lot> {
        let folder = self.home.ask(|home| Ok(home.current()?.map(|live| home.folder(live)))).await;
        Lot::named(&self.pool, &folder.ok()??).await
    }

    /// Whether another index is the live one now. We look once in a while.
    async fn is_swapped(&self, generation: u32, looked_at: &mut Instant) -> Result<bool, FeedError> {
        if looked_at.elapsed() < LOOK_EVERY {
            return Ok(false);
        }
        let live = self.home.ask(Home::current).await?;
        *looked_at = Instant::now();
        Ok(live != Some(generation))
    }

    /// Feeds the live index until another one is.
    async fn follow(&mut self, place: &mut Place) -> Result<(), FeedError> {
        self.showing.begin(&Log::new(self.pool.clone())).await?;
        let (generation, folder) = self.home.ask(Home::live).await?;
        place.generation = Some(generation);
        let (mut feed, mut keeper) = self.open(generation, folder).await?;
        place.lot = Some(keeper.lot().clone());
        let mut commits = Commits::new();
        let (mut is_first, mut looked_at) = (true, Instant::now());
        while !self.is_swapped(generation, &mut looked_at).await? {
            place.at = feed.head();
            let batch = self.source.read_after(place.at).await?;
            if std::mem::take(&mut is_first) {
                self.goes_on(&keeper).await?;
                // Not before: of another log it says nothing true.
                self.showing.show(&feed);
            }
            if batch.head == place.at {
                let look = LOOK_EVERY.saturating_sub(looked_at.elapsed());
                self.rest(&feed, commits.next(&feed).map_or(look, |next| next.min(look))).await;
            } else {
                feed = self.take(feed, batch, &keeper).await?;
            }
            let asked = keeper.asked(&feed).await?;
            if !asked.is_empty() {
                feed = self.try_again(feed, asked, &keeper, &mut commits).await?;
            }
            keeper.tell(feed.head().position).await;
            if commits.end_written(&mut feed).await? {
                self.showing.show(&feed);
            }
            commits.begin_due(&mut feed).await?;
        }
        commits.end(&mut feed).await
    }

    /// Takes back that it stands still. Before its name could be read, that was said without one.
    async fn goes_on(&self, keeper: &Keeper) -> Result<(), FeedError> {
        for consumer in [keeper.lot().consumer(), Checkpoint::named(NAME)] {
            failure::clear(&self.pool, &consumer).await?;
        }
        Ok(())
    }

    /// Opens an index to feed it, and deletes those before it.
    async fn open(&self, generation: u32, folder: PathBuf) -> Result<(Feed, Keeper), FeedError> {
        let (words, its_folder) = (Arc::clone(self.home.words()), folder.clone());
        let mut feed = blocking(move || Feed::open(&its_folder, words)).await?;
        let keeper = Keeper::open(&Log::new(self.pool.clone()), &folder, &mut feed).await?;
        for older in self.home.ask(move |home| home.older_than(generation)).await? {
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
        commits: &mut Commits,
    ) -> Result<Feed, FeedError> {
        let (mut feed, tried) = keeper.try_again(feed, asked).await?;
        commits.end(&mut feed).await?;
        let feed = blocking(move || feed.commit().map(|()| feed)).await?;
        self.showing.show(&feed);
        keeper.settle(&feed, &tried).await?;
        Ok(feed)
    }

    /// Waits for events, or until there is something else to do.
    async fn rest(&self, feed: &Feed, bound: Duration) {
        let _ = timeout(bound, self.source.beyond(feed.head().position)).await;
    }

    /// Shows what another process commits, for a while.
    async fn follow_another(&self) -> Result<(), FeedError> {
        let generation = self.home.ask(Home::current).await?.unwrap_or_default();
        let folder = self.home.folder(generation);
        let until = Instant::now() + LOOK_EVERY;
        while Instant::now() < until {
            let (shown, position) = (self.showing.now(), self.showing.farther_than());
            let (folder, words) = (folder.clone(), Arc::clone(self.home.words()));
            let feed = blocking(move || {
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
