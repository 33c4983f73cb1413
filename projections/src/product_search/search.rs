//! The handle by which searches are asked.

use std::sync::{Arc, PoisonError, RwLock};

use sqlx::PgPool;
use tantivy::{Searcher, TantivyError};
use tokio::task::JoinSet;

use super::NAME;
use super::fields::Fields;
use super::home::Home;
use super::projector::SearchProjector;
use super::query::{SearchPage, SearchQuery, search};
use crate::live::{Answer, QueryError};
use crate::runner::positions::Positions;
use crate::runner::source::EventSource;

/// What searches see: an index at a position.
#[derive(Clone)]
pub(super) struct Shown {
    pub(super) searcher: Searcher,
    pub(super) fields: Fields,
    pub(super) position: i64,
}

/// What is shown now, shared by those who ask and the one who feeds.
#[derive(Clone, Default)]
pub(super) struct Window(Arc<RwLock<Option<Shown>>>);

impl Window {
    pub(super) fn get(&self) -> Option<Shown> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, shown: Option<Shown>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = shown;
    }
}

/// Searches products. Cheap to clone; the index is fed until the last clone is dropped.
#[derive(Clone)]
pub struct ProductSearch {
    window: Window,
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
    ProductSearch { window, _feeding: Arc::new(feeding) }
}

impl ProductSearch {
    /// The ids of the products that match, a page of them.
    pub async fn search(&self, query: SearchQuery) -> Result<Answer<SearchPage>, QueryError> {
        let shown = self.window.get().ok_or(QueryError::Missing(NAME))?;
        let position = shown.position;
        let searching = tokio::task::spawn_blocking(move || search(&shown.searcher, shown.fields, &query));
        let page = searching.await.map_err(|error| TantivyError::InternalError(error.to_string()))??;
        Ok(Answer { position, value: page })
    }
}
