//! Everything that an endpoint can answer but success, and the one place where it is rendered.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::context::RequestContext;
use crate::envelope::Timestamp;

/// Any error, as a cause that is logged and not shown.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The codes of the API. Each has one status and one summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "each is described by its summary")]
pub enum Code {
    ValidationError,
    InvalidFormat,
    RequiredField,
    Unauthorized,
    ExpiredToken,
    InvalidToken,
    PaymentFailed,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    AlreadyExists,
    Conflict,
    InsufficientStock,
    PreconditionFailed,
    PayloadTooLarge,
    UnsupportedMediaType,
    AccountLocked,
    RateLimitExceeded,
    InternalError,
    ServiceUnavailable,
}

impl Code {
    /// The status and the summary that go with it.
    pub fn meaning(self) -> (StatusCode, &'static str) {
        match self {
            Self::ValidationError | Self::InvalidFormat | Self::RequiredField => {
                (StatusCode::BAD_REQUEST, "Request validation failed")
            }
            Self::Unauthorized | Self::ExpiredToken | Self::InvalidToken => {
                (StatusCode::UNAUTHORIZED, "Authentication failed")
            }
            Self::PaymentFailed => (StatusCode::PAYMENT_REQUIRED, "Payment failed"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "Access denied"),
            Self::NotFound => (StatusCode::NOT_FOUND, "Resource not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
            Self::AlreadyExists => (StatusCode::CONFLICT, "Resource already exists"),
            Self::Conflict => (StatusCode::CONFLICT, "Resource conflict"),
            Self::InsufficientStock => (StatusCode::CONFLICT, "Insufficient stock"),
            Self::PreconditionFailed => (StatusCode::PRECONDITION_FAILED, "Precondition failed"),
            Self::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Payload too large"),
            Self::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported media type"),
            Self::AccountLocked => (StatusCode::LOCKED, "Account locked"),
            Self::RateLimitExceeded => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
            Self::InternalError => (StatusCode::INTERNAL_SERVER_ERROR, "Internal server error"),
            Self::ServiceUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "Service temporarily unavailable"),
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// What kind of wrong.
    pub code: Code,
    /// For a person.
    pub message: Cow<'static, str>,
    /// Where: a field's path (`items[0].quantity`), a parameter or a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// With [`Code::InsufficientStock`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_stock: Option<i64>,
    /// With [`Code::InsufficientStock`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested_quantity: Option<i64>,
}

impl Violation {
    /// Of no field.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), field: None, available_stock: None, requested_quantity: None }
    }

    /// Of a field.
    pub fn of(field: impl Into<String>, code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field.into()), ..Self::new(code, message) }
    }

    /// Of a field that asks for more than there is.
    pub fn stock(field: impl Into<String>, available: i64, requested: i64) -> Self {
        Self {
            available_stock: Some(available),
            requested_quantity: Some(requested),
            ..Self::of(
                field,
                Code::InsufficientStock,
                format!("Only {available} items available, requested {requested}"),
            )
        }
    }
}

/// What an endpoint answers when it doesn't succeed.
#[derive(Debug)]
pub struct ApiError(Box<Refusal>);

#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    summary: &'static str,
    violations: Vec<Violation>,
    retry_after: Option<u64>,
    cause: Option<BoxError>,
}

impl ApiError {
    /// One violation, with its code's status.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self::from(Violation::new(code, message))
    }

    /// All violations of a request; the first one's code gives the status. None at all is a bug, and answered as one.
    pub fn all(violations: Vec<Violation>) -> Self {
        let (status, summary) = violations.first().map_or(Code::InternalError, |first| first.code).meaning();
        Self(Box::new(Refusal { status, summary, violations, retry_after: None, cause: None }))
    }

    /// A value that breaks a rule.
    pub fn invalid(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::from(Violation::of(field, Code::ValidationError, message))
    }

    /// There is no such thing, or not for this caller. `what` is a noun: `Product`.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("{what} not found"))
    }

    /// Nobody is logged in, or not with these credentials.
    pub fn unauthorized(message: &'static str) -> Self {
        Self::new(Code::Unauthorized, message)
    }

    /// The caller may see it but not do this.
    pub fn forbidden() -> Self {
        Self::new(Code::Forbidden, "You do not have permission to do this")
    }

    /// The state doesn't allow it.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// A value that somebody else has.
    pub fn already_exists(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::from(Violation::of(field, Code::AlreadyExists, message))
    }

    /// The `Idempotency-Key` was used with another body: 422.
    pub fn key_reused() -> Self {
        let mut error = Self::from(Violation::of(
            "Idempotency-Key",
            Code::Conflict,
            "This key was used with another body",
        ));
        error.0.status = StatusCode::UNPROCESSABLE_ENTITY;
        error
    }

    /// `If-Match` names another version than the current one.
    pub fn precondition_failed() -> Self {
        Self::from(Violation::of("If-Match", Code::PreconditionFailed, "It has changed since this version"))
    }

    /// Too many failed logins; the time left.
    pub fn locked(left: Duration) -> Self {
        let seconds = whole_seconds(left);
        Self::new(
            Code::AccountLocked,
            format!("Account locked after too many failed logins. Try again in {seconds} seconds"),
        )
        .retry_after(left)
    }

    /// Not now; try again after a while.
    pub fn unavailable(retry_after: Duration) -> Self {
        Self::new(Code::ServiceUnavailable, "Try again later").retry_after(retry_after)
    }

    /// A bug or a fault of ours: logged with all its causes, shown with none.
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::new(Code::InternalError, "Something went wrong on our side").because(cause)
    }

    /// Names the field of every violation that has none.
    #[must_use]
    pub fn field(mut self, field: &str) -> Self {
        for violation in &mut self.0.violations {
            violation.field.get_or_insert_with(|| field.to_owned());
        }
        self
    }

    /// Says after how long it may go better: `Retry-After` and `retryAfter`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, left: Duration) -> Self {
        self.0.retry_after = Some(whole_seconds(left));
        self
    }

    /// Keeps what led to it, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<BoxError>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The status that it is answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What is wrong.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }
}

impl From<Violation> for ApiError {
    fn from(violation: Violation) -> Self {
        Self::all(vec![violation])
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.summary)?;
        self.0.violations.iter().try_for_each(|violation| write!(f, "; {}", violation.message))
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| &**cause as _)
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

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
    let causes = chain(&**cause);
    if error.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(error = causes, "request failed");
    } else {
        tracing::warn!(error = causes, status = error.status().as_u16(), "request refused");
    }
}

/// An error and its causes in one line: `connecting failed: connection refused`.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let _ = write!(text, ": {cause}");
        next = cause.source();
    }
    text
}
