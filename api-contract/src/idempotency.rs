//! `Idempotency-Key`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::ids::UserId;
use sha2::{Digest, Sha256};

use crate::context::RequestContext;
use crate::error::ApiError;

/// The key that a client gave its request, if it did. It is the user's own, for this method and path.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(Option<Scoped>);

#[derive(Clone, Debug)]
struct Scoped {
    method: String,
    path: String,
    key: String,
}

impl IdempotencyKey {
    /// SHA-256 of (user, method, path, key): what the log keeps.
    pub fn digest(&self, user: UserId) -> Option<[u8; 32]> {
        let Scoped { method, path, key } = self.0.as_ref()?;
        let mut digest = Sha256::new();
        for part in [user.to_string().as_str(), method, path, key] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Some(digest.finalize().into())
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(header) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        let key = header.to_str().ok().filter(|key| (1..=255).contains(&key.len())).ok_or_else(|| {
            ApiError::invalid("Idempotency-Key", "Idempotency-Key must be 1 to 255 characters of ASCII")
        })?;
        // `/api/orders` is the same place as `/api/v1/orders`.
        let path = RequestContext::current().path;
        let path = path.strip_prefix("/api/v1").or_else(|| path.strip_prefix("/api")).unwrap_or(&path);
        Ok(Self(Some(Scoped {
            method: parts.method.to_string(),
            path: path.trim_end_matches('/').to_owned(),
            key: key.to_owned(),
        })))
    }
}
