//! `Idempotency-Key`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::ids::UserId;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

use crate::context::RequestContext;
use crate::error::ApiError;
use crate::fields::uuid;

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
        Ok(Self(Some(Scoped {
            method: parts.method.to_string(),
            path: place(&RequestContext::current().path),
            key: key.to_owned(),
        })))
    }
}

/// The place that a path names, however it is spelled: `/api/orders` is `/api/v1/orders`, and an id in capitals or
/// percent-encoded is the id.
fn place(path: &str) -> String {
    let path = path.strip_prefix("/api/v1").or_else(|| path.strip_prefix("/api")).unwrap_or(path);
    let segments = path.trim_end_matches('/').split('/').map(|segment| {
        let text = percent_decode_str(segment).decode_utf8().ok();
        text.and_then(|text| uuid(&text)).map_or_else(|| segment.to_owned(), |id| id.to_string())
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUND: &str = "/payments/0190c1f0-abcd-7000-8000-00000000000f/refund";

    /// Guards against a key that acts twice.
    #[test]
    fn one_place_is_one_however_it_is_spelled() {
        for path in [
            "/api/v1/payments/0190c1f0-abcd-7000-8000-00000000000f/refund",
            "/api/payments/0190c1f0-abcd-7000-8000-00000000000f/refund/",
            "/api/v1/payments/0190C1F0-ABCD-7000-8000-00000000000F/refund",
            "/api/payments/0190c1f0-ABcd-7000-8000-00000000000f/refund",
            "/api/v1/payments/%30190c1f0%2Dabcd-7000-8000-00000000000%46/refund",
        ] {
            assert_eq!(place(path), REFUND, "{path}");
        }
    }

    /// Guards the keys that are stored: they are of paths as they were written.
    #[test]
    fn what_is_no_id_stays_as_it_is_written() {
        for path in ["/orders", "/products/Blue-Lamp/stock", "/categories/%41", "/x//y", "/%ff", ""] {
            assert_eq!(place(&format!("/api/v1{path}")), path);
        }
        let ids_elsewhere = [
            "/payments/0190C1F0ABCD7000800000000000000F/refund",
            "/payments/{0190C1F0-ABCD-7000-8000-00000000000F}/refund",
        ];
        for path in ids_elsewhere {
            assert_eq!(place(path), path, "no id in a path");
        }
    }
}
