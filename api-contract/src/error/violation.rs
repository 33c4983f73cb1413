//! What can be wrong with a request.

use std::borrow::Cow;

use axum::http::StatusCode;
use serde::Serialize;

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
