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

/// Opens the index and feeds it. `pool` is where a permanent failure is kept for status.
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
        positions: positions.clone(),
        window: window.clone(),
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
        let search = self.clone();
        let searching = tokio::task::spawn_blocking(move || search.search_now(&query));
        searching.await.map_err(|error| TantivyError::InternalError(error.to_string()))?
    }

    /// The same on this thread: a few milliseconds of work.
    pub fn search_now(&self, query: &SearchQuery) -> Result<Answer<SearchPage>, QueryError> {
        let shown = self.window.get().ok_or(QueryError::Missing(NAME))?;
        let page = page::search(&shown, query, &self.weights)?;
        Ok(Answer { position: shown.position, value: page })
    }

    /// What may be meant by what was typed so far; at most so many of each kind.
    pub async fn suggest(&self, text: String, limit: usize) -> Result<Answer<Suggestions>, QueryError> {
        let shown = self.window.get().ok_or(QueryError::Missing(NAME))?;
        let position = shown.position;
        let weights = self.weights;
        let suggesting = tokio::task::spawn_blocking(move || suggest(&shown, &text, limit, &weights));
        let value = suggesting.await.map_err(|error| TantivyError::InternalError(error.to_string()))??;
        Ok(Answer { position, value })
    }
}
