//! Making people from the command line.

use api_contract::{BoxError, Role};
use domain::ids::UserId;
use identity::users::NewUser;
use identity::{shops, users};
use sqlx::PgPool;

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

/// A full name as first name and the rest.
pub(crate) fn split_name(full: &str) -> (String, String) {
    let full = full.trim();
    let (first, rest) = full.split_once(char::is_whitespace).unwrap_or((full, ""));
    (first.to_owned(), rest.trim().to_owned())
}
