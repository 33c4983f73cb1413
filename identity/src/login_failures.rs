//! Failed logins, counted by what was typed, whether such an account exists or not.

use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::PgExecutor;

/// So many failures lock an identifier (`api.md`).
const ALLOWED: i32 = 5;
/// For so long after the last of them; failures longer ago don't count either.
const LOCKED_SECONDS: f64 = 15.0 * 60.0;

/// An e-mail address or username as it is counted: without the case of its letters, and as a digest.
#[derive(Clone, Copy, Debug)]
pub struct Identifier([u8; 32]);

impl Identifier {
    /// Of what was typed.
    pub fn of(typed: &str) -> Self {
        Self(Sha256::digest(typed.trim().to_lowercase()).into())
    }
}

/// How long the identifier is still locked, if it is.
pub async fn locked_for(
    db: impl PgExecutor<'_>,
    identifier: Identifier,
) -> Result<Option<Duration>, sqlx::Error> {
    let left = sqlx::query_scalar!(
        r#"SELECT (extract(epoch FROM failed_at - clock_timestamp()) + $3::float8)::float8 AS "left!"
           FROM login_failures WHERE identifier = $1 AND failures >= $2"#,
        &identifier.0[..],
        ALLOWED,
        LOCKED_SECONDS,
    )
    .fetch_optional(db)
    .await?;
    Ok(left.filter(|left| *left > 0.0).map(Duration::from_secs_f64))
}

/// Counts a failure. While the identifier is locked nothing counts, so that the lock ends when it was said to.
pub async fn record(db: impl PgExecutor<'_>, identifier: Identifier) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO login_failures AS f (identifier, failures, failed_at) VALUES ($1, 1, clock_timestamp())
         ON CONFLICT (identifier) DO UPDATE SET
             failures = CASE WHEN f.failed_at < clock_timestamp() - make_interval(secs => $3::float8) THEN 1
                             ELSE f.failures + 1 END,
             failed_at = excluded.failed_at
         WHERE f.failures < $2 OR f.failed_at < clock_timestamp() - make_interval(secs => $3::float8)",
        &identifier.0[..],
        ALLOWED,
        LOCKED_SECONDS,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets the failures before a login that succeeded.
pub async fn clear(db: impl PgExecutor<'_>, identifier: Identifier) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM login_failures WHERE identifier = $1", &identifier.0[..]).execute(db).await?;
    Ok(())
}
