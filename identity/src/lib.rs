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

use std::error::Error;
use std::time::Duration;

use api_contract::ApiError;
use event_store::{LogError, sqlstate};

/// What an endpoint answers where Postgres failed it, or whatever asks Postgres for it (the log, a read model): 503 where
/// it is because Postgres can't be reached now, else 500, which says so where an event can't be read.
pub fn failed(error: impl Error + Send + Sync + 'static) -> ApiError {
    let causes = || std::iter::successors(Some(&error as &(dyn Error + 'static)), |&error| error.source());
    let lost = causes().filter_map(|cause| cause.downcast_ref::<sqlx::Error>()).any(is_lost);
    let unreadable =
        causes().any(|cause| matches!(cause.downcast_ref::<LogError>(), Some(LogError::Unreadable(..))));
    if lost {
        ApiError::unavailable(Duration::from_secs(1)).because(error)
    } else if unreadable {
        ApiError::unreadable(error)
    } else {
        ApiError::internal(error)
    }
}

/// As [`failed`], where what failed was a commit, or a statement that commits by itself: one whose connection is lost may
/// have been made.
pub fn commit_failed(error: sqlx::Error) -> ApiError {
    commit_failed_as(ApiError::unknown_outcome(), error)
}

/// The same with an answer of its own for where it may have been made.
pub fn commit_failed_as(unknown: ApiError, error: sqlx::Error) -> ApiError {
    match error {
        // It had no connection to be lost.
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => failed(error),
        error if is_lost(&error) => unknown.because(error),
        error => ApiError::internal(error),
    }
}

/// Whether Postgres can't be reached now.
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
            true
        }
        sqlx::Error::Database(said) => sqlstate::is_of_a_lost_server(&said.code().unwrap_or_default()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("reading failed")]
    struct Reading(#[source] sqlx::Error);

    fn status(error: impl Error + Send + Sync + 'static) -> u16 {
        failed(error).status().as_u16()
    }

    #[test]
    fn a_lost_postgres_is_503_whatever_met_it_and_anything_else_is_500() {
        for lost in [
            || sqlx::Error::Io(io::ErrorKind::ConnectionReset.into()),
            || sqlx::Error::PoolTimedOut,
            || sqlx::Error::PoolClosed,
        ] {
            assert_eq!((status(lost()), status(Reading(lost()))), (503, 503), "{}", lost());
        }
        for bug in [|| sqlx::Error::RowNotFound, || sqlx::Error::ColumnNotFound("name".to_owned())] {
            assert_eq!((status(bug()), status(Reading(bug()))), (500, 500), "{}", bug());
        }
        assert_eq!(status(io::Error::from(io::ErrorKind::ConnectionReset)), 500, "that was not Postgres");
    }

    #[test]
    fn who_asked_for_what_may_have_been_done_is_told_so() {
        let lost = commit_failed(sqlx::Error::Io(io::ErrorKind::ConnectionReset.into()));
        assert_eq!(lost.status().as_u16(), 503);
        assert!(lost.violations()[0].message.contains("not known"), "{:?}", lost.violations());
        let not_begun = commit_failed(sqlx::Error::PoolTimedOut);
        assert!(!not_begun.violations()[0].message.contains("not known"), "{:?}", not_begun.violations());
        assert_eq!(commit_failed(sqlx::Error::RowNotFound).status().as_u16(), 500);
    }
}
