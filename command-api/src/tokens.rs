//! Issuing tokens.

use std::sync::Arc;

use api_contract::ApiError;
use api_contract::token::{AUDIENCE, Claims, ISSUER};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use identity::refresh_tokens::Exchanged;
use identity::users::Account;
use identity::{failed, refresh_tokens};
use jsonwebtoken::{Algorithm, Header};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::auth::TokenConfig;
use crate::keys::KeyPair;

/// Issues access tokens, which are signed, and refresh tokens, which are remembered.
#[derive(Clone, Debug)]
pub struct Tokens {
    key: Arc<KeyPair>,
    config: TokenConfig,
}

/// What a login is given.
#[derive(Clone, Debug)]
pub struct Session {
    /// A JWT.
    pub access_token: String,
    /// An opaque text; only its digest is kept.
    pub refresh_token: String,
    /// How long the access token lives, in seconds.
    pub expires_in: u64,
}

impl Tokens {
    /// An issuer with this key.
    pub fn new(key: KeyPair, config: TokenConfig) -> Self {
        Self { key: Arc::new(key), config }
    }

    /// The tokens of a new login.
    pub async fn start_session(
        &self,
        db: impl PgExecutor<'_>,
        account: &Account,
    ) -> Result<Session, ApiError> {
        let (family, refresh_token) = (Uuid::now_v7(), opaque());
        refresh_tokens::start_family(db, account.id, family, &refresh_token, self.refresh_until())
            .await
            .map_err(failed)?;
        self.session(account, family, refresh_token)
    }

    /// Exchanges a refresh token. With what became of it comes the next one, which counts if there is a new one.
    pub async fn exchange(&self, db: &mut PgConnection, old: &str) -> Result<(Exchanged, String), ApiError> {
        let next = opaque();
        let exchanged = refresh_tokens::exchange(db, old, &next, self.refresh_until()).await;
        match exchanged {
            Ok(exchanged) => Ok((exchanged, next)),
            // Its user is gone.
            Err(sqlx::Error::RowNotFound) => Ok((Exchanged::Refused, next)),
            Err(error) => Err(failed(error)),
        }
    }

    /// An access token beside a refresh token that is stored.
    pub fn session(
        &self,
        account: &Account,
        family: Uuid,
        refresh_token: String,
    ) -> Result<Session, ApiError> {
        let access_token = self.access_token(account, family).map_err(ApiError::internal)?;
        Ok(Session { access_token, refresh_token, expires_in: self.config.access_ttl.as_secs() })
    }

    fn refresh_until(&self) -> DateTime<Utc> {
        Utc::now() + self.config.refresh_ttl
    }

    fn access_token(&self, account: &Account, session: Uuid) -> Result<String, jsonwebtoken::errors::Error> {
        let now = Utc::now();
        let ttl = TimeDelta::from_std(self.config.access_ttl).unwrap_or(TimeDelta::MAX);
        let claims = Claims {
            sub: account.id,
            roles: account.roles.clone(),
            shop: account.shop,
            sid: Some(session),
            exp: (now + ttl).timestamp(),
            iat: now.timestamp(),
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            jti: Uuid::now_v7(),
        };
        let header = Header { kid: Some(self.key.kid().to_owned()), ..Header::new(Algorithm::EdDSA) };
        jsonwebtoken::encode(&header, &claims, self.key.private())
    }
}

/// A text that nobody guesses.
fn opaque() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}
