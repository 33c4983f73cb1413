//! Refunds that their gateway has made and not settled yet, perhaps for days: noted, so that nobody has to wait for them, and
//! asked about now and then until they are settled, by the tick of the process manager or because of a webhook.
//!
//! A refund is noted after its gateway said that it is pending and before whoever asked goes on; it is forgotten after it
//! was settled in the log. Who dies before the note asks again, for the checkpoint is before the refund; who dies before
//! the row is gone asks for one that is settled, which asks no gateway.

use domain::ids::{PaymentId, RefundId};
use event_store::Metadata;
use sqlx::PgExecutor;
use sqlx::types::Json;

/// A refund that is pending at its gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingRefund {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Which.
    pub refund_id: RefundId,
    /// What is recorded beside the event that settles it.
    pub because: Metadata,
}

/// Notes one, if it isn't noted yet.
pub(super) async fn note(db: impl PgExecutor<'_>, pending: &PendingRefund) -> Result<(), sqlx::Error> {
    let PendingRefund { payment_id, refund_id, because } = pending;
    sqlx::query!(
        "INSERT INTO pending_refunds (refund_id, payment_id, because, ask_at)
         VALUES ($1, $2, $3, now() + interval '1 second') ON CONFLICT DO NOTHING",
        refund_id.0,
        payment_id.0,
        Json(because) as _,
    )
    .execute(db)
    .await
    .map(|_| ())
}

/// One is settled.
pub(super) async fn forget(db: impl PgExecutor<'_>, refund_id: RefundId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM pending_refunds WHERE refund_id = $1", refund_id.0)
        .execute(db)
        .await
        .map(|_| ())
}

/// Whether it is noted: whichever process asked its gateway.
pub async fn is_noted(db: impl PgExecutor<'_>, refund_id: RefundId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM pending_refunds WHERE refund_id = $1) AS "noted!""#,
        refund_id.0,
    )
    .fetch_one(db)
    .await
}

/// Those of a payment.
pub(super) async fn of(db: impl PgExecutor<'_>, payment_id: PaymentId) -> Result<Vec<RefundId>, sqlx::Error> {
    let ids =
        sqlx::query_scalar!("SELECT refund_id FROM pending_refunds WHERE payment_id = $1", payment_id.0);
    Ok(ids.fetch_all(db).await?.into_iter().map(RefundId).collect())
}

/// Those that are to be asked about by now, the oldest first and so many at most. Each is due again after its next wait,
/// whatever becomes of the question: the first is a second, and each is twice the one before, up to an hour.
pub async fn take_due(db: impl PgExecutor<'_>, most: usize) -> Result<Vec<PendingRefund>, sqlx::Error> {
    let due = sqlx::query!(
        r#"UPDATE pending_refunds
           SET asks = asks + 1, ask_at = ask_again_at(asks + 1)
           WHERE refund_id IN (SELECT refund_id FROM pending_refunds WHERE ask_at <= now()
                               ORDER BY ask_at LIMIT $1 FOR UPDATE SKIP LOCKED)
           RETURNING refund_id, payment_id, because AS "because: Json<Metadata>""#,
        i64::try_from(most).unwrap_or(i64::MAX),
    )
    .fetch_all(db)
    .await?;
    let pending = due.into_iter().map(|row| PendingRefund {
        payment_id: PaymentId(row.payment_id),
        refund_id: RefundId(row.refund_id),
        because: row.because.0,
    });
    Ok(pending.collect())
}
