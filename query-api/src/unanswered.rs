//! How a failure of a read model is answered.

use std::time::Duration;

use api_contract::ApiError;
use projections::QueryError;

/// The answer to who asked it.
pub fn unanswered(error: QueryError) -> ApiError {
    match error {
        // The index is still being built, or the read model is being made.
        error @ QueryError::Missing(_) => ApiError::unavailable(Duration::from_secs(1)).because(error),
        error @ (QueryError::Postgres(..)
        | QueryError::Unexpected(..)
        | QueryError::Search(_)
        | QueryError::Closed(_)
        | QueryError::Unfinished(_)) => identity::failed(error),
    }
}
