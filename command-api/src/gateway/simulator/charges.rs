//! What the simulator charged.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::Money;
use domain::ids::PaymentId;
use event_store::Question;
use sqlx::{PgConnection, PgExecutor};

use super::super::{Charge, Charged, GatewayError, Pages};
use super::cards::{Card, Manner, card};
use super::{Simulator, id, no_answer};

/// How long a charge that takes its time takes.
const LATE: TimeDelta = TimeDelta::milliseconds(700);

/// A charge as a gateway's answer has it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    id: String,
    status: String,
    code: Option<String>,
    brand: Option<String>,
    last4: Option<String>,
}

/// A charge as its page shows it.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub status: String,
    pub amount: i64,
    pub currency: String,
    pub brand: Option<String>,
    pub last4: Option<String>,
    pub return_url: Option<String>,
    pub cancel_url: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl Simulator {
    fn charged(&self, row: Row) -> Charged {
        match row.status.as_str() {
            "succeeded" => Charged::Captured {
                receipt: Some(format!("{}/simulator/receipts/{}", self.base_url, row.id)),
                reference: row.id,
                brand: row.brand,
                last4: row.last4,
            },
            "requires_action" => {
                Charged::ActionRequired { url: format!("{}/simulator/3ds/{}", self.base_url, row.id) }
            }
            "processing" => Charged::Pending,
            _ => Charged::Declined { code: row.code.unwrap_or_else(|| "card_declined".to_owned()) },
        }
    }

    /// Charges, unless the key was charged before.
    pub(super) async fn make(&self, charge: &Charge) -> Result<Charged, GatewayError> {
        let card = card(&charge.token);
        let made = match card.manner {
            // Its answer says everything, so there is nothing to be written with it.
            Manner::Plain | Manner::RefundFails => {
                self.charges.ask(NewCharge::of(charge, &card)).await.map_err(no_answer)?
            }
            Manner::AnswerLost | Manner::Late { .. } | Manner::Reordered => {
                self.announced(charge, &card).await.map_err(no_answer)?
            }
        };
        match made {
            Some(_) if card.manner == Manner::AnswerLost => {
                Err(GatewayError("the answer was lost, as the token asks for".into()))
            }
            Some(row) => Ok(self.charged(row)),
            None => {
                let found = self.find(&charge.asked.key()).await.map_err(no_answer)?;
                found.ok_or_else(|| no_answer(sqlx::Error::RowNotFound))
            }
        }
    }

    /// A charge with the webhooks that tell of it.
    async fn announced(&self, charge: &Charge, card: &Card) -> Result<Option<Row>, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let new = NewCharge::of(charge, card);
        let is_new = !insert(&mut *tx, std::slice::from_ref(&new)).await?.is_empty();
        if is_new {
            announce(&mut tx, charge.asked.payment_id, card.manner).await?;
        }
        tx.commit().await?;
        Ok(is_new.then_some(new.made))
    }

    /// What became of a key.
    pub(super) async fn find(&self, key: &str) -> Result<Option<Charged>, sqlx::Error> {
        let row = sqlx::query_as!(
            Row,
            r#"SELECT id, code, brand, last4,
                      CASE WHEN status = 'processing' AND settles_at <= clock_timestamp() THEN 'succeeded'
                           ELSE status END AS "status!"
               FROM simulator_charges WHERE key = $1"#,
            key
        );
        Ok(row.fetch_optional(&self.pool).await?.map(|row| self.charged(row)))
    }

    /// Declines what isn't decided yet.
    pub(super) async fn withdraw(&self, key: &str) -> Result<Charged, sqlx::Error> {
        sqlx::query!(
            "UPDATE simulator_charges SET status = 'declined', code = 'cancelled'
             WHERE key = $1 AND (status = 'requires_action'
                                 OR (status = 'processing' AND settles_at > clock_timestamp()))",
            key
        )
        .execute(&self.pool)
        .await?;
        let unknown = || Charged::Declined { code: "cancelled".to_owned() };
        Ok(self.find(key).await?.unwrap_or_else(unknown))
    }

    /// What its page shows.
    pub(super) async fn show(&self, id: &str) -> Result<Option<Shown>, sqlx::Error> {
        sqlx::query_as!(
            Shown,
            r#"SELECT amount, currency, brand, last4, return_url, cancel_url, created_at,
                      CASE WHEN status = 'processing' AND settles_at <= clock_timestamp() THEN 'succeeded'
                           ELSE status END AS "status!"
               FROM simulator_charges WHERE id = $1"#,
            id
        )
        .fetch_optional(&self.pool)
        .await
    }

    /// The customer's word on a charge that waits for it: which webhook tells of it, if the word came first.
    pub(super) async fn decide(&self, charge: &str, approved: bool) -> Result<Option<i64>, sqlx::Error> {
        let (status, code) =
            if approved { ("succeeded", None) } else { ("declined", Some("authentication_failed")) };
        let mut tx = self.pool.begin().await?;
        let key = sqlx::query_scalar!(
            "UPDATE simulator_charges SET status = $2, code = $3 WHERE id = $1 AND status = 'requires_action'
             RETURNING key",
            charge,
            status,
            code
        )
        .fetch_optional(&mut *tx)
        .await?;
        let payment_id = key.as_deref().and_then(|key| key.split(':').next()?.parse().ok());
        let Some(payment_id) = payment_id else { return Ok(None) };
        let kind = if approved { "payment_intent.succeeded" } else { "payment_intent.payment_failed" };
        // Sent at once by whoever asked for this; by itself only if that fails.
        let later = Utc::now() + TimeDelta::seconds(5);
        let webhook = tell(&mut tx, payment_id, kind, &id("evt"), later).await?;
        tx.commit().await?;
        Ok(Some(webhook))
    }
}

/// A charge that is to be made.
pub(super) struct NewCharge {
    key: String,
    made: Row,
    amount: Money,
    token: String,
    pages: Pages,
    settles_at: Option<DateTime<Utc>>,
}

impl NewCharge {
    fn of(charge: &Charge, card: &Card) -> Self {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let (status, code) = (card.status.to_owned(), text(card.code));
        let (brand, last4) = (text(card.brand), text(card.last4));
        Self {
            key: charge.asked.key(),
            made: Row { id: id("ch"), status, code, brand, last4 },
            amount: charge.asked.amount,
            token: charge.token.clone(),
            pages: charge.pages.clone(),
            settles_at: (card.status == "processing").then(|| Utc::now() + LATE),
        }
    }
}

impl Question for NewCharge {
    type Answer = Option<Row>;

    async fn ask(together: &[Self], db: &mut PgConnection) -> Result<Vec<Self::Answer>, sqlx::Error> {
        let made = insert(db, together).await?;
        Ok(together
            .iter()
            .map(|charge| made.contains(&charge.made.id).then(|| charge.made.clone()))
            .collect())
    }
}

/// Makes charges whose keys are new. Answers their ids.
async fn insert(db: impl PgExecutor<'_>, charges: &[NewCharge]) -> Result<HashSet<String>, sqlx::Error> {
    let texts = |text: fn(&NewCharge) -> &str| charges.iter().map(text).collect::<Vec<_>>();
    let perhaps = |text: fn(&NewCharge) -> Option<&str>| charges.iter().map(text).collect::<Vec<_>>();
    let made = sqlx::query_scalar!(
        "INSERT INTO simulator_charges
             (key, id, amount, currency, token, status, code, brand, last4, return_url, cancel_url, settles_at)
         SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
                              $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[])
              AS made(key, id, amount, currency, token, status, code, brand, last4, return_url, cancel_url, settles_at)
         ORDER BY key -- two processes that make the same ones wait for each other, and not in a circle
         ON CONFLICT (key) DO NOTHING RETURNING id",
        &texts(|charge| &charge.key) as _,
        &texts(|charge| &charge.made.id) as _,
        &charges.iter().map(|charge| charge.amount.amount).collect::<Vec<_>>(),
        &texts(|charge| charge.amount.currency.code()) as _,
        &texts(|charge| &charge.token) as _,
        &texts(|charge| &charge.made.status) as _,
        &perhaps(|charge| charge.made.code.as_deref()) as _,
        &perhaps(|charge| charge.made.brand.as_deref()) as _,
        &perhaps(|charge| charge.made.last4.as_deref()) as _,
        &perhaps(|charge| charge.pages.return_url.as_deref()) as _,
        &perhaps(|charge| charge.pages.cancel_url.as_deref()) as _,
        &charges.iter().map(|charge| charge.settles_at).collect::<Vec<_>>() as _,
    )
    .fetch_all(db)
    .await?;
    Ok(made.into_iter().collect())
}

/// The webhooks of a charge that was just made. A plain one has none: its answer says everything.
async fn announce(db: &mut PgConnection, payment_id: PaymentId, manner: Manner) -> Result<(), sqlx::Error> {
    let (now, end) = (Utc::now(), "payment_intent.succeeded");
    match manner {
        Manner::Plain | Manner::RefundFails | Manner::AnswerLost => {}
        Manner::Late { told } => {
            let event = id("evt");
            for _ in 0..told {
                tell(db, payment_id, end, &event, now + LATE).await?;
            }
        }
        Manner::Reordered => {
            tell(db, payment_id, end, &id("evt"), now + LATE).await?;
            let later = now + LATE + TimeDelta::milliseconds(100);
            tell(db, payment_id, "payment_intent.processing", &id("evt"), later).await?;
        }
    }
    Ok(())
}

/// Puts a webhook on its way.
pub(super) async fn tell(
    db: &mut PgConnection,
    payment_id: PaymentId,
    kind: &str,
    event: &str,
    due_at: DateTime<Utc>,
) -> Result<i64, sqlx::Error> {
    let payload = serde_json::json!({
        "id": event,
        "object": "event",
        "type": kind,
        "created": Utc::now().timestamp(),
        "data": { "object": { "object": kind.split('.').next(), "metadata": { "payment_id": payment_id } } },
    });
    sqlx::query_scalar!(
        "INSERT INTO simulator_webhooks (payload, due_at) VALUES ($1, $2) RETURNING id",
        payload.to_string(),
        due_at
    )
    .fetch_one(db)
    .await
}
