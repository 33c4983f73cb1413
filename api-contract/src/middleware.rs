//! What stands around every router.

mod cors;
mod measured;

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn, from_fn_with_state, map_request};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{Instrument, info, info_span};

pub use self::cors::{CorsOrigins, NoOrigin};
use self::measured::Measured;
use crate::body::{MAX_BODY, discard};
use crate::context::RequestContext;
use crate::error::{ApiError, BoxError, Code};
use crate::token::Verifier;

/// What an operator can set of the rules around a router.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// A request that has no answer by then is answered 503.
    pub time_limit: Duration,
    /// The origins whose pages may call the API.
    pub cors: CorsOrigins,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { time_limit: Duration::from_secs(30), cors: CorsOrigins::None }
    }
}

/// Puts the rules of the API around a finished router: correlation id and tracing span, metrics, security headers,
/// `X-API-Version`, the body's limit, a time limit (503), panics (500), CORS, and the envelope for 404 and 405. A slash
/// at the end of an API's path makes no difference.
pub fn apply(router: Router, verifier: Verifier, config: HttpConfig) -> Router {
    let HttpConfig { time_limit, cors } = config;
    let router = router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(Guard { verifier, time_limit }, guard));
    let router = cors.around(router).layer(from_fn(context));
    // A router looks at the path before its layers do, so what changes the path stands around all of it.
    Router::new().fallback_service(router).layer(map_request(without_last_slash))
}

/// `/api/v1/orders/` is `/api/v1/orders`.
async fn without_last_slash(mut request: Request) -> Request {
    let uri = request.uri();
    let path = uri.path();
    if path.starts_with("/api/") && path.ends_with('/') {
        let path = path.trim_end_matches('/');
        let path = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        if let Ok(shorter) = path.parse::<Uri>() {
            *request.uri_mut() = shorter;
        }
    }
    request
}

/// The outermost layer: everything inside, errors too, knows which request it answers.
async fn context(request: Request, next: Next) -> Response {
    let context = RequestContext::of(request.headers(), request.uri().path());
    let span = info_span!(
        "request",
        correlation_id = &*context.correlation_id,
        method = %request.method(),
        path = &*context.path,
    );
    let correlation_id = HeaderValue::from_str(&context.correlation_id);
    let measured = Measured::start(&request);
    let answer = async {
        let response = next.run(request).await;
        let status = response.status();
        let milliseconds = measured.answered(status);
        info!(status = status.as_u16(), milliseconds, "answered");
        response
    };
    let mut response = context.scope(answer.instrument(span)).await;
    let headers = response.headers_mut();
    if let Ok(correlation_id) = correlation_id {
        headers.insert("x-correlation-id", correlation_id);
    }
    headers.insert("x-api-version", HeaderValue::from_static("v1"));
    secure(headers);
    response
}

/// OWASP's headers for an API. A page for people (documentation, a payment page) sets its own policy before.
fn secure(headers: &mut HeaderMap) {
    const DEFAULTS: [(HeaderName, &str); 5] = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in DEFAULTS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// What is looked at before a request comes to its handler.
#[derive(Clone)]
struct Guard {
    verifier: Verifier,
    time_limit: Duration,
}

/// One layer for all of it: for each request a layer clones everything that it stands around.
async fn guard(
    State(Guard { verifier, time_limit }): State<Guard>,
    mut request: Request,
    next: Next,
) -> Response {
    // Rate limits have their place here: who asks is known by the verifier, and nothing was read yet.
    request.extensions_mut().insert(verifier);
    if !is_of_version(request.headers()) {
        return ApiError::invalid("X-API-Version", "X-API-Version must be v1").into_response();
    }
    if announced_length(request.headers()) > MAX_BODY {
        return too_large(request).await;
    }
    within(time_limit, request, next).await
}

fn is_of_version(headers: &HeaderMap) -> bool {
    let version = headers.get("x-api-version").map(HeaderValue::as_bytes);
    matches!(version, None | Some(b"v1" | b"V1" | b"1"))
}

fn announced_length(headers: &HeaderMap) -> usize {
    let length = headers.get(header::CONTENT_LENGTH);
    length.and_then(|l| l.to_str().ok()).and_then(|l| l.parse().ok()).unwrap_or(0)
}

/// Refuses by its announced length a body that is too large, on every route. One that isn't announced is refused
/// where it is read.
async fn too_large(request: Request) -> Response {
    if request.headers().contains_key(header::EXPECT) {
        // The client waits for a word before it sends: it gets this one.
        return ApiError::new(Code::PayloadTooLarge, "The body must be at most 1 MiB").into_response();
    }
    let slow = Duration::from_secs(10);
    match tokio::time::timeout(slow, discard(request.into_body())).await {
        Ok(error) => error.into_response(),
        Err(_) => ApiError::new(Code::PayloadTooLarge, "The body must be at most 1 MiB").into_response(),
    }
}

/// Gives up waiting for an answer. A command that was accepted runs on: the decider's task doesn't depend on ours.
async fn within(limit: Duration, request: Request, next: Next) -> Response {
    let changes_nothing = request.method().is_safe();
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(elapsed) => {
            let error = if changes_nothing {
                ApiError::unavailable(Duration::from_secs(1))
            } else {
                ApiError::unknown_outcome()
            };
            error.because(elapsed).into_response()
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the form that CatchPanicLayer asks for")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    ApiError::internal(BoxError::from(format!("panicked: {}", said.unwrap_or("without a message"))))
        .into_response()
}

async fn not_found() -> ApiError {
    ApiError::not_found("Route")
}

/// `Allow` is added by the router. OPTIONS is answered with it alone (RFC 9110, section 9.3.7).
async fn method_not_allowed(request: Request) -> Response {
    if request.method() == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let message = format!("{} is not allowed here", request.method());
    ApiError::new(Code::MethodNotAllowed, message).into_response()
}

#[cfg(test)]
mod tests;
