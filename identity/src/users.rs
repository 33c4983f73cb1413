//! People and services with an account.

mod changes;

use api_contract::{ApiError, Role};
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{SellerId, UserId};
use sqlx::PgExecutor;
use uuid::Uuid;

pub use changes::{Held, ProfileChange, Reachable, change, hold, reachable, set_password, verified};

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
    /// Since when an operator keeps them out.
    pub locked_at: Option<DateTime<Utc>>,
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
            RegisterError::Postgres(_) => crate::failed(error),
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

/// Refuses what is somebody else's, all of it. It may be taken a moment later; [`insert`] has the last word.
pub async fn require_free(
    db: impl PgExecutor<'_>,
    email: &str,
    username: Option<&str>,
) -> Result<(), ApiError> {
    let taken = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM users WHERE lower(email) = lower($1)) AS "email!",
                  EXISTS (SELECT FROM users WHERE lower(username) = lower($2)) AS "username!""#,
        email,
        username,
    )
    .fetch_one(db)
    .await
    .map_err(crate::failed)?;
    let email = taken.email.then_some(RegisterError::EmailTaken);
    let username = taken.username.then_some(RegisterError::UsernameTaken);
    let refusals: Vec<_> = email.into_iter().chain(username).map(ApiError::from).collect();
    let violations: Vec<_> = refusals.iter().flat_map(|refusal| refusal.violations().to_vec()).collect();
    if violations.is_empty() { Ok(()) } else { Err(ApiError::all(violations)) }
}

struct AccountRow {
    id: Uuid,
    email: String,
    first_name: String,
    last_name: String,
    roles: Vec<String>,
    shop: Option<Uuid>,
    password_hash: String,
    locked_at: Option<DateTime<Utc>>,
}

impl From<AccountRow> for Account {
    fn from(row: AccountRow) -> Self {
        Self {
            id: UserId(row.id),
            email: row.email,
            first_name: row.first_name,
            last_name: row.last_name,
            roles: roles(&row.roles),
            shop: row.shop.map(SellerId),
            password_hash: row.password_hash,
            locked_at: row.locked_at,
        }
    }
}

/// The account with this e-mail address or username. An address has an `@` and a username has none.
pub async fn find(db: impl PgExecutor<'_>, identifier: &str) -> Result<Option<Account>, sqlx::Error> {
    let row = sqlx::query_as!(
        AccountRow,
        r#"SELECT u.id, u.email, u.first_name, u.last_name, u.roles, u.password_hash, u.locked_at, s.id AS "shop?"
           FROM users u LEFT JOIN shops s ON s.owner_id = u.id AND s.status = 'verified'
           WHERE (lower(u.email) = lower($1) OR lower(u.username) = lower($1)) AND u.erased_at IS NULL"#,
        identifier
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Account::from))
}

/// A user's account, if they exist.
pub async fn by_id(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<Account>, sqlx::Error> {
    let row = sqlx::query_as!(
        AccountRow,
        r#"SELECT u.id, u.email, u.first_name, u.last_name, u.roles, u.password_hash, u.locked_at, s.id AS "shop?"
           FROM users u LEFT JOIN shops s ON s.owner_id = u.id AND s.status = 'verified'
           WHERE u.id = $1 AND u.erased_at IS NULL"#,
        user.0
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Account::from))
}

/// Whether nobody is registered.
pub async fn is_empty(db: impl PgExecutor<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT NOT EXISTS (SELECT FROM users) AS "empty!""#).fetch_one(db).await
}

/// Notes a successful login. Answers false where the account was locked, or its password changed, since the one that was
/// typed was compared.
pub async fn logged_in(db: impl PgExecutor<'_>, account: &Account) -> Result<bool, sqlx::Error> {
    let noted = sqlx::query!(
        "UPDATE users SET last_login_at = now() WHERE id = $1 AND password_hash = $2 AND locked_at IS NULL",
        account.id.0,
        account.password_hash,
    )
    .execute(db)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// What a user sees of themself, if they exist.
pub async fn profile(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<Profile>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT u.email, u.username, u.first_name, u.last_name, u.phone, u.date_of_birth, u.gender, u.interests,
                  u.avatar_url, u.bio, u.preferences, u.roles, u.created_at, u.updated_at, s.id AS "shop?",
                  u.email_verified_at IS NOT NULL AS "email_verified!",
                  u.phone_verified_at IS NOT NULL AS "phone_verified!"
           FROM users u LEFT JOIN shops s ON s.owner_id = u.id AND s.status = 'verified'
           WHERE u.id = $1 AND u.erased_at IS NULL"#,
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

/// What these people are called before everybody, in no order: the first name, and of the last one its first letter. Whoever
/// was erased, or has no name, is not among them.
pub async fn names_for_others(
    db: impl PgExecutor<'_>,
    users: &[UserId],
) -> Result<Vec<(UserId, String)>, sqlx::Error> {
    let ids: Vec<Uuid> = users.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "SELECT id, first_name, last_name FROM users WHERE id = ANY($1) AND erased_at IS NULL",
        &ids
    )
    .fetch_all(db)
    .await?;
    let named = rows
        .into_iter()
        .filter_map(|row| Some((UserId(row.id), name_for_others(&row.first_name, &row.last_name)?)));
    Ok(named.collect())
}

fn name_for_others(first: &str, last: &str) -> Option<String> {
    let (first, initial) = (first.trim(), last.trim().chars().next());
    match (first, initial) {
        ("", None) => None,
        ("", Some(initial)) => Some(format!("{initial}.")),
        (first, None) => Some(first.to_owned()),
        (first, Some(initial)) => Some(format!("{first} {initial}.")),
    }
}

fn names(roles: &[Role]) -> Vec<String> {
    roles.iter().map(|role| role.name().to_owned()).collect()
}

/// The column's check lets no other word in.
fn roles(names: &[String]) -> Vec<Role> {
    names.iter().filter_map(|name| name.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_see_the_first_name_and_a_letter() {
        for (first, last, seen) in [
            ("John", "Doe", Some("John D.")),
            (" John ", "", Some("John")),
            ("", "Über", Some("Ü.")),
            ("", " ", None),
        ] {
            assert_eq!(name_for_others(first, last).as_deref(), seen);
        }
    }
}
