//! What a gateway told by itself is a reason to ask it, once: whether it came to us (a webhook), or was read in the gateway's
//! list because it never came.

use event_store::Metadata;
use sqlx::PgExecutor;

use super::{Settlement, Unsettled};
use crate::gateway::Notice;

impl Settlement {
    /// Asks the gateway, unless it told this before. What is taken is noted afterwards: whoever dies between is told again.
    /// Answers whether it was new. About a payment that isn't in this log, as another shop's on the same account, it never is.
    pub async fn heed(&self, gateway: &str, notice: &Notice, because: &Metadata) -> Result<bool, Unsettled> {
        let Some(payment_id) = notice.payment_id else { return Ok(false) };
        if is_known(self.log.pool(), gateway, notice).await? {
            return Ok(false);
        }
        if self.payment(payment_id).await?.opened.is_none() {
            return Ok(false);
        }
        self.refresh(payment_id, because).await?;
        self.refresh_refunds(payment_id, because).await?;
        note(self.log.pool(), gateway, notice).await?;
        Ok(true)
    }
}

async fn is_known(db: impl PgExecutor<'_>, gateway: &str, notice: &Notice) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM gateway_notices WHERE gateway = $1 AND id = $2) AS "known!""#,
        gateway,
        notice.id
    )
    .fetch_one(db)
    .await
}

async fn note(db: impl PgExecutor<'_>, gateway: &str, notice: &Notice) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO gateway_notices (gateway, id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        gateway,
        notice.id
    )
    .execute(db)
    .await
    .map(|_| ())
}
