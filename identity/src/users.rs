//! People and services with an account.

use api_contract::{ApiError, Role};
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{SellerId, UserId};
use sqlx::PgExecutor;
use uuid::Uuid;

/// Somebody to be registered.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Unique, whatever the case of its letters.
    pub email: String,
    /// Unique, whatever the case of its letters.
    pub username: Option<String>,
    /// Argon2id, in PHC form.
    pub password_hash: String,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// As given.
    pub phone: Option<String>,
    /// At least one.
    pub roles: Vec<Role>,
}

/// What a login needs to know.
#[derive(Clone, Debug)]
pub struct Account {
    /// Who.
    pub id: UserId,
    /// As it was registered.
    pub email: String,
    /// May be empty.
    pub first_name: String,
    /// May be empty.
    pub last_name: String,
    /// What they may do.
    pub roles: Vec<Role>,
    /// Their shop, once it is verified.
    pub shop: Option<SellerId>,
    /// Argon2id, in PHC form.
    pub password_hash: String,
}

/// Everything that `GET /users/me` shows.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "the columns' names say it")]
pub struct Profile {
    pub id: UserId,
    pub email: String,
    pub username: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub phone: Option<String>,
    pub date_of_birth: Option<NaiveDate>,
    pub gender: Option<String>,
    pub interests: Vec<String>,
    pub avatar_url: Option<String>,
    pub bio: Option<String>,
    pub preferences: serde_json::Value,
    pub roles: Vec<Role>,
    pub shop: Option<SellerId>,
    pub email_verified: bool,
    pub phone_verified: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Why somebody could not be registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Somebody has this e-mail address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// Somebody has this username.
    #[error("the username is taken")]
    UsernameTaken,
    /// Postgres said so.
    #[error("storing a user failed")]
    Postgres(#[source] sqlx::Error),
}

impl From<sqlx::Error> for RegisterError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error().and_then(|e| e.constraint()) {
            Some("users_email") => Self::EmailTaken,
            Some("users_username") => Self::UsernameTaken,
            _ => Self::Postgres(error),
        }
    }
}

impl From<RegisterError> for ApiError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::EmailTaken => {
                Self::already_exists("email", "This e-mail address is already registered")
            }
            RegisterError::UsernameTaken => {
                Self::already_exists("username", "This username is already taken")
            }
            RegisterError::Postgres(_) => Self::internal(error),
        }
    }
}

/// Stores a new user. Of two at the same moment with one address, one is refused.
pub async fn insert(db: impl PgExecutor<'_>, new: &NewUser) -> Result<UserId, RegisterError> {
    let id = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO users (id, email, username, password_hash, first_name, last_name, phone, roles)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        new.email,
        new.username,
        new.password_hash,
        new.first_name,
        new.last_name,
        new.phone,
        &names(&new.roles),
    )
    .execute(db)
    .await?;
    Ok(UserId(id))
}

/// The account with this e-mail address or username. An address has an `@` and a username has none.
pub async fn find(db: impl PgExecutor<'_>, identifier: &str) -> Result<Option<Account>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT u.id, u.email, u.first_name, u.last_name, u.roles, u.password_hash, s.id AS "shop?"
           FROM users u LEFT JOIN shops s ON s.owner_id = u.id AND s.status = 'verified'
           WHERE lower(u.email) = lower($1) OR lower(u.username) = lower($1)"#,
        identifier
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Account {
        id: UserId(row.id),
        email: row.email,
        first_name: row.first_name,
        last_name: row.last_name,
        roles: roles(&row.roles),
        shop: row.shop.map(SellerId),
        password_hash: row.password_hash,
    }))
}

/// Whether nobody is registered.
pub async fn is_empty(db: impl PgExecutor<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT NOT EXISTS (SELECT FROM users) AS "empty!""#).fetch_one(db).await
}

/// Notes a successful login.
pub async fn logged_in(db: impl PgExecutor<'_>, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE users SET last_login_at = now() WHERE id = $1", user.0).execute(db).await?;
    Ok(())
}

/// What a user sees of themself, if they exist.
pub async fn profile(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<Profile>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT u.email, u.username, u.first_name, u.last_name, u.phone, u.date_of_birth, u.gender, u.interests,
                  u.avatar_url, u.bio, u.preferences, u.roles, u.created_at, u.updated_at, s.id AS "shop?",
                  u.email_verified_at IS NOT NULL AS "email_verified!",
                  u.phone_verified_at IS NOT NULL AS "phone_verified!"
           FROM users u LEFT JOIN shops s ON s.owner_id = u.id AND s.status = 'verified'
           WHERE u.id = $1"#,
        user.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Profile {
        id: user,
        email: row.email,
        username: row.username,
        first_name: row.first_name,
        last_name: row.last_name,
        phone: row.phone,
        date_of_birth: row.date_of_birth,
        gender: row.gender,
        interests: row.interests,
        avatar_url: row.avatar_url,
        bio: row.bio,
        preferences: row.preferences,
        roles: roles(&row.roles),
        shop: row.shop.map(SellerId),
        email_verified: row.email_verified,
        phone_verified: row.phone_verified,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }))
}

fn names(roles: &[Role]) -> Vec<String> {
    roles.iter().map(|role| role.name().to_owned()).collect()
}

/// The column's check lets no other word in.
fn roles(names: &[String]) -> Vec<Role> {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}
