//! Whom gateways know users as. A customer is noted before the gateway keeps anything for them: what it keeps of a user who
//! is erased is then found, whatever became of the request that had it kept.

use domain::ids::UserId;
use sqlx::PgExecutor;

/// Whom the gateway knows a user as: the last one, where there are several.
pub async fn find(
    db: impl PgExecutor<'_>,
    user: UserId,
    gateway: &str,
) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT reference FROM gateway_customers WHERE user_id = $1 AND gateway = $2
         ORDER BY noted_at DESC LIMIT 1",
        user.0,
        gateway,
    )
    .fetch_optional(db)
    .await
}

/// Notes whom the gateway knows a user as. Answers false, and notes nothing, where the user isn't there or was erased:
/// [`crate::standing::erase`] waits for this, and this for it.
pub async fn note(
    db: impl PgExecutor<'_>,
    user: UserId,
    gateway: &str,
    reference: &str,
) -> Result<bool, sqlx::Error> {
    // The lock is one that erasing a user doesn't pass, and any other change of theirs does.
    let noted = sqlx::query!(
        "WITH there AS (SELECT id FROM users WHERE id = $1 AND erased_at IS NULL FOR KEY SHARE)
         INSERT INTO gateway_customers (user_id, gateway, reference) SELECT id, $2, $3 FROM there
         ON CONFLICT (user_id, gateway, reference) DO UPDATE SET noted_at = now()",
        user.0,
        gateway,
        reference,
    )
    .execute(db)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// The gateway knows this customer no more.
pub async fn remove(
    db: impl PgExecutor<'_>,
    user: UserId,
    gateway: &str,
    reference: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM gateway_customers WHERE user_id = $1 AND gateway = $2 AND reference = $3",
        user.0,
        gateway,
        reference,
    )
    .execute(db)
    .await
    .map(|_| ())
}
