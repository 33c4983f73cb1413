//! Access tokens: JWTs signed with Ed25519 (RFC 8037), and nothing else.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use domain::ids::{SellerId, UserId};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use uuid::Uuid;

use crate::error::{ApiError, BoxError, Code};
use crate::principal::Role;

/// The `iss` of our tokens.
pub const ISSUER: &str = "daybook";
/// The `aud` of our tokens.
pub const AUDIENCE: &str = "daybook-api";

/// The least time between two looks at the table of keys: tokens with made-up key ids cost no more than this.
const REFRESH_INTERVAL: Duration = Duration::from_secs(1);

/// So many tokens that were verified are remembered: each costs a kilobyte, and a signature as much time as all the rest
/// around a small request.
const REMEMBERED: u64 = 10_000;

/// What a token says (RFC 7519, section 4.1, and two of our own).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The user.
    pub sub: UserId,
    /// What they may do.
    pub roles: Vec<Role>,
    /// A seller's shop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop: Option<SellerId>,
    /// The login that it is of: the family of its refresh tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
    /// Valid before this second of Unix time.
    pub exp: i64,
    /// Issued at this second of Unix time.
    pub iat: i64,
    /// [`ISSUER`].
    pub iss: String,
    /// [`AUDIENCE`].
    pub aud: String,
    /// The token's own id.
    pub jti: Uuid,
}

/// A public key that tokens are verified with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// How a token's header names it.
    pub kid: String,
    /// The 32 bytes of an Ed25519 public key.
    pub key: [u8; 32],
}

/// Where the public keys are.
#[async_trait]
pub trait KeySource: Send + Sync + 'static {
    /// All of them.
    async fn public_keys(&self) -> Result<Vec<PublicKey>, BoxError>;
}

/// Verifies tokens. Cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Known>);

struct Known {
    source: Box<dyn KeySource>,
    keys: RwLock<HashMap<String, DecodingKey>>,
    refreshed: tokio::sync::Mutex<Option<Instant>>,
    /// By the token's whole text, its signature included.
    verified: Cache<Box<str>, Claims>,
    /// How often the keys were looked at.
    refreshes: AtomicU64,
    validation: Validation,
}

impl Verifier {
    /// A verifier that knows the keys of this source, and looks again when a token names another.
    pub fn new(source: impl KeySource) -> Self {
        // One algorithm, whatever the token's header says.
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Every process reads the same host's or a synchronised clock; what has expired has expired.
        validation.leeway = 0;
        Self(Arc::new(Known {
            source: Box::new(source),
            keys: RwLock::default(),
            refreshed: tokio::sync::Mutex::default(),
            verified: Cache::new(REMEMBERED),
            refreshes: AtomicU64::new(0),
            validation,
        }))
    }

    /// What a token says, or 401: [`Code::ExpiredToken`] for a genuine one that has expired, else
    /// [`Code::InvalidToken`].
    pub async fn verify(&self, token: &str) -> Result<Claims, ApiError> {
        if let Some(claims) = self.0.verified.get(token).filter(|claims| Utc::now().timestamp() < claims.exp)
        {
            return Ok(claims);
        }
        let refreshes = self.0.refreshes.load(Ordering::Acquire);
        let claims = self.verify_signature(token).await?;
        self.0.verified.insert(token.into(), claims.clone());
        if self.0.refreshes.load(Ordering::Acquire) != refreshes {
            // The keys changed meanwhile: its own may be gone, and everything that was remembered was forgotten before.
            self.0.verified.invalidate(token);
        }
        Ok(claims)
    }

    async fn verify_signature(&self, token: &str) -> Result<Claims, ApiError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
        let kid = header.kid.ok_or_else(invalid)?;
        let key = match self.known(&kid) {
            Some(key) => key,
            None => self.refreshed(&kid).await?.ok_or_else(invalid)?,
        };
        match jsonwebtoken::decode::<Claims>(token, &key, &self.0.validation) {
            Ok(token) => Ok(token.claims),
            Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => {
                Err(ApiError::new(Code::ExpiredToken, "The token has expired"))
            }
            Err(_) => Err(invalid()),
        }
    }

    fn known(&self, kid: &str) -> Option<DecodingKey> {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).get(kid).cloned()
    }

    /// Looks at the source again, one task at a time, and not too often.
    async fn refreshed(&self, kid: &str) -> Result<Option<DecodingKey>, ApiError> {
        let mut refreshed = self.0.refreshed.lock().await;
        if let Some(key) = self.known(kid) {
            return Ok(Some(key));
        }
        if refreshed.is_some_and(|last| last.elapsed() < REFRESH_INTERVAL) {
            return Ok(None);
        }
        let keys = self
            .0
            .source
            .public_keys()
            .await
            .map_err(|error| ApiError::unavailable(Duration::from_secs(1)).because(error))?;
        *refreshed = Some(Instant::now());
        let keys = keys.into_iter().filter_map(|PublicKey { kid, key }| {
            Some((kid, DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(key)).ok()?))
        });
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = keys.collect();
        // Among them may be some that were signed by a key that is gone.
        self.0.refreshes.fetch_add(1, Ordering::Release);
        self.0.verified.invalidate_all();
        Ok(self.known(kid))
    }
}

fn invalid() -> ApiError {
    ApiError::new(Code::InvalidToken, "The token is not valid")
}

#[cfg(test)]
mod tests;
