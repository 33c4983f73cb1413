//! A JSON body.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use metrics::histogram;
use tokio::time::Instant;

use crate::error::{ApiError, Code};
use crate::fields::{Fields, read_object};
use crate::fingerprint::Fingerprint;
use crate::json::Json;

/// The largest body that is read: 1 MiB.
pub const MAX_BODY: usize = 1 << 20;

/// How much of a body that is too large is read and thrown away. A client that is still sending when the connection
/// is closed would see a reset instead of the 413.
const MAX_DISCARDED: usize = 64 << 20;

/// A body that says it is JSON. An empty one is `{}`, so that a command without any required field needs none.
#[derive(Debug)]
pub struct JsonBody(String);

impl JsonBody {
    /// A body of this text.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Reads the body's object. `read` calls every getter first and then makes the struct; all that is wrong comes
    /// back together.
    pub fn read<T>(&self, read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>) -> Result<T, ApiError> {
        self.read_keyed(read).map(|(value, _)| value)
    }

    /// As [`Self::read`], with the fingerprint of what was read, for an idempotency key.
    pub fn read_keyed<T>(
        &self,
        read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>,
    ) -> Result<(T, Fingerprint), ApiError> {
        let began = Instant::now();
        let text = if self.0.trim().is_empty() { "{}" } else { &self.0 };
        let json =
            Json::parse(text).map_err(|error| ApiError::new(Code::InvalidFormat, error.to_string()))?;
        let read = read_object(&json, false, read);
        histogram!("daybook_body_seconds").record(began.elapsed());
        read
    }
}

impl<S: Sync> FromRequest<S> for JsonBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let bytes = read_body(body).await?;
        if !bytes.is_empty() && !is_json(&parts.headers) {
            return Err(ApiError::new(
                Code::UnsupportedMediaType,
                "The Content-Type must be application/json",
            ));
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| ApiError::new(Code::InvalidFormat, "The body is not valid UTF-8"))?;
        Ok(Self(text))
    }
}

/// `application/json`, or anything `+json`, in UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let mut parts = content_type.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    let json = media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"));
    json && utf8
}

/// Reads a body of at most [`MAX_BODY`].
pub async fn read_body(mut body: Body) -> Result<Vec<u8>, ApiError> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            ApiError::new(Code::InvalidFormat, "The body ended before it was complete").because(error)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > MAX_BODY {
            return Err(discard(body).await);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Takes in what is left of a body that is too large, within bounds.
pub(crate) async fn discard(mut body: Body) -> ApiError {
    let mut left = MAX_DISCARDED;
    while let Some(Ok(frame)) = body.frame().await {
        match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
            Some(rest) => left = rest,
            None => break,
        }
    }
    ApiError::new(Code::PayloadTooLarge, "The body must be at most 1 MiB")
}
