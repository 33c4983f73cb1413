//! Registration, login, sessions, codes, and the keys that tokens are verified with.

mod change_password;
mod config;
mod jwks;
mod login;
mod logout;
mod refresh;
mod register;
mod resend_code;
mod session;
mod verify;

pub use config::{KeyConfig, TokenConfig};

use api_contract::ApiError;
use identity::login_failures::{self, Identifier};
use identity::signing_keys;
use sqlx::{PgConnection, PgPool};
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
    OpenApiRouter::new()
        .merge(register::route())
        .merge(login::route())
        .merge(refresh::route())
        .merge(logout::route())
        .merge(change_password::routes())
        .merge(verify::routes())
        .merge(resend_code::route())
        .with_state(auth)
}

/// Refuses while too many failures lock what was typed.
async fn refuse_locked(auth: &Auth, identifier: &Identifier) -> Result<(), ApiError> {
    match login_failures::locked_for(&auth.pool, identifier).await.map_err(identity::failed)? {
        Some(left) => Err(ApiError::locked(left)),
        None => Ok(()),
    }
}

/// Counts a wrong guess and answers `refusal`. One that doesn't count, for others made at the same time have locked the
/// identifier, is answered as a right one is then: or the answer would tell which was right.
async fn wrong_guess(auth: &Auth, identifier: &Identifier, refusal: ApiError) -> Result<ApiError, ApiError> {
    if !login_failures::record(&auth.pool, identifier).await.map_err(identity::failed)? {
        refuse_locked(auth, identifier).await?;
    }
    Ok(refusal)
}

/// Forgets the wrong guesses before a right one, unless they have locked the identifier meanwhile.
async fn right_guess(db: &mut PgConnection, identifier: &Identifier) -> Result<(), ApiError> {
    if login_failures::forgive(&mut *db, identifier).await.map_err(identity::failed)? {
        return Ok(());
    }
    let left = login_failures::locked_for(db, identifier).await.map_err(identity::failed)?;
    Err(ApiError::locked(left.unwrap_or_default()))
}

/// What is answered where the user's own row is missed: a token outlives its user by at most its own life.
pub(crate) fn of_nobody(error: sqlx::Error) -> ApiError {
    match error {
        sqlx::Error::RowNotFound => ApiError::unauthorized("The account no longer exists"),
        error => identity::failed(error),
    }
}

/// The routes that have their place by a standard (RFC 8615).
pub(crate) fn well_known(auth: Auth) -> OpenApiRouter {
    jwks::route().with_state(auth)
}
