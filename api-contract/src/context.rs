//! What an answer says of its request: its correlation id, its path, the form in which errors are wanted.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use uuid::Uuid;

tokio::task_local! {
    static CURRENT: RequestContext;
}

/// The request that this task is answering.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Given by the client, or made here. The `traceId` of an error.
    pub correlation_id: Arc<str>,
    /// The path as it was asked for.
    pub path: Arc<str>,
    /// The client prefers RFC 9457 problem details.
    pub wants_problem: bool,
}

impl RequestContext {
    /// Reads a request's head.
    pub fn of(headers: &HeaderMap, path: &str) -> Self {
        let given = headers.get("x-correlation-id").and_then(|id| id.to_str().ok());
        let correlation_id = given
            .filter(|id| is_correlation_id(id))
            .map_or_else(|| Uuid::now_v7().to_string().into(), Into::into);
        let wants_problem = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|accept| accept.to_str().ok())
            .flat_map(|accept| accept.split(','))
            .any(|range| {
                let media_type = range.split(';').next().unwrap_or_default();
                media_type.trim().eq_ignore_ascii_case("application/problem+json")
            });
        Self { correlation_id, path: path.into(), wants_problem }
    }

    /// The one of this task. Outside a request it is made up, so that an error can be rendered anywhere.
    pub fn current() -> Self {
        CURRENT.try_with(Clone::clone).unwrap_or_else(|_| Self::of(&HeaderMap::new(), ""))
    }

    /// Runs a future as the answer to this request.
    pub async fn scope<F: Future>(self, answer: F) -> F::Output {
        CURRENT.scope(self, answer).await
    }
}

fn is_correlation_id(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-'))
}

/// The correlation id of the request: stored in the metadata of every event.
#[derive(Clone, Debug)]
pub struct CorrelationId(pub Arc<str>);

impl<S: Sync> FromRequestParts<S> for CorrelationId {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(RequestContext::current().correlation_id))
    }
}
