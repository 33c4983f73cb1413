//! Refresh tokens, of which only digests are kept.
//!
//! A login starts a family; each token is exchanged once for the next of its family. Whoever exchanges, revokes or adds
//! holds the user's row, so that sessions of one user change one after another. A token that comes a second time has
//! been copied, or its holder sent it twice at once: nobody can tell which, so the family ends, and with it the token
//! that the first one was given.

use chrono::{DateTime, Utc};
use domain::ids::UserId;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::users::hold;

/// What became of a token that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchanged {
    /// The next of its family is stored.
    New {
        /// Whose.
        user: UserId,
        /// Of which login.
        family: Uuid,
    },
    /// Its time is over.
    Expired,
    /// It is no token of ours, is revoked, or was used before; then its family is revoked now.
    Refused,
}

/// Stores the first token of a new family: of a login.
pub async fn start_family(
    db: impl PgExecutor<'_>,
    user: UserId,
    family: Uuid,
    token: &str,
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO refresh_tokens (token_hash, family, user_id, expires_at) VALUES ($1, $2, $3, $4)",
        &Sha256::digest(token)[..],
        family,
        user.0,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Exchanges a token for the next of its family. The caller commits, whatever the answer is: a revocation too.
pub async fn exchange(
    db: &mut PgConnection,
    old: &str,
    new: &str,
    expires_at: DateTime<Utc>,
) -> Result<Exchanged, sqlx::Error> {
    let old = Sha256::digest(old);
    let owner = sqlx::query_scalar!("SELECT user_id FROM refresh_tokens WHERE token_hash = $1", &old[..])
        .fetch_optional(&mut *db)
        .await?;
    let Some(user) = owner.map(UserId) else { return Ok(Exchanged::Refused) };
    hold(db, user).await?;
    let Some(known) = sqlx::query!(
        r#"SELECT family, used_at IS NOT NULL AS "used!", revoked_at IS NOT NULL AS "revoked!",
                  expires_at <= now() AS "expired!"
           FROM refresh_tokens WHERE token_hash = $1"#,
        &old[..]
    )
    .fetch_optional(&mut *db)
    .await?
    else {
        return Ok(Exchanged::Refused);
    };
    if known.used {
        revoke_family(db, user, known.family).await?;
    }
    if known.used || known.revoked {
        return Ok(Exchanged::Refused);
    }
    if known.expired {
        return Ok(Exchanged::Expired);
    }
    sqlx::query!("UPDATE refresh_tokens SET used_at = now() WHERE token_hash = $1", &old[..])
        .execute(&mut *db)
        .await?;
    start_family(db, user, known.family, new, expires_at).await?;
    Ok(Exchanged::New { user, family: known.family })
}

/// Ends the session that a token is of, if it is this user's.
pub async fn revoke(db: &mut PgConnection, user: UserId, token: &str) -> Result<(), sqlx::Error> {
    hold(db, user).await?;
    sqlx::query!(
        "UPDATE refresh_tokens SET revoked_at = now()
         WHERE revoked_at IS NULL AND user_id = $1
             AND family IN (SELECT family FROM refresh_tokens WHERE token_hash = $2 AND user_id = $1)",
        user.0,
        &Sha256::digest(token)[..],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends one session of a user.
pub async fn revoke_family(db: &mut PgConnection, user: UserId, family: Uuid) -> Result<(), sqlx::Error> {
    hold(db, user).await?;
    sqlx::query!(
        "UPDATE refresh_tokens SET revoked_at = now() WHERE family = $1 AND user_id = $2 AND revoked_at IS NULL",
        family,
        user.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends every session of a user, but for one if one is named.
pub async fn revoke_all(db: &mut PgConnection, user: UserId, but: Option<Uuid>) -> Result<(), sqlx::Error> {
    hold(db, user).await?;
    sqlx::query!(
        "UPDATE refresh_tokens SET revoked_at = now()
         WHERE user_id = $1 AND revoked_at IS NULL AND family IS DISTINCT FROM $2",
        user.0,
        but,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets what has expired a day ago or longer: it would be refused either way.
pub async fn sweep(db: impl PgExecutor<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM refresh_tokens WHERE expires_at < now() - interval '1 day'")
        .execute(db)
        .await?;
    Ok(())
}
