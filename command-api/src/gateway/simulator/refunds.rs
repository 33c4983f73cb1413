//! What the simulator gave back.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::RefundId;
use sqlx::PgExecutor;

use super::super::{GiveBack, GivenBack};
use super::cards::{Manner, card};
use super::charges::tell;
use super::{Simulator, id};

/// How long it takes until a refund has failed whose card is made for that.
const FAILS: TimeDelta = TimeDelta::seconds(2);

/// Why: Stripe's word for it.
const FAILURE: &str = "expired_or_canceled_card";

/// A refund as it is now.
struct Row {
    key: String,
    id: String,
    failed: bool,
}

impl Row {
    fn given_back(self) -> GivenBack {
        if self.failed {
            return GivenBack::Refused { code: FAILURE.to_owned() };
        }
        GivenBack::Refunded { reference: self.id }
    }
}

impl Simulator {
    /// Gives back, unless the key was given back before.
    pub(super) async fn give_back(&self, refund: &GiveBack) -> Result<GivenBack, sqlx::Error> {
        let key = refund.refund_id.to_string();
        let mut tx = self.pool.begin().await?;
        // The charge's row is the lock under which its refunds are counted.
        let charge = sqlx::query!(
            "SELECT amount, token FROM simulator_charges
             WHERE id = $1 AND (status = 'succeeded' OR (status = 'processing' AND settles_at <= clock_timestamp()))
             FOR UPDATE",
            refund.charge
        );
        let Some(charge) = charge.fetch_optional(&mut *tx).await? else {
            return Ok(GivenBack::Refused { code: "charge_not_found".to_owned() });
        };
        let known = sqlx::query_as!(
            Row,
            r#"SELECT key, id, coalesce(fails_at <= clock_timestamp(), false) AS "failed!"
               FROM simulator_refunds WHERE key = $1"#,
            key
        );
        if let Some(known) = known.fetch_optional(&mut *tx).await? {
            return Ok(known.given_back());
        }
        if refund.amount.amount > charge.amount - refunded(&mut *tx, &refund.charge).await? {
            return Ok(GivenBack::Refused { code: "amount_too_large".to_owned() });
        }
        let fails_at = (card(&charge.token).manner == Manner::RefundFails).then(|| Utc::now() + FAILS);
        let reference = insert(&mut *tx, &key, refund, fails_at).await?;
        if let Some(fails_at) = fails_at {
            tell(&mut tx, refund.payment_id, "refund.failed", &id("evt"), fails_at).await?;
        }
        tx.commit().await?;
        Ok(GivenBack::Refunded { reference })
    }

    /// What became of the refunds of a charge.
    pub(super) async fn standing_refunds(
        &self,
        charge: &str,
    ) -> Result<BTreeMap<RefundId, GivenBack>, sqlx::Error> {
        let refunds = sqlx::query_as!(
            Row,
            r#"SELECT key, id, coalesce(fails_at <= clock_timestamp(), false) AS "failed!"
               FROM simulator_refunds WHERE charge_id = $1"#,
            charge
        );
        let refunds = refunds.fetch_all(&self.pool).await?.into_iter();
        Ok(refunds.filter_map(|row| Some((row.key.parse().ok()?, row.given_back()))).collect())
    }
}

/// How much of a charge went back, and has not come back.
async fn refunded(db: impl PgExecutor<'_>, charge: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(sum(amount), 0)::bigint AS "sum!" FROM simulator_refunds
               WHERE charge_id = $1 AND (fails_at IS NULL OR fails_at > clock_timestamp())"#,
        charge
    )
    .fetch_one(db)
    .await
}

/// Notes a refund; its id.
async fn insert(
    db: impl PgExecutor<'_>,
    key: &str,
    refund: &GiveBack,
    fails_at: Option<DateTime<Utc>>,
) -> Result<String, sqlx::Error> {
    let reference = id("re");
    sqlx::query!(
        "INSERT INTO simulator_refunds (key, id, charge_id, amount, fails_at) VALUES ($1, $2, $3, $4, $5)",
        key,
        reference,
        refund.charge,
        refund.amount.amount,
        fails_at,
    )
    .execute(db)
    .await?;
    Ok(reference)
}
