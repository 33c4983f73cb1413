//! Stored payment methods: each user has exactly one default as soon as they have any.
//!
//! As with addresses, whoever changes a user's methods holds the user's row; the first method is the default whatever
//! its request says, a default stays one until another takes its place, and when it is removed the newest of the others
//! does. A card's number is never here: its gateway has it, and is asked by a token.

use api_contract::Timestamp;
use chrono::{DateTime, Utc};
use domain::ids::UserId;
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{left_at_gateways, users};

/// The most methods that a user may store: it bounds what a list of them may be.
pub const MOST: i64 = 50;

/// A payment method of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredMethod {
    /// Its id, by which an order or a payment may name it.
    pub id: Uuid,
    /// `card`.
    pub r#type: String,
    /// The card's last four digits.
    pub last4: String,
    /// Its brand, as `visa`.
    pub brand: String,
    /// The last month in which it can be used.
    pub expiry_month: i16,
    /// That month's year.
    pub expiry_year: i16,
    /// One is.
    pub is_default: bool,
    /// Whose it is to charge it.
    pub payment_gateway: String,
    /// The gateway's token.
    #[serde(skip)]
    #[schema(ignore)]
    pub reference: String,
    /// When it was stored.
    pub created_at: Timestamp,
}

/// A method to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMethod {
    /// Whose it is to charge it.
    pub gateway: String,
    /// The gateway's token.
    pub reference: String,
    /// `card`.
    pub r#type: &'static str,
    /// The card's brand.
    pub brand: String,
    /// Its last four digits.
    pub last4: String,
    /// The last month in which it can be used.
    pub expiry_month: i16,
    /// That month's year.
    pub expiry_year: i16,
    /// Whether it becomes the default.
    pub make_default: bool,
}

/// Why a method can't be stored.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The user has as many as one may have.
    #[error("at most {MOST} payment methods can be stored")]
    TooMany,
    /// Postgres said so; a user who isn't there any more has no row to hold.
    #[error("storing a payment method failed")]
    Postgres(#[from] sqlx::Error),
}

struct Row {
    id: Uuid,
    gateway: String,
    reference: String,
    r#type: String,
    brand: String,
    last4: String,
    expiry_month: i16,
    expiry_year: i16,
    is_default: bool,
    created_at: DateTime<Utc>,
}

impl From<Row> for StoredMethod {
    fn from(row: Row) -> Self {
        let Row { id, gateway, reference, r#type, brand, last4, expiry_month, expiry_year, .. } = row;
        let (is_default, created_at) = (row.is_default, row.created_at.into());
        let payment_gateway = gateway;
        Self {
            id,
            r#type,
            last4,
            brand,
            expiry_month,
            expiry_year,
            is_default,
            payment_gateway,
            reference,
            created_at,
        }
    }
}

/// All methods of a user, the default first, then the newest.
pub async fn all(db: impl PgExecutor<'_>, user: UserId) -> Result<Vec<StoredMethod>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, gateway, reference, type, brand, last4, expiry_month, expiry_year, is_default, created_at
         FROM payment_methods WHERE user_id = $1 ORDER BY is_default DESC, id DESC",
        user.0,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(StoredMethod::from).collect())
}

/// This method, if it is this user's.
pub async fn find(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: Uuid,
) -> Result<Option<StoredMethod>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, gateway, reference, type, brand, last4, expiry_month, expiry_year, is_default, created_at
         FROM payment_methods WHERE id = $1 AND user_id = $2",
        id,
        user.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(StoredMethod::from))
}

/// The gateway's token of this method, whosever it is.
pub async fn reference(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT reference FROM payment_methods WHERE id = $1", id).fetch_optional(db).await
}

/// Stores a method under a new id. The first is the default in any case.
pub async fn add(
    db: &mut PgConnection,
    user: UserId,
    id: Uuid,
    method: &NewMethod,
) -> Result<StoredMethod, AddError> {
    users::hold(db, user).await?;
    let stored =
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM payment_methods WHERE user_id = $1"#, user.0)
            .fetch_one(&mut *db)
            .await?;
    if stored >= MOST {
        return Err(AddError::TooMany);
    }
    let is_default = method.make_default || stored == 0;
    if is_default {
        sqlx::query!(
            "UPDATE payment_methods SET is_default = false WHERE user_id = $1 AND is_default",
            user.0
        )
        .execute(&mut *db)
        .await?;
    }
    let row = sqlx::query_as!(
        Row,
        "INSERT INTO payment_methods
             (id, user_id, gateway, reference, type, brand, last4, expiry_month, expiry_year, is_default)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         RETURNING id, gateway, reference, type, brand, last4, expiry_month, expiry_year, is_default, created_at",
        id,
        user.0,
        method.gateway,
        method.reference,
        method.r#type,
        method.brand,
        method.last4,
        method.expiry_month,
        method.expiry_year,
        is_default,
    )
    .fetch_one(&mut *db)
    .await?;
    // One that was removed a moment ago, and comes back.
    left_at_gateways::remove(db, &method.gateway, &method.reference).await?;
    Ok(row.into())
}

/// Removes a method of this user's, and notes that its gateway is to forget it, unless it is stored twice. Answers what it
/// was.
pub async fn remove(
    db: &mut PgConnection,
    user: UserId,
    id: Uuid,
) -> Result<Option<StoredMethod>, sqlx::Error> {
    users::hold(db, user).await?;
    let removed = sqlx::query_as!(
        Row,
        "DELETE FROM payment_methods WHERE id = $1 AND user_id = $2
         RETURNING id, gateway, reference, type, brand, last4, expiry_month, expiry_year, is_default, created_at",
        id,
        user.0,
    )
    .fetch_optional(&mut *db)
    .await?;
    if removed.as_ref().is_some_and(|removed| removed.is_default) {
        sqlx::query!(
            "UPDATE payment_methods SET is_default = true
             WHERE id = (SELECT id FROM payment_methods WHERE user_id = $1 ORDER BY id DESC LIMIT 1)",
            user.0,
        )
        .execute(&mut *db)
        .await?;
    }
    if let Some(Row { gateway, reference, .. }) = &removed {
        let_go(db, user, gateway, reference).await?;
    }
    Ok(removed.map(StoredMethod::from))
}

/// Notes that a gateway is to forget a method that it keeps for this user, unless that is stored here.
pub async fn let_go(
    db: &mut PgConnection,
    user: UserId,
    gateway: &str,
    reference: &str,
) -> Result<(), sqlx::Error> {
    match users::hold(db, user).await {
        // Of somebody who was erased nothing is stored.
        Ok(_) | Err(sqlx::Error::RowNotFound) => {}
        Err(error) => return Err(error),
    }
    let is_it = |stored: &StoredMethod| stored.payment_gateway == gateway && stored.reference == reference;
    if all(&mut *db, user).await?.iter().any(is_it) {
        return Ok(());
    }
    left_at_gateways::note(db, gateway, reference).await
}
