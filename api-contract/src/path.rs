//! What stands in a path.

use std::str::FromStr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::error::ApiError;
use crate::fields::uuid;

/// The id in the path. A malformed one names nothing, and is 404 as an unknown one is.
#[derive(Clone, Copy, Debug)]
pub struct PathId<I>(pub I);

/// The word in the path: a slug, a code, an order's number.
#[derive(Clone, Debug)]
pub struct PathText(pub String);

impl<S: Send + Sync, I: FromStr> FromRequestParts<S> for PathId<I> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let PathText(text) = PathText::from_request_parts(parts, state).await?;
        uuid(&text).and_then(|id| id.to_string().parse().ok()).map(Self).ok_or_else(nothing_there)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathText {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| nothing_there())?;
        let first = params.iter().next().map(|(_, value)| value.to_owned());
        first.filter(|text| !text.contains('\0')).map(Self).ok_or_else(nothing_there)
    }
}

fn nothing_there() -> ApiError {
    ApiError::not_found("Resource")
}
