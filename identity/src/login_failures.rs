//! Failed logins, counted by what was typed, whether such an account exists or not.

use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgExecutor};

/// So many failures lock an identifier (`api.md`).
const ALLOWED: i32 = 5;
/// For so long after the last of them; failures longer ago don't count either.
const LOCKED_SECONDS: f64 = 15.0 * 60.0;

/// An e-mail address or username as it is looked up and counted: without the case of its letters.
#[derive(Clone, Debug)]
pub struct Identifier {
    text: String,
    digest: [u8; 32],
}

impl Identifier {
    /// Of what was typed. Postgres takes the case away, as in the index by which accounts are found: if Rust did, which
    /// has another small letter for `İ`, one account could be typed, and guessed at, in more ways than are counted.
    pub async fn of(db: impl PgExecutor<'_>, typed: &str) -> Result<Self, sqlx::Error> {
        let text = sqlx::query_scalar!(r#"SELECT lower($1) AS "text!""#, typed.trim()).fetch_one(db).await?;
        let digest = Sha256::digest(&text).into();
        Ok(Self { text, digest })
    }

    /// By which the account is found.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// How long the identifier is still locked, if it is.
pub async fn locked_for(
    db: impl PgExecutor<'_>,
    identifier: &Identifier,
) -> Result<Option<Duration>, sqlx::Error> {
    let left = sqlx::query_scalar!(
        r#"SELECT (extract(epoch FROM failed_at - clock_timestamp()) + $3::float8)::float8 AS "left!"
           FROM login_failures WHERE identifier = $1 AND failures >= $2"#,
        &identifier.digest[..],
        ALLOWED,
        LOCKED_SECONDS,
    )
    .fetch_optional(db)
    .await?;
    Ok(left.filter(|left| *left > 0.0).map(Duration::from_secs_f64))
}

/// Counts a failure. While the identifier is locked nothing counts, so that the lock ends when it was said to: then it
/// answers false, and whether the guess was right is not to be told.
pub async fn record(db: impl PgExecutor<'_>, identifier: &Identifier) -> Result<bool, sqlx::Error> {
    let counted = sqlx::query!(
        "INSERT INTO login_failures AS f (identifier, failures, failed_at) VALUES ($1, 1, clock_timestamp())
         ON CONFLICT (identifier) DO UPDATE SET
             failures = CASE WHEN f.failed_at < clock_timestamp() - make_interval(secs => $3::float8) THEN 1
                             ELSE f.failures + 1 END,
             failed_at = excluded.failed_at
         WHERE f.failures < $2 OR f.failed_at < clock_timestamp() - make_interval(secs => $3::float8)",
        &identifier.digest[..],
        ALLOWED,
        LOCKED_SECONDS,
    )
    .execute(db)
    .await?;
    Ok(counted.rows_affected() == 1)
}

/// Forgets the failures before a login that succeeded. While the identifier is locked nothing is forgotten, and it
/// answers false: wrong guesses made at the same moment were quicker.
pub async fn forgive(db: &mut PgConnection, identifier: &Identifier) -> Result<bool, sqlx::Error> {
    sqlx::query!(
        "DELETE FROM login_failures
         WHERE identifier = $1
             AND (failures < $2 OR failed_at < clock_timestamp() - make_interval(secs => $3::float8))",
        &identifier.digest[..],
        ALLOWED,
        LOCKED_SECONDS,
    )
    .execute(&mut *db)
    .await?;
    Ok(locked_for(db, identifier).await?.is_none())
}

/// Forgets the failures, and opens a lock.
pub async fn clear(db: impl PgExecutor<'_>, identifier: &Identifier) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM login_failures WHERE identifier = $1", &identifier.digest[..])
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes those that don't count any more: the lock, if there was one, is over. Answers how many.
pub async fn sweep(db: impl PgExecutor<'_>) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "DELETE FROM login_failures WHERE failed_at < clock_timestamp() - make_interval(secs => $1::float8)",
        LOCKED_SECONDS,
    );
    Ok(swept.execute(db).await?.rows_affected())
}
