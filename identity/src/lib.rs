//! The tables that are not event-sourced: users, shops, keys, and what is kept of a person.
//!
//! One module is one table and all SQL for it. command-api writes by it and query-api reads by it; neither holds SQL
//! of these tables itself. No secret passes through here but hashes.

pub mod addresses;
pub mod country;
pub mod gateway_customers;
pub mod idempotency;
pub mod left_at_gateways;
pub mod login_failures;
pub mod messages;
pub mod password_resets;
pub mod payment_methods;
pub mod personal;
pub mod profile;
pub mod refresh_tokens;
pub mod shops;
pub mod signing_keys;
pub mod standing;
pub mod users;
pub mod verification_codes;

use std::time::Duration;

use api_contract::ApiError;

/// What an endpoint answers where Postgres failed it: 503 where it can't be reached now, else 500.
pub fn failed(error: sqlx::Error) -> ApiError {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            ApiError::unavailable(Duration::from_secs(1)).because(error)
        }
        error => ApiError::internal(error),
    }
}
