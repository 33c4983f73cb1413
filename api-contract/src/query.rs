//! The query string, read by the same getters as a body.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::error::ApiError;
use crate::fields::{Fields, read_object};
use crate::json::Json;

/// The parameters of a query string. Numbers and booleans are read from text; an empty parameter is none.
#[derive(Debug)]
pub struct Query(String);

impl Query {
    /// Reads the parameters, as [`crate::JsonBody::read`] does with a body's fields.
    pub fn read<T>(&self, read: impl FnOnce(&mut Fields<'_, '_>) -> Option<T>) -> Result<T, ApiError> {
        let pairs = url::form_urlencoded::parse(self.0.as_bytes());
        let members =
            pairs.map(|(name, value)| (name.into_owned(), Json::String(value.into_owned()))).collect();
        read_object(&Json::Object(members), true, read).map(|(value, _)| value)
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(parts.uri.query().unwrap_or_default().to_owned()))
    }
}
