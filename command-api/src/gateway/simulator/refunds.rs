//! What the simulator gave back.

use super::super::{GiveBack, GivenBack};
use super::{Simulator, id};

impl Simulator {
    /// Gives back, unless the key was given back before.
    pub(super) async fn give_back(&self, refund: &GiveBack) -> Result<GivenBack, sqlx::Error> {
        let key = refund.refund_id.to_string();
        let mut tx = self.pool.begin().await?;
        // The charge's row is the lock under which its refunds are counted.
        let charged = sqlx::query_scalar!(
            "SELECT amount FROM simulator_charges
             WHERE id = $1 AND (status = 'succeeded' OR (status = 'processing' AND settles_at <= clock_timestamp()))
             FOR UPDATE",
            refund.charge
        );
        let Some(charged) = charged.fetch_optional(&mut *tx).await? else {
            return Ok(GivenBack::Refused { code: "charge_not_found".to_owned() });
        };
        let known = sqlx::query_scalar!("SELECT id FROM simulator_refunds WHERE key = $1", key);
        if let Some(reference) = known.fetch_optional(&mut *tx).await? {
            return Ok(GivenBack::Refunded { reference });
        }
        let refunded = sqlx::query_scalar!(
            r#"SELECT coalesce(sum(amount), 0)::bigint AS "sum!" FROM simulator_refunds WHERE charge_id = $1"#,
            refund.charge
        )
        .fetch_one(&mut *tx)
        .await?;
        if refund.amount.amount > charged - refunded {
            return Ok(GivenBack::Refused { code: "amount_too_large".to_owned() });
        }
        let reference = id("re");
        sqlx::query!(
            "INSERT INTO simulator_refunds (key, id, charge_id, amount) VALUES ($1, $2, $3, $4)",
            key,
            reference,
            refund.charge,
            refund.amount.amount,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(GivenBack::Refunded { reference })
    }
}
