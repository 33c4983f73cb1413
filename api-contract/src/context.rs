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
            .any(accepts_problem);
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

/// Whether one of the media ranges that a client accepts is that of problem details. With a weight of zero it is one that it
/// does not (RFC 9110, section 12.4.2).
fn accepts_problem(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let is_problem =
        parts.next().is_some_and(|media_type| media_type.eq_ignore_ascii_case("application/problem+json"));
    let weight =
        parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("q"));
    let refused = weight.is_some_and(|(_, weight)| {
        weight.starts_with('0') && weight.bytes().all(|byte| matches!(byte, b'0' | b'.'))
    });
    is_problem && !refused
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problem_details_are_for_who_accepts_them() {
        for (accept, wanted) in [
            ("application/json", false),
            ("*/*", false),
            ("application/problem+json", true),
            ("application/json, Application/Problem+JSON;q=0.5", true),
            ("application/problem+json; charset=utf-8 ; q=1", true),
            ("application/problem+json;q=0, application/json", false),
            ("application/problem+json; Q=0.000", false),
            ("application/problem+json;q=0.001", true),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(RequestContext::of(&headers, "/").wants_problem, wanted, "{accept}");
        }
    }
}
