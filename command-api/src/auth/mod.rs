//! Registration, login, and the keys that tokens are verified with.

mod config;
mod jwks;
mod login;
mod register;
mod session;

pub use config::{KeyConfig, TokenConfig};

use axum::Router;
use identity::signing_keys;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;

use crate::keys::{KeyError, KeyPair};
use crate::passwords::{PasswordError, Passwords};
use crate::tokens::Tokens;

/// What these endpoints work with.
#[derive(Clone, Debug)]
pub struct Auth {
    /// Users, their tokens, the public keys.
    pub pool: PgPool,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Issues tokens.
    pub tokens: Tokens,
}

/// Why these endpoints can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no key to sign with.
    #[error("no signing key")]
    Key(#[from] KeyError),
    /// Passwords can't be hashed.
    #[error("passwords can't be hashed")]
    Passwords(#[from] PasswordError),
    /// The public key could not be made known.
    #[error("the public key could not be stored")]
    Postgres(#[from] sqlx::Error),
}

impl Auth {
    /// Loads the signing key, or makes it, and makes its public half known to every process.
    pub async fn start(pool: PgPool, keys: &KeyConfig, tokens: TokenConfig) -> Result<Self, StartError> {
        let key = KeyPair::load(keys)?;
        signing_keys::publish(&pool, &key.public()).await?;
        Ok(Self { pool, passwords: Passwords::new()?, tokens: Tokens::new(key, tokens) })
    }
}

/// The routes under `/api`.
pub(crate) fn routes(auth: Auth) -> OpenApiRouter {
    OpenApiRouter::new().merge(register::route().into()).merge(login::route()).with_state(auth)
}

/// The routes that have their place by a standard (RFC 8615).
pub(crate) fn well_known(auth: Auth) -> Router {
    jwks::route().with_state(auth)
}
