//! Stored addresses: each user has exactly one default as soon as they have any.
//!
//! Whoever changes a user's addresses holds the user's row, so that changes of one user happen one after another; the
//! first address is the default whatever its request says, a default stays one until another takes its place, and when
//! it is removed the newest of the others does.

mod address;
mod book;
mod look_up;

use api_contract::Timestamp;
use chrono::{DateTime, Utc};
use domain::ids::UserId;
use serde::Serialize;
use sqlx::{PgConnection, PgExecutor, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

pub use address::{Address, AddressFields};
pub use book::AddressBook;

use self::look_up::{AddressOf, look_up};
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
    look_up(db, AddressOf { user, id: Some(id) }).await
}

/// The user's default address, if they have any.
pub async fn default_of(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<StoredAddress>, sqlx::Error> {
    look_up(db, AddressOf { user, id: None }).await
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
///
/// Unless another one is to be the default no longer, one row is all that changes, and one statement says whether that
/// is so: an address that loses its default meanwhile is no row of it, and then the user's row is held.
pub async fn change(
    pool: &PgPool,
    user: UserId,
    id: Uuid,
    fields: &AddressFields,
    make_default: bool,
) -> Result<Option<StoredAddress>, sqlx::Error> {
    let changed = change_alone(pool, user, id, fields, make_default).await?;
    if changed.is_some() || !make_default {
        return Ok(changed);
    }
    let mut transaction = pool.begin().await?;
    hold(&mut transaction, user).await?;
    if find(&mut *transaction, user, id).await?.is_none() {
        return Ok(None);
    }
    unset_default(&mut transaction, user).await?;
    sqlx::query!("UPDATE addresses SET is_default = true WHERE id = $1", id)
        .execute(&mut *transaction)
        .await?;
    let changed = change_alone(&mut *transaction, user, id, fields, true).await?;
    transaction.commit().await?;
    Ok(changed)
}

/// Changes an address that is the default already where it is to be. An empty text takes an optional line away.
async fn change_alone(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: Uuid,
    fields: &AddressFields,
    is_default: bool,
) -> Result<Option<StoredAddress>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "UPDATE addresses SET full_name = nullif(coalesce($3, full_name), ''), street = coalesce($4, street),
                              second_line = nullif(coalesce($5, second_line), ''), city = coalesce($6, city),
                              state = nullif(coalesce($7, state), ''), zip_code = nullif(coalesce($8, zip_code), ''),
                              country = coalesce($9, country), phone = nullif(coalesce($10, phone), ''),
                              updated_at = now()
         WHERE id = $1 AND user_id = $2 AND (is_default OR NOT $11)
         RETURNING id, full_name, street, second_line, city, state, zip_code, country, phone, is_default, created_at,
                   updated_at",
        id,
        user.0,
        fields.full_name,
        fields.street,
        fields.second_line,
        fields.city,
        fields.state,
        fields.zip_code,
        fields.country,
        fields.phone,
        is_default,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(StoredAddress::from))
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
