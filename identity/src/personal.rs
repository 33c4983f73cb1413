//! What must be kept of a person: rows that can be erased, named by id in events, which can't.
//!
//! A row is written before the append that names it. If that append never happens, the row is named by nothing: it is
//! noted as such until its id is seen in the log, and swept when that doesn't happen. Rows of outside customers, whom
//! `customer_id` names, perhaps much later, are never swept.

mod bodies;
mod keeper;

use std::time::Duration;

use api_contract::views::PersonalBodies;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{PersonalId, UserId};
use serde_json::Value;
use sqlx::PgExecutor;
use uuid::Uuid;

pub use self::bodies::Bodies;
pub use self::keeper::{KeepError, Keeper};

/// What a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Where an order goes to; its invoice needs it.
    ShippingAddress,
    /// Whom an order is billed to; its invoice needs it.
    BillingAddress,
    /// What the customer said about an order.
    OrderNotes,
    /// What staff said about a step of an order.
    StatusNote,
    /// Why an order was cancelled.
    CancelReason,
    /// Why money went back.
    RefundReason,
    /// Where a customer goes from a gateway's page, as their client said.
    PaymentPages,
    /// Where a customer acts before they have paid: a page of a gateway's.
    ActionPage,
    /// Where a gateway shows its receipt: card and amount, to whoever has the address.
    Receipt,
    /// Why a stock changed.
    StockReason,
    /// What somebody says of a product.
    ReviewText,
}

/// How long an invoice's address is kept whatever its subject asks: ten years, the longest of the usual duties to keep
/// books.
const INVOICE_DAYS: i64 = 3653;

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::ShippingAddress => "shipping_address",
            Self::BillingAddress => "billing_address",
            Self::OrderNotes => "order_notes",
            Self::StatusNote => "status_note",
            Self::CancelReason => "cancel_reason",
            Self::RefundReason => "refund_reason",
            Self::PaymentPages => "payment_pages",
            Self::ActionPage => "action_page",
            Self::Receipt => "receipt",
            Self::StockReason => "stock_reason",
            Self::ReviewText => "review_text",
        }
    }

    fn keep_until(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::ShippingAddress | Self::BillingAddress => Some(now + TimeDelta::days(INVOICE_DAYS)),
            Self::OrderNotes
            | Self::StatusNote
            | Self::CancelReason
            | Self::RefundReason
            | Self::PaymentPages
            | Self::ActionPage
            | Self::Receipt
            | Self::StockReason
            | Self::ReviewText => None,
        }
    }
}

/// Rows that are about to be written together.
#[derive(Debug)]
pub struct Rows {
    subject: Option<UserId>,
    ids: Vec<Uuid>,
    purposes: Vec<&'static str>,
    keep_until: Vec<Option<DateTime<Utc>>>,
    bodies: Vec<Value>,
}

impl Rows {
    /// None yet, of this subject; a guest is none.
    pub fn of(subject: impl Into<Option<UserId>>) -> Self {
        let subject = subject.into();
        Self { subject, ids: Vec::new(), purposes: Vec::new(), keep_until: Vec::new(), bodies: Vec::new() }
    }

    /// Adds a row; its id is what the event names.
    pub fn add(&mut self, purpose: Purpose, body: Value) -> PersonalId {
        let id = Uuid::now_v7();
        self.ids.push(id);
        self.purposes.push(purpose.name());
        self.keep_until.push(purpose.keep_until(Utc::now()));
        self.bodies.push(body);
        PersonalId(id)
    }

    /// Adds a row for a text, if there is one.
    pub fn text(&mut self, purpose: Purpose, text: Option<&str>) -> Option<PersonalId> {
        text.map(|text| self.add(purpose, text.into()))
    }
}

/// The bodies of these rows; what was erased is missing.
pub async fn bodies(
    db: impl PgExecutor<'_>,
    ids: &[PersonalId],
) -> Result<Vec<(PersonalId, Value)>, sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    // Id by id, so that it is never planned as a look at all rows, however few there were when it was planned.
    let rows = sqlx::query!(
        r#"SELECT asked.id AS "id!", known.body AS "body!"
           FROM unnest($1::uuid[]) AS asked(id),
                LATERAL (SELECT body FROM personal WHERE id = asked.id AND body IS NOT NULL LIMIT 1) known"#,
        &ids
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (PersonalId(row.id), row.body)).collect())
}

/// As [`bodies`], each as the JSON that it is answered as.
pub async fn raw_bodies(db: impl PgExecutor<'_>, ids: &[PersonalId]) -> Result<PersonalBodies, sqlx::Error> {
    if ids.is_empty() {
        return Ok(PersonalBodies::new());
    }
    let raw = |(id, body)| Some((id, serde_json::value::to_raw_value(&body).ok()?));
    Ok(bodies(db, ids).await?.into_iter().filter_map(raw).collect())
}

/// The row of an outside customer, made when first asked for: the same id for the same (scope, external id), also for
/// two who ask at once.
pub async fn external_customer(
    db: impl PgExecutor<'_>,
    scope: &str,
    external_id: &str,
) -> Result<PersonalId, sqlx::Error> {
    // The update changes nothing; it makes a row that is there already be returned as well.
    let id = sqlx::query_scalar!(
        "INSERT INTO personal (id, purpose, body)
         VALUES ($1, 'external_customer', jsonb_build_object('scope', $2::text, 'externalId', $3::text))
         ON CONFLICT ((body ->> 'scope'), (body ->> 'externalId')) WHERE purpose = 'external_customer'
         DO UPDATE SET purpose = excluded.purpose
         RETURNING id",
        Uuid::now_v7(),
        scope,
        external_id,
    )
    .fetch_one(db)
    .await?;
    Ok(PersonalId(id))
}

/// The rows of outside customers of one scope, by external id; those that are not there are missing.
pub async fn external_customers(
    db: impl PgExecutor<'_>,
    scope: &str,
    external_ids: &[String],
) -> Result<Vec<(String, PersonalId)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT body ->> 'externalId' AS "external_id!", id FROM personal
           WHERE purpose = 'external_customer' AND body ->> 'scope' = $1 AND body ->> 'externalId' = ANY($2)"#,
        scope,
        external_ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.external_id, PersonalId(row.id))).collect())
}

/// Makes rows of outside customers, each its own subject: orders name a customer without an account by the row's id. A
/// row that is there already, perhaps since a moment ago, stays and is missing in what is returned.
pub async fn make_external_customers(
    db: impl PgExecutor<'_>,
    scope: &str,
    external_ids: &[String],
) -> Result<Vec<(String, PersonalId)>, sqlx::Error> {
    let ids: Vec<Uuid> = external_ids.iter().map(|_| Uuid::now_v7()).collect();
    // In one order for all, so that two who make the same rows don't wait for each other in a circle.
    let rows = sqlx::query!(
        r#"INSERT INTO personal (id, subject, purpose, body)
           SELECT id, id, 'external_customer', jsonb_build_object('scope', $1::text, 'externalId', external_id)
           FROM unnest($2::uuid[], $3::text[]) AS made(id, external_id) ORDER BY external_id
           ON CONFLICT ((body ->> 'scope'), (body ->> 'externalId')) WHERE purpose = 'external_customer' DO NOTHING
           RETURNING body ->> 'externalId' AS "external_id!", id"#,
        scope,
        &ids,
        external_ids,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.external_id, PersonalId(row.id))).collect())
}

/// Forgets that these rows are not named: the log names them. Other ids among them make no difference.
pub async fn named(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM personal_unnamed WHERE id = ANY($1)", ids).execute(db).await?;
    Ok(())
}

/// Removes the rows that no event names, of those written longer ago than `age`; how many.
pub async fn sweep(db: impl PgExecutor<'_>, age: Duration) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "WITH swept AS (
             DELETE FROM personal_unnamed WHERE written_at < now() - make_interval(secs => $1) RETURNING id)
         DELETE FROM personal USING swept WHERE personal.id = swept.id",
        age.as_secs_f64(),
    )
    .execute(db)
    .await?;
    Ok(swept.rows_affected())
}

/// Whether an invoice needs these rows: of an order that was given up unpaid there is none, and nothing keeps them from being
/// erased.
pub async fn need_for_invoice(
    db: impl PgExecutor<'_>,
    ids: &[PersonalId],
    needed: bool,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let until = needed.then(|| Utc::now() + TimeDelta::days(INVOICE_DAYS));
    sqlx::query!(
        "UPDATE personal SET keep_until = CASE WHEN $2::timestamptz IS NOT NULL THEN coalesce(keep_until, $2) END
         WHERE id = ANY($1)",
        &ids,
        until,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Empties the bodies of people who were erased, but for those that an invoice still needs.
pub async fn empty_erased(db: impl PgExecutor<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE personal SET body = NULL
         WHERE body IS NOT NULL AND (keep_until IS NULL OR keep_until <= now())
             AND subject IN (SELECT id FROM users WHERE erased_at IS NOT NULL)"
    )
    .execute(db)
    .await?;
    Ok(())
}
