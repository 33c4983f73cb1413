//! One-time codes by e-mail and SMS, of which only slow hashes are kept: a short code is guessed from a fast one.

use std::time::Duration;

use domain::ids::UserId;
use sqlx::PgExecutor;

use crate::messages::Channel;

/// So often a code may be tried.
const TRIES: i32 = 5;
/// So many codes are sent by a channel in an hour.
const IN_AN_HOUR: i32 = 5;

/// How long a code may be used.
pub const LIFE: Duration = Duration::from_secs(24 * 3_600);

/// A try at a code, which is counted already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// What the code's hash must be.
    pub code_hash: String,
    /// How many tries are left after this one.
    pub left: i32,
}

/// Replaces the user's code of this channel. Answers false, and keeps the old one, when too many were sent lately.
pub async fn issue(
    db: impl PgExecutor<'_>,
    user: UserId,
    channel: Channel,
    code_hash: &str,
) -> Result<bool, sqlx::Error> {
    let issued = sqlx::query!(
        "INSERT INTO verification_codes AS c
             (user_id, channel, code_hash, tries_left, expires_at, issued, window_began_at)
         VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), 1, now())
         ON CONFLICT (user_id, channel) DO UPDATE SET
             code_hash = excluded.code_hash, tries_left = excluded.tries_left, expires_at = excluded.expires_at,
             issued = CASE WHEN c.window_began_at < now() - interval '1 hour' THEN 1 ELSE c.issued + 1 END,
             window_began_at = CASE WHEN c.window_began_at < now() - interval '1 hour' THEN now()
                                    ELSE c.window_began_at END
         WHERE c.issued < $6 OR c.window_began_at < now() - interval '1 hour'",
        user.0,
        channel.name(),
        code_hash,
        TRIES,
        LIFE.as_secs_f64(),
        IN_AN_HOUR,
    )
    .execute(db)
    .await?;
    Ok(issued.rows_affected() == 1)
}

/// How long it is until another code may be sent, after [`issue`] refused.
pub async fn wait(db: impl PgExecutor<'_>, user: UserId, channel: Channel) -> Result<Duration, sqlx::Error> {
    let seconds = sqlx::query_scalar!(
        r#"SELECT extract(epoch FROM window_began_at + interval '1 hour' - now())::float8 AS "left!"
           FROM verification_codes WHERE user_id = $1 AND channel = $2"#,
        user.0,
        channel.name(),
    )
    .fetch_optional(db)
    .await?;
    Ok(Duration::from_secs_f64(seconds.unwrap_or_default().max(1.0)))
}

/// Counts a try before the code is compared, so that tries at the same moment count too. Nothing where there is no code
/// that could be right: none was sent, it is used, has expired, or was tried too often.
pub async fn take_try(
    db: impl PgExecutor<'_>,
    user: UserId,
    channel: Channel,
) -> Result<Option<Try>, sqlx::Error> {
    let row = sqlx::query!(
        r#"UPDATE verification_codes SET tries_left = tries_left - 1
           WHERE user_id = $1 AND channel = $2 AND code_hash IS NOT NULL AND tries_left > 0 AND expires_at > now()
           RETURNING code_hash AS "code_hash!", tries_left"#,
        user.0,
        channel.name(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Try { code_hash: row.code_hash, left: row.tries_left }))
}

/// Uses a code up that was right; whether it was still there.
pub async fn use_up(
    db: impl PgExecutor<'_>,
    user: UserId,
    channel: Channel,
    code_hash: &str,
) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query!(
        "UPDATE verification_codes SET code_hash = NULL WHERE user_id = $1 AND channel = $2 AND code_hash = $3",
        user.0,
        channel.name(),
        code_hash,
    )
    .execute(db)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Forgets the user's code of a channel: what it was sent to isn't theirs any more.
pub async fn forget(db: impl PgExecutor<'_>, user: UserId, channel: Channel) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE verification_codes SET code_hash = NULL WHERE user_id = $1 AND channel = $2",
        user.0,
        channel.name(),
    )
    .execute(db)
    .await?;
    Ok(())
}
