//! Reading what everybody may see: of the catalog, which clients and caches keep for a while.

use api_contract::{ApiError, IfNoneMatch, MinPosition, OptionalPrincipal, Principal, ProjectionPosition};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use futures::future::try_join_all;
use serde::Serialize;

use crate::freshness::Freshness;

/// Who reads, perhaps nobody in particular; what they must see; and what they have already.
pub struct PublicRead {
    reader: Option<Principal>,
    min: MinPosition,
    condition: IfNoneMatch,
}

impl PublicRead {
    /// Who is logged in, if somebody is.
    pub fn reader(&self) -> Option<&Principal> {
        self.reader.as_ref()
    }

    /// Waits until these read models have what this read must see.
    pub async fn ready(&self, freshness: &Freshness, models: &[&str]) -> Result<(), ApiError> {
        // At once: the bound is that of the read, however many it asks.
        try_join_all(models.iter().map(|model| freshness.ready(model, self.min, self.reader()))).await?;
        Ok(())
    }

    /// Answers what a read model said as of `position`, or 304 where the client has it. With a version its tag is one
    /// for `If-Match`.
    pub fn answer<T: Serialize>(&self, position: i64, version: Option<u64>, data: &T) -> Response {
        (ProjectionPosition(position), self.condition.answer(version, data)).into_response()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PublicRead {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let OptionalPrincipal(reader) = OptionalPrincipal::from_request_parts(parts, state).await?;
        let min = MinPosition::from_request_parts(parts, state).await?;
        let Ok(condition) = IfNoneMatch::from_request_parts(parts, state).await;
        Ok(Self { reader, min, condition })
    }
}
