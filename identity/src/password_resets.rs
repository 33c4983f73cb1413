//! Forgotten passwords: who asked, and the tokens that were sent, of which only digests are kept.

use std::time::Duration;

use domain::ids::UserId;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::messages;

/// How long a token may be used (`api.md`).
pub const LIFE: Duration = Duration::from_secs(3_600);
/// So many tokens are sent to a user in an hour.
const IN_AN_HOUR: i64 = 5;

/// Somebody asked for a token.
#[derive(Clone, Debug)]
pub struct Request {
    /// Its id.
    pub id: Uuid,
    /// As it was typed; perhaps nobody's.
    pub email: String,
}

/// Notes that somebody asked. Whose address it is isn't looked at here, so that it takes as long for nobody's.
pub async fn request(db: &mut PgConnection, email: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("INSERT INTO reset_requests (id, email) VALUES ($1, $2)", Uuid::now_v7(), email)
        .execute(&mut *db)
        .await?;
    messages::wake(db).await
}

/// Who asked and was sent nothing yet, the longest waiting first.
pub async fn requests(db: impl PgExecutor<'_>, at_most: i64) -> Result<Vec<Request>, sqlx::Error> {
    sqlx::query_as!(Request, "SELECT id, email FROM reset_requests ORDER BY id LIMIT $1", at_most)
        .fetch_all(db)
        .await
}

/// A request is seen to; whether it was still there.
pub async fn settle(db: impl PgExecutor<'_>, id: Uuid) -> Result<bool, sqlx::Error> {
    let settled = sqlx::query!("DELETE FROM reset_requests WHERE id = $1", id).execute(db).await?;
    Ok(settled.rows_affected() == 1)
}

/// Stores a token. Answers false, and stores nothing, when the user was sent too many lately.
pub async fn issue(db: impl PgExecutor<'_>, user: UserId, token: &str) -> Result<bool, sqlx::Error> {
    let issued = sqlx::query!(
        "INSERT INTO password_resets (token_hash, user_id, expires_at)
         SELECT $1, $2, now() + make_interval(secs => $3)
         WHERE (SELECT count(*) FROM password_resets
                WHERE user_id = $2 AND created_at > now() - interval '1 hour') < $4",
        &Sha256::digest(token)[..],
        user.0,
        LIFE.as_secs_f64(),
        IN_AN_HOUR,
    )
    .execute(db)
    .await?;
    Ok(issued.rows_affected() == 1)
}

/// Whose token it is, if it may be used.
pub async fn find(db: impl PgExecutor<'_>, token: &str) -> Result<Option<UserId>, sqlx::Error> {
    let user = sqlx::query_scalar!(
        "SELECT user_id FROM password_resets WHERE token_hash = $1 AND expires_at > now()",
        &Sha256::digest(token)[..],
    )
    .fetch_optional(db)
    .await?;
    Ok(user.map(UserId))
}

/// Uses a token up, and with it every other of the same user; whether it could still be used.
pub async fn use_up(db: &mut PgConnection, user: UserId, token: &str) -> Result<bool, sqlx::Error> {
    let deleted = sqlx::query!(
        "DELETE FROM password_resets WHERE token_hash = $1 AND user_id = $2 AND expires_at > now()",
        &Sha256::digest(token)[..],
        user.0,
    )
    .execute(&mut *db)
    .await?;
    forget(db, user).await?;
    Ok(deleted.rows_affected() == 1)
}

/// Forgets every token of a user: the password was changed otherwise.
pub async fn forget(db: impl PgExecutor<'_>, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM password_resets WHERE user_id = $1", user.0).execute(db).await?;
    Ok(())
}

/// Forgets the tokens that have expired: none of them could be used, and none counts among those of the last hour.
pub async fn sweep(db: impl PgExecutor<'_>) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!("DELETE FROM password_resets WHERE expires_at <= now()").execute(db).await?;
    Ok(swept.rows_affected())
}
