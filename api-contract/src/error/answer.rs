//! The one place where a refusal becomes an answer, and is logged.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::with_causes;
use serde::Serialize;

use super::{ApiError, Code, Refusal, Violation};
use crate::context::RequestContext;
use crate::envelope::Timestamp;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    success: bool,
    errors: &'a [Violation],
    message: &'a str,
    timestamp: Timestamp,
    trace_id: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// RFC 9457. The type `about:blank` means that the title is the status's own phrase.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Problem<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: String,
    instance: &'a str,
    errors: &'a [Violation],
    timestamp: Timestamp,
    trace_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        log(&self);
        let context = RequestContext::current();
        let detail = self.to_string();
        let Refusal { status, summary, violations, retry_after, .. } = *self.0;
        let (media_type, json) = if context.wants_problem {
            let problem = Problem {
                r#type: "about:blank",
                title: status.canonical_reason().unwrap_or(summary),
                status: status.as_u16(),
                detail,
                instance: &context.path,
                errors: &violations,
                timestamp: Timestamp::now(),
                trace_id: &context.correlation_id,
                retry_after,
            };
            ("application/problem+json", serde_json::to_vec(&problem))
        } else {
            let envelope = Envelope {
                success: false,
                errors: &violations,
                message: summary,
                timestamp: Timestamp::now(),
                trace_id: &context.correlation_id,
                path: &context.path,
                retry_after,
            };
            ("application/json", serde_json::to_vec(&envelope))
        };
        // Strings and numbers alone can't fail to serialize; an empty body would still have the right status.
        let mut response =
            (status, [(header::CONTENT_TYPE, media_type)], json.unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        // Its form is by what the client accepts.
        headers.append(header::VARY, HeaderValue::from_static("accept"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, challenge(&violations));
        }
        response
    }
}

/// RFC 6750, section 3: a request without a token is told only the scheme.
fn challenge(violations: &[Violation]) -> HeaderValue {
    let rejected = violations.iter().any(|v| matches!(v.code, Code::ExpiredToken | Code::InvalidToken));
    HeaderValue::from_static(if rejected { r#"Bearer error="invalid_token""# } else { "Bearer" })
}

fn log(error: &ApiError) {
    let Some(cause) = &error.0.cause else { return };
    let causes = with_causes(&**cause);
    if error.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(error = causes, "request failed");
    } else {
        tracing::warn!(error = causes, status = error.status().as_u16(), "request refused");
    }
}
