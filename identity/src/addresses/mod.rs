//! Stored addresses: each user has exactly one default as soon as they have any.
//!
//! Whoever changes a user's addresses holds the user's row, so that changes of one user happen one after another; the
//! first address is the default whatever its request says, a default stays one until another takes its place, and when
//! it is removed the newest of the others does.

mod address;

use api_contract::Timestamp;
use chrono::{DateTime, Utc};
use domain::ids::UserId;
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor};
use utoipa::ToSchema;
use uuid::Uuid;

pub use address::{Address, AddressFields};

use crate::users::hold;

/// The most addresses that a user may store: it bounds what a list of them may be.
pub const MOST: i64 = 100;

/// An address of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredAddress {
    /// Its id, by which an order may name it.
    pub id: Uuid,
    /// Where.
    #[serde(flatten)]
    pub address: Address,
    /// One is.
    pub is_default: bool,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// Why an address can't be stored.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The user has as many as one may have.
    #[error("at most {MOST} addresses can be stored")]
    TooMany,
    /// Postgres said so; a user who isn't there any more has no row to hold.
    #[error("storing an address failed")]
    Postgres(#[from] sqlx::Error),
}

struct Row {
    id: Uuid,
    full_name: Option<String>,
    street: String,
    second_line: Option<String>,
    city: String,
    state: Option<String>,
    zip_code: Option<String>,
    country: String,
    phone: Option<String>,
    is_default: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for StoredAddress {
    fn from(row: Row) -> Self {
        let Row { id, full_name, street, second_line, city, state, zip_code, country, phone, .. } = row;
        let Row { is_default, created_at, updated_at, .. } = row;
        let address = Address { full_name, street, second_line, city, state, zip_code, country, phone };
        Self { id, address, is_default, created_at: created_at.into(), updated_at: updated_at.into() }
    }
}

/// All addresses of a user, the default first, then the newest.
pub async fn all(db: impl PgExecutor<'_>, user: UserId) -> Result<Vec<StoredAddress>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, full_name, street, second_line, city, state, zip_code, country, phone, is_default, created_at,
                updated_at
         FROM addresses WHERE user_id = $1 ORDER BY is_default DESC, id DESC",
        user.0,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(StoredAddress::from).collect())
}

/// This address, if it is this user's.
pub async fn find(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: Uuid,
) -> Result<Option<StoredAddress>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, full_name, street, second_line, city, state, zip_code, country, phone, is_default, created_at,
                updated_at
         FROM addresses WHERE id = $1 AND user_id = $2",
        id,
        user.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(StoredAddress::from))
}

/// The user's default address, if they have any.
pub async fn default_of(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<StoredAddress>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, full_name, street, second_line, city, state, zip_code, country, phone, is_default, created_at,
                updated_at
         FROM addresses WHERE user_id = $1 AND is_default",
        user.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(StoredAddress::from))
}

/// Stores an address under a new id. The first is the default in any case.
pub async fn add(
    db: &mut PgConnection,
    user: UserId,
    id: Uuid,
    address: &Address,
    make_default: bool,
) -> Result<StoredAddress, AddError> {
    hold(db, user).await?;
    let stored =
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM addresses WHERE user_id = $1"#, user.0)
            .fetch_one(&mut *db)
            .await?;
    if stored >= MOST {
        return Err(AddError::TooMany);
    }
    let is_default = make_default || stored == 0;
    if is_default {
        unset_default(db, user).await?;
    }
    let row = sqlx::query_as!(
        Row,
        "INSERT INTO addresses (id, user_id, full_name, street, second_line, city, state, zip_code, country, phone,
                                is_default)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         RETURNING id, full_name, street, second_line, city, state, zip_code, country, phone, is_default, created_at,
                   updated_at",
        id,
        user.0,
        address.full_name,
        address.street,
        address.second_line,
        address.city,
        address.state,
        address.zip_code,
        address.country,
        address.phone,
        is_default,
    )
    .fetch_one(db)
    .await?;
    Ok(row.into())
}

/// Changes an address, if it is this user's.
pub async fn change(
    db: &mut PgConnection,
    user: UserId,
    id: Uuid,
    change: AddressFields,
    make_default: bool,
) -> Result<Option<StoredAddress>, sqlx::Error> {
    hold(db, user).await?;
    let Some(before) = find(&mut *db, user, id).await? else { return Ok(None) };
    if make_default && !before.is_default {
        unset_default(db, user).await?;
    }
    let address = before.address.with(change);
    let row = sqlx::query_as!(
        Row,
        "UPDATE addresses SET full_name = $2, street = $3, second_line = $4, city = $5, state = $6, zip_code = $7,
                              country = $8, phone = $9, is_default = $10, updated_at = now()
         WHERE id = $1
         RETURNING id, full_name, street, second_line, city, state, zip_code, country, phone, is_default, created_at,
                   updated_at",
        id,
        address.full_name,
        address.street,
        address.second_line,
        address.city,
        address.state,
        address.zip_code,
        address.country,
        address.phone,
        before.is_default || make_default,
    )
    .fetch_one(db)
    .await?;
    Ok(Some(row.into()))
}

/// Removes an address; whether this user had it.
pub async fn remove(db: &mut PgConnection, user: UserId, id: Uuid) -> Result<bool, sqlx::Error> {
    hold(db, user).await?;
    let removed = sqlx::query_scalar!(
        "DELETE FROM addresses WHERE id = $1 AND user_id = $2 RETURNING is_default",
        id,
        user.0,
    )
    .fetch_optional(&mut *db)
    .await?;
    if removed == Some(true) {
        sqlx::query!(
            "UPDATE addresses SET is_default = true
             WHERE id = (SELECT id FROM addresses WHERE user_id = $1 ORDER BY id DESC LIMIT 1)",
            user.0,
        )
        .execute(db)
        .await?;
    }
    Ok(removed.is_some())
}

async fn unset_default(db: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE addresses SET is_default = false WHERE user_id = $1 AND is_default", user.0)
        .execute(db)
        .await?;
    Ok(())
}
