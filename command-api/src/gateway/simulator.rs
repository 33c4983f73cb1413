//! A gateway in the box, for development and tests. It plays a company elsewhere: its charges are in tables of its
//! own that nothing else reads, and it is asked by the tokens that Stripe has for tests
//! (<https://docs.stripe.com/testing>).

use async_trait::async_trait;
use domain::Money;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Charge, Charged, Gateway, GatewayError, GiveBack, GivenBack};

/// The simulated gateway.
#[derive(Clone, Debug)]
pub struct Simulator {
    pool: PgPool,
}

impl Simulator {
    /// The simulator whose tables `pool` leads to.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

/// What a token does.
struct Card {
    status: &'static str,
    code: Option<&'static str>,
    brand: Option<&'static str>,
    last4: Option<&'static str>,
}

fn card(token: &str) -> Card {
    let good =
        |brand, last4| Card { status: "succeeded", code: None, brand: Some(brand), last4: Some(last4) };
    let bad = |code| Card { status: "declined", code: Some(code), brand: None, last4: None };
    match token {
        "tok_visa" => good("visa", "4242"),
        "tok_visa_debit" => good("visa", "5556"),
        "tok_mastercard" => good("mastercard", "4444"),
        "tok_amex" => good("amex", "8431"),
        "tok_discover" => good("discover", "1117"),
        "tok_threeDSecure2Required" | "tok_threeDSecureRequired" => {
            Card { status: "requires_action", code: None, brand: Some("visa"), last4: Some("3220") }
        }
        "tok_chargeDeclined" | "tok_visa_chargeDeclined" => bad("card_declined"),
        "tok_chargeDeclinedInsufficientFunds"
        | "tok_visa_chargeDeclinedInsufficientFunds"
        | "tok_insufficientFunds" => bad("insufficient_funds"),
        "tok_chargeDeclinedLostCard" | "tok_visa_chargeDeclinedLostCard" => bad("lost_card"),
        "tok_chargeDeclinedStolenCard" | "tok_visa_chargeDeclinedStolenCard" => bad("stolen_card"),
        "tok_chargeDeclinedFraudulent" => bad("fraudulent"),
        "tok_chargeDeclinedExpiredCard" => bad("expired_card"),
        "tok_chargeDeclinedIncorrectCvc" => bad("incorrect_cvc"),
        "tok_chargeDeclinedProcessingError" => bad("processing_error"),
        _ => bad("invalid_token"),
    }
}

struct Row {
    id: String,
    status: String,
    code: Option<String>,
    brand: Option<String>,
    last4: Option<String>,
}

impl From<Row> for Charged {
    fn from(row: Row) -> Self {
        match row.status.as_str() {
            "succeeded" => Self::Captured { reference: row.id, brand: row.brand, last4: row.last4 },
            "requires_action" => Self::ActionRequired { url: format!("/simulator/3ds/{}", row.id) },
            _ => Self::Declined { code: row.code.unwrap_or_else(|| "card_declined".to_owned()) },
        }
    }
}

#[async_trait]
impl Gateway for Simulator {
    fn accepts(&self, token: &str) -> bool {
        let word = token.strip_prefix("tok_").unwrap_or_default();
        (1..=60).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    }

    async fn charge(&self, charge: &Charge) -> Result<Charged, GatewayError> {
        let Charge { key, amount: Money { amount, currency }, token } = charge;
        let card = card(token);
        let row = sqlx::query_as!(
            Row,
            r#"WITH made AS (
                   INSERT INTO simulator_charges (key, id, amount, currency, token, status, code, brand, last4)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (key) DO NOTHING
                   RETURNING id, status, code, brand, last4)
               SELECT id AS "id!", status AS "status!", code, brand, last4 FROM made
               UNION ALL
               SELECT id, status, code, brand, last4 FROM simulator_charges WHERE key = $1"#,
            key,
            format!("sim_ch_{}", Uuid::now_v7().simple()),
            amount,
            currency.code(),
            token,
            card.status,
            card.code,
            card.brand,
            card.last4,
        )
        .fetch_optional(&self.pool)
        .await
        .map_err(no_answer)?;
        match row {
            Some(row) => Ok(row.into()),
            // Another request with this key was committed between this statement's snapshot and its insert.
            None => self.look_up(key).await?.ok_or_else(|| no_answer(sqlx::Error::RowNotFound)),
        }
    }

    async fn look_up(&self, key: &str) -> Result<Option<Charged>, GatewayError> {
        let row = sqlx::query_as!(
            Row,
            "SELECT id, status, code, brand, last4 FROM simulator_charges WHERE key = $1",
            key
        );
        Ok(row.fetch_optional(&self.pool).await.map_err(no_answer)?.map(Charged::from))
    }

    async fn refund(&self, refund: &GiveBack) -> Result<GivenBack, GatewayError> {
        self.give_back(refund).await.map_err(no_answer)
    }
}

impl Simulator {
    async fn give_back(&self, refund: &GiveBack) -> Result<GivenBack, sqlx::Error> {
        let key = refund.refund_id.to_string();
        let mut tx = self.pool.begin().await?;
        // The charge's row is the lock under which its refunds are counted.
        let charged = sqlx::query_scalar!(
            "SELECT amount FROM simulator_charges WHERE id = $1 AND status = 'succeeded' FOR UPDATE",
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
        let reference = format!("sim_re_{}", Uuid::now_v7().simple());
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

fn no_answer(error: sqlx::Error) -> GatewayError {
    GatewayError(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_do_what_stripe_s_do() {
        assert_eq!(card("tok_visa").status, "succeeded");
        assert_eq!(card("tok_mastercard").last4, Some("4444"));
        assert_eq!(card("tok_chargeDeclined").code, Some("card_declined"));
        assert_eq!(card("tok_threeDSecure2Required").status, "requires_action");
        assert_eq!(card("tok_of_somebody_else").code, Some("invalid_token"));
    }

    #[test]
    fn there_is_no_query_for_a_card_number() {
        let word = |token: &str| token.strip_prefix("tok_").is_some();
        assert!(!word("4242424242424242"));
    }
}
