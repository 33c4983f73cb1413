//! Password hashes: Argon2id with the parameters of OWASP's cheat sheet.

pub(crate) mod notice;
pub(crate) mod rules;

use std::sync::Arc;
use std::time::Duration;

use api_contract::ApiError;
use argon2::password_hash::rand_core::OsRng;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use metrics::{Gauge, gauge};
use tokio::sync::Semaphore;

/// 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How long a request waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many at once.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// Argon2 refused, or a stored hash is damaged.
    #[error("a password could not be hashed: {0}")]
    Hash(argon2::password_hash::Error),
    /// The thread that hashed it has died.
    #[error("hashing a password was cut short")]
    Cut(#[from] tokio::task::JoinError),
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy => Self::unavailable(Duration::from_secs(5)).because(error),
            PasswordError::Hash(_) | PasswordError::Cut(_) => Self::internal(error),
        }
    }
}

/// Hashes and compares passwords on threads of their own, as many at a time as there are cores.
#[derive(Clone, Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    /// The hash of a password that nobody has: compared where there is no account, so that it takes as long.
    decoy: Arc<str>,
}

impl Passwords {
    /// Ready to hash.
    pub fn new() -> Result<Self, PasswordError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let decoy = hash(SaltString::generate(&mut OsRng).as_str())?.into();
        Ok(Self { turns: Arc::new(Semaphore::new(cores)), decoy })
    }

    /// A password's hash in PHC form.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.in_turn(move || hash(&password)).await
    }

    /// Whether it is the password of this hash. Without a hash it isn't, which takes as long to say.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.to_string());
        let matches = self.in_turn(move || verify(&password, &stored)).await?;
        Ok(known && matches)
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let queue = gauge!("daybook_password_queue");
        queue.increment(1.0);
        let queued = Queued(queue);
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(PasswordError::Busy) };
        tokio::task::spawn_blocking(move || {
            // The turn ends with the work, even if nobody waits for it any more.
            let (_turn, _queued) = (turn, queued);
            work()
        })
        .await?
    }
}

/// Is counted among those that wait or are hashed, for as long as it lives.
struct Queued(Gauge);

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| PasswordError::Hash(e.into()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, PasswordError> {
    let salt = SaltString::generate(&mut OsRng);
    let hash = argon2()?.hash_password(password.as_bytes(), &salt).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

fn verify(password: &str, stored: &str) -> Result<bool, PasswordError> {
    let stored = PasswordHash::new(stored).map_err(PasswordError::Hash)?;
    if stored.hash.is_none() {
        // PHC form allows it, and it would match no password.
        return Err(PasswordError::Hash(argon2::password_hash::Error::PhcStringField));
    }
    match argon2()?.verify_password(password.as_bytes(), &stored) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(error) => Err(PasswordError::Hash(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_knows_its_password_and_no_other() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("securePassword123".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash("securePassword123".into()).await.unwrap());
        assert!(passwords.verify("securePassword123".into(), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("securePassword124".into(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn an_unknown_account_costs_a_hash_too() {
        let passwords = Passwords::new().unwrap();
        // Even the decoy's own password is nobody's.
        assert!(!passwords.verify("securePassword123".into(), None).await.unwrap());
        assert!(PasswordHash::new(&passwords.decoy).unwrap().to_string().contains("m=19456,t=2,p=1"));
    }

    #[tokio::test]
    async fn a_damaged_hash_is_an_error_and_not_a_wrong_password() {
        let passwords = Passwords::new().unwrap();
        for damaged in ["", "damaged", "$argon2id$damaged", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ"] {
            assert!(passwords.verify("x".into(), Some(damaged.into())).await.is_err(), "{damaged}");
        }
    }
}
