//! Refresh tokens, of which only digests are kept.

use chrono::{DateTime, Utc};
use domain::ids::UserId;
use sha2::{Digest, Sha256};
use sqlx::PgExecutor;
use uuid::Uuid;

/// Stores the first token of a new family: of a login.
pub async fn start_family(
    db: impl PgExecutor<'_>,
    user: UserId,
    token: &str,
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO refresh_tokens (token_hash, family, user_id, expires_at) VALUES ($1, $2, $3, $4)",
        &Sha256::digest(token)[..],
        Uuid::now_v7(),
        user.0,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}
