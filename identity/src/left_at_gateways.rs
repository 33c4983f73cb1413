//! What was removed here and gateways still have: noted in the transaction that removes it, so that no crash loses it, and
//! gone when its gateway has forgotten it. Forgetting twice is as good as once.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// A card, or a person with all their cards, that a gateway is to forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftAtGateway {
    /// Which gateway.
    pub gateway: String,
    /// Its own name of it.
    pub reference: String,
}

/// How much a gateway still has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Which gateway.
    pub gateway: String,
    /// How many cards and customers.
    pub count: i64,
    /// Since when the oldest of them is to be forgotten.
    pub since: DateTime<Utc>,
}

/// Notes one. It is due at once.
pub async fn note(db: impl PgExecutor<'_>, gateway: &str, reference: &str) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO left_at_gateways (gateway, reference) VALUES ($1, $2)
         ON CONFLICT (gateway, reference) DO UPDATE SET ask_at = now()",
        gateway,
        reference,
    )
    .execute(db)
    .await
    .map(|_| ())
}

/// Its gateway has forgotten it; or is to keep it again.
pub async fn remove(db: impl PgExecutor<'_>, gateway: &str, reference: &str) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM left_at_gateways WHERE gateway = $1 AND reference = $2", gateway, reference)
        .execute(db)
        .await
        .map(|_| ())
}

/// Whether it is still to be forgotten: it may have come back since it was found to be due. Who is storing it again is waited
/// for.
pub async fn is_left(db: impl PgExecutor<'_>, gateway: &str, reference: &str) -> Result<bool, sqlx::Error> {
    let left = sqlx::query_scalar!(
        "SELECT reference FROM left_at_gateways WHERE gateway = $1 AND reference = $2 FOR UPDATE",
        gateway,
        reference,
    )
    .fetch_optional(db)
    .await?;
    Ok(left.is_some())
}

/// Those that are to be asked for by now, the oldest first and so many at most. Each is due again after its next wait,
/// whatever becomes of the question: the first is two seconds, and each is twice the one before, up to an hour.
pub async fn take_due(db: impl PgExecutor<'_>, most: usize) -> Result<Vec<LeftAtGateway>, sqlx::Error> {
    sqlx::query_as!(
        LeftAtGateway,
        "UPDATE left_at_gateways
         SET asks = asks + 1, ask_at = ask_again_at(asks + 1)
         WHERE (gateway, reference) IN (SELECT gateway, reference FROM left_at_gateways WHERE ask_at <= now()
                                        ORDER BY ask_at LIMIT $1 FOR UPDATE SKIP LOCKED)
         RETURNING gateway, reference",
        i64::try_from(most).unwrap_or(i64::MAX),
    )
    .fetch_all(db)
    .await
}

/// How much each gateway still has; one that has nothing is missing.
pub async fn leftovers(db: impl PgExecutor<'_>) -> Result<Vec<Leftover>, sqlx::Error> {
    sqlx::query_as!(
        Leftover,
        r#"SELECT gateway, count(*) AS "count!", min(left_at) AS "since!" FROM left_at_gateways
           GROUP BY gateway ORDER BY gateway"#
    )
    .fetch_all(db)
    .await
}
