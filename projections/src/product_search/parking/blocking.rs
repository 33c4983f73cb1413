//! Working with files away from the threads that answer requests.

use std::io;

use tokio::task::JoinError;

use crate::product_search::index::SearchError;
use crate::runner::failure::FeedError;

/// Does what reads and writes files where that holds nobody up.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SearchError> + Send + 'static,
) -> Result<T, FeedError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result?),
        Err(error) => Err(unfinished(error).into()),
    }
}

/// Why a task has no result: it panicked, or was cancelled, as all are when the process ends.
pub(crate) fn unfinished(error: JoinError) -> SearchError {
    if error.is_panic() { SearchError::Panicked(error) } else { SearchError::Io(io::Error::other(error)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_not_tried_again() {
        let error = blocking(|| -> Result<(), SearchError> { panic!("a bug") }).await.unwrap_err();
        assert!(matches!(error, FeedError::Search(SearchError::Panicked(_))), "{error:?}");
        assert!(!error.is_transient());
    }
}
