//! An aggregate's version as `ETag`, and `If-Match` against it (RFC 9110, section 13.1.1).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponseParts, ResponseParts};

use crate::error::ApiError;

/// The version of the aggregate that is answered: how many events its stream has. Becomes `ETag: "3"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u64);

impl IntoResponseParts for Version {
    type Error = Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Infallible> {
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", self.0)) {
            parts.headers_mut().insert(header::ETAG, tag);
        }
        Ok(parts)
    }
}

/// The versions on which the client wants its change made, if it said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// Refuses with 412 unless the current version is one of those named. `*` is any version there is.
    pub fn check(&self, current: u64) -> Result<(), ApiError> {
        let Some(tags) = &self.0 else { return Ok(()) };
        let matches = |tag: &String| (tag == "*" && current > 0) || *tag == current.to_string();
        if tags.iter().any(matches) { Ok(()) } else { Err(ApiError::precondition_failed()) }
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let mut tags = None;
        for value in parts.headers.get_all(header::IF_MATCH) {
            let named = value.to_str().unwrap_or_default().split(',').map(|tag| {
                // A gateway that compresses makes a tag weak (`W/"3"`); it still names the same version. So does the
                // tag of a public read, which goes on after it (`"3-5f1d…"`).
                let tag = tag.trim().trim_start_matches("W/").trim_matches('"');
                tag.split('-').next().unwrap_or(tag).to_owned()
            });
            tags.get_or_insert_with(Vec::new).extend(named);
        }
        Ok(Self(tags))
    }
}
