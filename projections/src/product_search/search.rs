//! The handle by which searches are asked.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use event_store::Log;
use sqlx::PgPool;
use tantivy::TantivyError;
use tokio::task::JoinSet;

use super::NAME;
use super::feed::Feed;
use super::home::Home;
use super::page;
use super::projector::SearchProjector;
use super::query::{SearchPage, SearchQuery};
use super::showing::Showing;
use super::snapshot::Snapshot;
use super::suggest::{Suggestions, suggest};
use super::weights::Weights;
use super::words::Words;
use crate::live::{Answer, QueryError};
use crate::replay::ReplayError;
use crate::runner::positions::Positions;
use crate::runner::source::EventSource;

/// What is shown now, shared by those who ask and the one who feeds.
#[derive(Clone, Default)]
pub(super) struct Window(Arc<RwLock<Option<Snapshot>>>);

impl Window {
    pub(super) fn get(&self) -> Option<Snapshot> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, shown: Option<Snapshot>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = shown;
    }
}

/// Searches products. Cheap to clone; the index is fed until the last clone is dropped.
#[derive(Clone)]
pub struct ProductSearch {
    window: Window,
    weights: Weights,
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
    ProductSearch { window, weights: Weights::default(), _feeding: Arc::new(feeding) }
}

impl ProductSearch {
    /// An index on disk in `folder` of what a log says now. Nobody feeds it.
    pub async fn of_log(folder: &Path, log: &Log, words: Words) -> Result<Self, ReplayError> {
        let feed = super::replay::filled(folder, Arc::new(words), log, None, |_| {}).await?;
        Ok(Self::of(&feed))
    }

    /// What a feed says now.
    pub(super) fn of(feed: &Feed) -> Self {
        let window = Window::default();
        window.set(Some(feed.snapshot()));
        Self { window, weights: Weights::default(), _feeding: Arc::default() }
    }

    /// The same index, asked with other weights.
    #[must_use]
    pub fn weighing(&self, weights: Weights) -> Self {
        Self { weights, ..self.clone() }
    }

    /// The products that match, a page of them.
    pub async fn search(&self, query: SearchQuery) -> Result<Answer<SearchPage>, QueryError> {
        self.apart(move |shown, weights| page::search(shown, &query, weights)).await
    }

    /// The same on this thread: a few milliseconds of work.
    pub fn search_now(&self, query: &SearchQuery) -> Result<Answer<SearchPage>, QueryError> {
        self.now(|shown, weights| page::search(shown, query, weights))
    }

    /// What may be meant by what was typed so far; at most so many of each kind.
    pub async fn suggest(&self, text: String, limit: usize) -> Result<Answer<Suggestions>, QueryError> {
        self.apart(move |shown, weights| suggest(shown, &text, limit, weights)).await
    }

    /// Asks away from the threads that answer requests.
    async fn apart<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Snapshot, &Weights) -> Result<T, TantivyError> + Send + 'static,
    ) -> Result<Answer<T>, QueryError> {
        let search = self.clone();
        let asking = tokio::task::spawn_blocking(move || search.now(question));
        asking.await.map_err(|error| TantivyError::InternalError(error.to_string()))?
    }

    fn now<T>(
        &self,
        question: impl FnOnce(&Snapshot, &Weights) -> Result<T, TantivyError>,
    ) -> Result<Answer<T>, QueryError> {
        let shown = self.window.get().ok_or(QueryError::Missing(NAME))?;
        Ok(Answer { position: shown.position, value: question(&shown, &self.weights)? })
    }
}
