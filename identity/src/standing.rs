//! What an operator does with an account: roles, locks, erasure.

use api_contract::Role;
use domain::ids::UserId;
use sqlx::{PgConnection, PgExecutor};

use crate::left_at_gateways::LeftAtGateway;
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

/// Erases what is known of a person. The user's row stays, without anything of theirs, for events and a shop name its id;
/// so do bodies that an invoice needs, until their time is over: [`crate::personal::empty_erased`] looks after them.
/// Answers what gateways still have: it is noted in [`crate::left_at_gateways`], and they are asked later.
pub async fn erase(
    db: &mut PgConnection,
    user: UserId,
    unusable_hash: &str,
) -> Result<Vec<LeftAtGateway>, sqlx::Error> {
    forgive(db, user).await?;
    // Before any change of the row: whoever notes whom a gateway knows the user as, and so locks the row's key, is waited for,
    // and whoever comes later waits and then sees an erased user. A change alone would let them pass, and see what was.
    sqlx::query_scalar!("SELECT id FROM users WHERE id = $1 FOR UPDATE", user.0).fetch_one(&mut *db).await?;
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
    let left = leave_to_gateways(db, user).await?;
    sqlx::query!("DELETE FROM messages WHERE user_id = $1", user.0).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM verification_codes WHERE user_id = $1", user.0).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM password_resets WHERE user_id = $1", user.0).execute(&mut *db).await?;
    crate::personal::empty_erased(db).await?;
    Ok(left)
}

/// Removes whom gateways know the user as, and the user's cards; and notes that they are to be forgotten there. A customer's
/// cards go with the customer.
async fn leave_to_gateways(db: &mut PgConnection, user: UserId) -> Result<Vec<LeftAtGateway>, sqlx::Error> {
    sqlx::query_as!(
        LeftAtGateway,
        "WITH customers AS (DELETE FROM gateway_customers WHERE user_id = $1 RETURNING gateway, reference),
              methods AS (DELETE FROM payment_methods WHERE user_id = $1 RETURNING gateway, reference)
         INSERT INTO left_at_gateways (gateway, reference)
         SELECT gateway, reference FROM customers
         UNION
         SELECT gateway, reference FROM methods WHERE NOT EXISTS (
             SELECT FROM customers
             WHERE customers.gateway = methods.gateway
                 AND starts_with(methods.reference, customers.reference || ':'))
         ON CONFLICT (gateway, reference) DO UPDATE SET ask_at = now()
         RETURNING gateway, reference",
        user.0,
    )
    .fetch_all(db)
    .await
}
