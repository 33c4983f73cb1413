//! Which intents were made for which payment. Stripe finds them by their idempotency keys for a day; these rows stay.

use domain::ids::PaymentId;
use sqlx::PgPool;

use super::super::GatewayError;

/// The intents that were made. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct MadeIntents(pub PgPool);

/// An intent that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MadeIntent {
    /// How many intents of this payment were made, and cancelled, before it.
    pub generation: i32,
    /// Stripe's own.
    pub id: String,
    /// The last attempt that took it; 0 where it was made before this was noted.
    pub attempt: i64,
}

impl MadeIntents {
    /// The payment's last one.
    pub(super) async fn last(&self, payment: PaymentId) -> Result<Option<MadeIntent>, GatewayError> {
        sqlx::query_as!(
            MadeIntent,
            "SELECT generation, intent_id AS id, attempt FROM stripe_intents
             WHERE payment_id = $1 ORDER BY generation DESC LIMIT 1",
            payment.0,
        )
        .fetch_optional(&self.0)
        .await
        .map_err(unreadable)
    }

    /// Notes one that was just made for an attempt. Answers which one counts: that of whoever noted the same generation
    /// first.
    pub(super) async fn note(
        &self,
        payment: PaymentId,
        made: &MadeIntent,
    ) -> Result<MadeIntent, GatewayError> {
        let MadeIntent { generation, ref id, attempt } = *made;
        sqlx::query!(
            "INSERT INTO stripe_intents (payment_id, generation, intent_id, attempt) VALUES ($1, $2, $3, $4)
             ON CONFLICT (payment_id, generation) DO NOTHING",
            payment.0,
            generation,
            id.as_str(),
            attempt,
        )
        .execute(&self.0)
        .await
        .map_err(unreadable)?;
        sqlx::query_as!(
            MadeIntent,
            "SELECT generation, intent_id AS id, attempt FROM stripe_intents
             WHERE payment_id = $1 AND generation = $2",
            payment.0,
            generation,
        )
        .fetch_one(&self.0)
        .await
        .map_err(unreadable)
    }

    /// Takes an intent for an attempt, from one before it; not from one after it.
    pub(super) async fn take(
        &self,
        payment: PaymentId,
        made: &MadeIntent,
        attempt: i64,
    ) -> Result<bool, GatewayError> {
        if made.attempt == attempt {
            return Ok(true);
        }
        let taken = sqlx::query!(
            "UPDATE stripe_intents SET attempt = $3
             WHERE payment_id = $1 AND generation = $2 AND attempt <= $3",
            payment.0,
            made.generation,
            attempt,
        )
        .execute(&self.0)
        .await
        .map_err(unreadable)?;
        Ok(taken.rows_affected() == 1)
    }
}

/// What became of the charge is as unknown as if Stripe had not answered.
fn unreadable(error: sqlx::Error) -> GatewayError {
    GatewayError(Box::new(error))
}
