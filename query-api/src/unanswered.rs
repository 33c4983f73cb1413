//! How a failure of a read model is answered.

use std::time::Duration;

use api_contract::ApiError;
use projections::QueryError;

/// The answer to who asked it.
pub fn unanswered(error: QueryError) -> ApiError {
    if error.is_not_ready() {
        ApiError::unavailable(Duration::from_secs(1)).because(error)
    } else {
        identity::failed(error)
    }
}
