//! The handle by which searches are asked.

use std::future::pending;
use std::path::Path;
use std::sync::Arc;

use event_store::Log;
use sqlx::PgPool;
use tantivy::TantivyError;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::page;
use super::query::SearchQuery;
use super::quick::{is_quick, is_quickly_completed};
use super::results::SearchPage;
use super::suggest::{Suggestions, suggest};
use crate::live::{Answer, QueryError};
use crate::product_search::NAME;
use crate::product_search::index::{Feed, Snapshot};
use crate::product_search::lifecycle::{Home, SearchProjector, Showing, Window, filled};
use crate::product_search::relevance::Weights;
use crate::product_search::text::Words;
use crate::replay::ReplayError;
use crate::runner::positions::Positions;
use crate::runner::source::EventSource;

/// Searches products. Cheap to clone; the index is fed until the last clone is dropped.
#[derive(Clone)]
pub struct ProductSearch {
    window: Window,
    weights: Weights,
    /// Of the questions that are much work. Who hangs up while waiting for one is not answered.
    turns: Arc<Semaphore>,
    _feeding: Arc<JoinSet<()>>,
}

impl std::fmt::Debug for ProductSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProductSearch").finish_non_exhaustive()
    }
}

/// Opens the index and feeds it; it answers once it has what is in the log now. `pool` is where a permanent failure is kept for status.
pub fn start(
    home: Home,
    pool: &PgPool,
    source: &Arc<dyn EventSource>,
    positions: &Positions,
) -> ProductSearch {
    let window = Window::default();
    let projector = SearchProjector {
        home,
        pool: pool.clone(),
        source: Arc::clone(source),
        showing: Showing::new(window.clone(), positions.clone()),
    };
    let mut feeding = JoinSet::new();
    feeding.spawn(projector.run());
    ProductSearch::looking_through(window, feeding)
}

impl ProductSearch {
    /// An index on disk in `folder` of what a log says now. Nobody feeds it.
    pub async fn of_log(folder: &Path, log: &Log, words: Words) -> Result<Self, ReplayError> {
        let feed = filled(folder, Arc::new(words), log, None, |_| {}, pending()).await?;
        Ok(Self::of(&feed))
    }

    /// What a feed says now.
    pub(in crate::product_search) fn of(feed: &Feed) -> Self {
        let window = Window::default();
        window.set(Some(feed.snapshot()));
        Self::looking_through(window, JoinSet::new())
    }

    fn looking_through(window: Window, feeding: JoinSet<()>) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            window,
            weights: Weights::default(),
            turns: Arc::new(Semaphore::new(processors)),
            _feeding: Arc::new(feeding),
        }
    }

    /// The same index, asked with other weights.
    #[must_use]
    pub fn weighing(&self, weights: Weights) -> Self {
        Self { weights, ..self.clone() }
    }

    /// The products that match, a page of them.
    pub async fn search(&self, query: SearchQuery) -> Result<Answer<SearchPage>, QueryError> {
        if self.is_here(|shown| is_quick(shown, &query)).await {
            return self.search_now(&query);
        }
        self.apart(move |shown, weights| page::search(shown, &query, weights)).await
    }

    /// The same on this thread: a few milliseconds of work.
    pub fn search_now(&self, query: &SearchQuery) -> Result<Answer<SearchPage>, QueryError> {
        self.now(|shown, weights| page::search(shown, query, weights))
    }

    /// What may be meant by what was typed so far; at most so many of each kind.
    pub async fn suggest(&self, text: String, limit: usize) -> Result<Answer<Suggestions>, QueryError> {
        if self.is_here(|shown| is_quickly_completed(shown, &text)).await {
            return self.now(|shown, weights| suggest(shown, &text, limit, weights));
        }
        self.apart(move |shown, weights| suggest(shown, &text, limit, weights)).await
    }

    /// Whether there is an index, and a question of it is answered on this thread. Others have their turn before that: who
    /// asks one thing after another would never let them.
    async fn is_here(&self, is_quick: impl FnOnce(&Snapshot) -> bool) -> bool {
        let is_here = self.window.get().is_some_and(|shown| is_quick(&shown));
        if is_here {
            tokio::task::yield_now().await;
        }
        is_here
    }

    /// Asks away from the threads that answer requests, with as many others as there are processors.
    async fn apart<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Snapshot, &Weights) -> Result<T, TantivyError> + Send + 'static,
    ) -> Result<Answer<T>, QueryError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await?;
        let search = self.clone();
        let asking = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            search.now(question)
        });
        asking.await?
    }

    fn now<T>(
        &self,
        question: impl FnOnce(&Snapshot, &Weights) -> Result<T, TantivyError>,
    ) -> Result<Answer<T>, QueryError> {
        let shown = self.window.get().ok_or(QueryError::Missing(NAME))?;
        Ok(Answer { position: shown.position, value: question(&shown, &self.weights)? })
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[tokio::test]
    async fn a_search_that_panics_is_told_from_one_that_the_index_fails_and_gives_its_turn_back() {
        let folder = TempDir::new().unwrap();
        let feed = Feed::open(folder.path(), Arc::new(Words::default())).unwrap();
        let search = ProductSearch::of(&feed);
        for _ in 0..=search.turns.available_permits() {
            let broke_off = search.apart(|_, _| -> Result<(), TantivyError> { panic!("a bug") }).await;
            assert!(
                matches!(&broke_off, Err(QueryError::Unfinished(why)) if why.is_panic()),
                "{broke_off:?}"
            );
        }
        assert_eq!(search.apart(|_, _| Ok(7)).await.unwrap().value, 7);
    }
}
