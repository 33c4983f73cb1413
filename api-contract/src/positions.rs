//! Places in the log that travel in headers, so that a client reads what it has written.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::request::Parts;
use axum::response::{IntoResponseParts, ResponseParts};

use crate::error::ApiError;

/// The position of a command's last event: `X-Event-Position`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPosition(pub i64);

/// How far the projection had come that was read: `X-Projection-Position`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectionPosition(pub i64);

impl IntoResponseParts for EventPosition {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.headers_mut().insert("x-event-position", HeaderValue::from(self.0));
        Ok(parts)
    }
}

impl IntoResponseParts for ProjectionPosition {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        parts.headers_mut().insert("x-projection-position", HeaderValue::from(self.0));
        Ok(parts)
    }
}

/// What a read has to have seen (`X-Min-Position`), and how long it may wait for it (`Prefer: wait=N`, RFC 7240).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinPosition {
    /// Nothing if the client doesn't say.
    pub position: Option<i64>,
    /// One second if the client doesn't say, never more than ten.
    pub wait: Duration,
}

impl MinPosition {
    /// The answer where the log hasn't come that far at all: 400.
    pub fn beyond_head() -> ApiError {
        ApiError::invalid("X-Min-Position", "X-Min-Position is beyond the end of the log")
    }
}

impl<S: Sync> FromRequestParts<S> for MinPosition {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let position = parts
            .headers
            .get("x-min-position")
            .map(|value| {
                value
                    .to_str()
                    .ok()
                    .and_then(|text| text.parse().ok())
                    .filter(|position| *position >= 0)
                    .ok_or_else(|| {
                        ApiError::invalid("X-Min-Position", "X-Min-Position must be a position of the log")
                    })
            })
            .transpose()?;
        let wait = parts
            .headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split([',', ';']))
            .filter_map(|preference| preference.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))
            .and_then(|(_, seconds)| seconds.trim().trim_matches('"').parse().ok())
            .unwrap_or(1_u64);
        Ok(Self { position, wait: Duration::from_secs(wait.min(10)) })
    }
}
