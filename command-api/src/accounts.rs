//! Making people from the command line, and saying what they may do.

use std::borrow::Cow;

use api_contract::{BoxError, Role};
use domain::ids::UserId;
use identity::left_at_gateways::LeftAtGateway;
use identity::users::{Account, NewUser};
use identity::{shops, standing, users};
use sqlx::{PgExecutor, PgPool};
use uuid::Uuid;

use crate::passwords::Passwords;

/// Who is to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Unique, whatever the case of its letters.
    pub email: String,
    /// Taken as it is: an operator is not held to the rules of registration.
    pub password: String,
    /// What they may do.
    pub role: Role,
    /// First and last name, and a seller's shop; the e-mail address's first part if none is given.
    pub name: Option<String>,
}

/// Makes a user, as `daybook user create` does. A seller made so has a verified shop.
pub async fn create_user(pool: &PgPool, passwords: &Passwords, new: NewAccount) -> Result<UserId, BoxError> {
    let local_part = new.email.split('@').next().unwrap_or_default().to_owned();
    let name = new.name.unwrap_or(local_part);
    let (first_name, last_name) = split_name(&name);
    let user = NewUser {
        password_hash: passwords.hash(new.password).await?,
        email: new.email.trim().to_owned(),
        username: None,
        first_name,
        last_name,
        phone: None,
        roles: vec![new.role],
    };
    let mut transaction = pool.begin().await?;
    let id = users::insert(&mut *transaction, &user).await?;
    if new.role == Role::Seller {
        shops::open_verified(&mut *transaction, id, &name).await?;
    }
    transaction.commit().await?;
    Ok(id)
}

/// There is no such account.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody has the e-mail address or username {0}")]
pub struct Nobody(String);

/// A user's last role was to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is their last role: grant another one first, or lock the account")]
pub struct LastRole;

/// Gives somebody a role, as `daybook user grant` does. Who becomes a seller has a verified shop then.
pub async fn grant(pool: &PgPool, who: &str, role: Role) -> Result<(), BoxError> {
    let mut transaction = pool.begin().await?;
    let account = named(&mut *transaction, who).await?;
    users::hold(&mut transaction, account.id).await?;
    standing::grant(&mut *transaction, account.id, role).await?;
    if role == Role::Seller && account.shop.is_none() {
        let full_name = format!("{} {}", account.first_name, account.last_name);
        let local_part = account.email.split('@').next().unwrap_or_default();
        let name = if full_name.trim().is_empty() { local_part } else { full_name.trim() };
        shops::open_verified(&mut *transaction, account.id, name).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Takes a role from somebody.
pub async fn revoke(pool: &PgPool, who: &str, role: Role) -> Result<(), BoxError> {
    let account = named(pool, who).await?;
    if standing::revoke(pool, account.id, role).await? { Ok(()) } else { Err(LastRole.into()) }
}

/// Keeps somebody out.
pub async fn lock(pool: &PgPool, who: &str) -> Result<(), BoxError> {
    let mut transaction = pool.begin().await?;
    let account = named(&mut *transaction, who).await?;
    standing::lock(&mut transaction, account.id).await?;
    transaction.commit().await?;
    Ok(())
}

/// Lets somebody in again.
pub async fn unlock(pool: &PgPool, who: &str) -> Result<(), BoxError> {
    let mut transaction = pool.begin().await?;
    let account = named(&mut *transaction, who).await?;
    standing::unlock(&mut transaction, account.id).await?;
    transaction.commit().await?;
    Ok(())
}

/// Somebody was erased.
#[derive(Clone, Debug)]
pub struct Erased {
    /// Who it was: gateways know a person by this id.
    pub user: UserId,
    /// What their gateways still have, and are asked to forget by the process manager of payments.
    pub left: Vec<LeftAtGateway>,
}

/// Erases what is known of somebody.
pub async fn erase(pool: &PgPool, passwords: &Passwords, who: &str) -> Result<Erased, BoxError> {
    let unusable = passwords.hash(Uuid::new_v4().to_string()).await?;
    let mut transaction = pool.begin().await?;
    let account = named(&mut *transaction, who).await?;
    let left = standing::erase(&mut transaction, account.id, &unusable).await?;
    transaction.commit().await?;
    Ok(Erased { user: account.id, left })
}

async fn named(db: impl PgExecutor<'_>, who: &str) -> Result<Account, BoxError> {
    Ok(users::find(db, who.trim()).await?.ok_or_else(|| Nobody(who.to_owned()))?)
}

/// A username: without an `@`, so that no username is another's e-mail address, and of ASCII alone, so that none looks like
/// another (Unicode Technical Standard 39: `jane` with a Cyrillic `а`).
pub(crate) fn username(text: &str) -> Result<String, Cow<'static, str>> {
    if text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)) {
        Ok(text.to_owned())
    } else {
        Err("must have the letters A to Z, digits, '_', '.' and '-' only".into())
    }
}

/// The most characters of a first name, and of a last name.
const LONGEST_NAME: usize = 100;

/// A full name, both parts of which are as long as each may be alone.
pub(crate) fn full_name(text: &str) -> Result<String, Cow<'static, str>> {
    let (first, rest) = split_name(text);
    if [first, rest].iter().all(|part| part.chars().count() <= LONGEST_NAME) {
        Ok(text.to_owned())
    } else {
        Err(format!("must be a first and a last name of at most {LONGEST_NAME} characters each").into())
    }
}

/// A full name as first name and the rest.
pub(crate) fn split_name(full: &str) -> (String, String) {
    let full = full.trim();
    let (first, rest) = full.split_once(char::is_whitespace).unwrap_or((full, ""));
    (first.to_owned(), rest.trim().to_owned())
}
