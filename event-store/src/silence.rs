//! A connection may be one of those that nobody will ever hear of again.

use std::time::Duration;

use tokio::time::timeout;

/// What Postgres answers, unless it is silent for too long: its connection may be one of those that nobody will ever hear
/// of again. That says nothing about the outcome, which is then as unknown as after a connection that was lost.
pub(crate) async fn within<T>(
    silence: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let silent = |_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    timeout(silence, answer).await.unwrap_or_else(silent)
}
