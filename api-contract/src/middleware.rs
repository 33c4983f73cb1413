//! What stands around every router.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{Extension, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{Instrument, info, info_span};

use crate::body::{MAX_BODY, discard};
use crate::context::RequestContext;
use crate::error::{ApiError, BoxError, Code};
use crate::token::Verifier;

/// Puts the rules of the API around a finished router: correlation id and tracing span, security headers,
/// `X-API-Version`, the body's limit, a time limit (503), panics (500), and the envelope for 404 and 405.
pub fn apply(router: Router, verifier: Verifier, time_limit: Duration) -> Router {
    router
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(move |request, next| within(time_limit, request, next)))
        .layer(from_fn(body_limit))
        .layer(from_fn(api_version))
        .layer(Extension(verifier))
        .layer(from_fn(context))
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
    let started = Instant::now();
    let answer = async {
        let response = next.run(request).await;
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        info!(status = response.status().as_u16(), milliseconds, "answered");
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

async fn api_version(request: Request, next: Next) -> Response {
    match request.headers().get("x-api-version").map(HeaderValue::as_bytes) {
        None | Some(b"v1" | b"V1" | b"1") => next.run(request).await,
        Some(_) => ApiError::invalid("X-API-Version", "X-API-Version must be v1").into_response(),
    }
}

/// Refuses by its announced length a body that is too large, on every route. One that isn't announced is refused
/// where it is read.
async fn body_limit(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length: usize = length.and_then(|l| l.to_str().ok()).and_then(|l| l.parse().ok()).unwrap_or(0);
    if length <= MAX_BODY {
        return next.run(request).await;
    }
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
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(elapsed) => ApiError::unavailable(Duration::from_secs(1)).because(elapsed).into_response(),
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

async fn method_not_allowed(request: Request) -> ApiError {
    ApiError::new(Code::MethodNotAllowed, format!("{} is not allowed here", request.method()))
}

#[cfg(test)]
mod tests;
