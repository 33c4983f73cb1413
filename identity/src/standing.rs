//! What an operator does with an account: roles, locks, erasure.

use api_contract::Role;
use domain::ids::UserId;
use sqlx::{PgConnection, PgExecutor};

use crate::login_failures::{self, Identifier};
use crate::{refresh_tokens, users};

/// Gives a user a role; having it already is fine. It counts from the next login or refresh.
pub async fn grant(db: impl PgExecutor<'_>, user: UserId, role: Role) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE users SET roles = array_append(roles, $2), updated_at = now()
         WHERE id = $1 AND NOT roles @> ARRAY[$2]",
        user.0,
        role.name(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a role away. Answers false where it is the user's last one, which stays.
pub async fn revoke(db: impl PgExecutor<'_>, user: UserId, role: Role) -> Result<bool, sqlx::Error> {
    let revoked = sqlx::query!(
        "UPDATE users SET roles = array_remove(roles, $2), updated_at = now()
         WHERE id = $1 AND cardinality(array_remove(roles, $2)) > 0",
        user.0,
        role.name(),
    )
    .execute(db)
    .await?;
    Ok(revoked.rows_affected() == 1)
}

/// Locks an account: no login, and no session goes on beyond its access token.
pub async fn lock(db: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    refresh_tokens::revoke_all(db, user, None).await?;
    sqlx::query!("UPDATE users SET locked_at = coalesce(locked_at, now()) WHERE id = $1", user.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Unlocks an account, also from failed logins.
pub async fn unlock(db: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE users SET locked_at = NULL WHERE id = $1 AND erased_at IS NULL", user.0)
        .execute(&mut *db)
        .await?;
    forgive(db, user).await
}

/// Forgets the failed logins of a user, by either of their names.
pub async fn forgive(db: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    let Some(profile) = users::profile(&mut *db, user).await? else { return Ok(()) };
    for name in [Some(profile.email), profile.username].into_iter().flatten() {
        let identifier = Identifier::of(&mut *db, &name).await?;
        login_failures::clear(&mut *db, &identifier).await?;
    }
    Ok(())
}

/// A payment method that was erased here, and that its gateway still has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftAtGateway {
    /// Which gateway.
    pub gateway: String,
    /// Its own name of it.
    pub reference: String,
}

/// Erases what is known of a person. The user's row stays, without anything of theirs, for events and a shop name its id;
/// so do bodies that an invoice needs, until their time is over: [`crate::personal::empty_erased`] looks after them.
/// Answers what gateways still have: nobody asks them here.
pub async fn erase(
    db: &mut PgConnection,
    user: UserId,
    unusable_hash: &str,
) -> Result<Vec<LeftAtGateway>, sqlx::Error> {
    forgive(db, user).await?;
    lock(db, user).await?;
    sqlx::query!(
        "UPDATE users SET email = 'erased-' || id || '@erased.invalid', username = NULL, password_hash = $2,
             first_name = '', last_name = '', phone = NULL, date_of_birth = NULL, gender = NULL, interests = '{}',
             avatar_url = NULL, bio = NULL, preferences = '{}', email_verified_at = NULL, phone_verified_at = NULL,
             last_login_at = NULL, erased_at = coalesce(erased_at, now()), updated_at = now()
         WHERE id = $1",
        user.0,
        unusable_hash,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("DELETE FROM addresses WHERE user_id = $1", user.0).execute(&mut *db).await?;
    let left = sqlx::query_as!(
        LeftAtGateway,
        "DELETE FROM payment_methods WHERE user_id = $1 RETURNING gateway, reference",
        user.0,
    )
    .fetch_all(&mut *db)
    .await?;
    sqlx::query!("DELETE FROM messages WHERE user_id = $1", user.0).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM verification_codes WHERE user_id = $1", user.0).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM password_resets WHERE user_id = $1", user.0).execute(&mut *db).await?;
    crate::personal::empty_erased(db).await?;
    Ok(left)
}
