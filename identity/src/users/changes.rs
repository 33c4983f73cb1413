//! What changes of a user after they registered.

use chrono::NaiveDate;
use domain::ids::UserId;
use sqlx::{PgConnection, PgExecutor};

use super::RegisterError;
use crate::messages::Channel;
use crate::verification_codes;

/// What is to change of a user; what is not named stays.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs, reason = "the columns' names say it")]
pub struct ProfileChange {
    pub username: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// An empty text takes it away, as with every text below.
    pub phone: Option<String>,
    /// `Some(None)` takes it away.
    pub date_of_birth: Option<Option<NaiveDate>>,
    pub gender: Option<String>,
    pub interests: Option<Vec<String>>,
    pub avatar_url: Option<String>,
    pub bio: Option<String>,
    pub preferences: Option<serde_json::Value>,
}

/// Changes a user. Another phone is not verified, and a code that was sent to the old one is forgotten.
pub async fn change(
    db: &mut PgConnection,
    user: UserId,
    change: &ProfileChange,
) -> Result<(), RegisterError> {
    let before = hold(db, user).await?;
    sqlx::query!(
        "UPDATE users SET
             username = coalesce($2, username), first_name = coalesce($3, first_name),
             last_name = coalesce($4, last_name), phone = nullif(coalesce($5, phone), ''),
             phone_verified_at = CASE WHEN $5 <> coalesce(phone, '') THEN NULL ELSE phone_verified_at END,
             date_of_birth = CASE WHEN $6 THEN $7 ELSE date_of_birth END,
             gender = nullif(coalesce($8, gender), ''), interests = coalesce($9, interests),
             avatar_url = nullif(coalesce($10, avatar_url), ''), bio = nullif(coalesce($11, bio), ''),
             preferences = coalesce($12, preferences), updated_at = now()
         WHERE id = $1",
        user.0,
        change.username,
        change.first_name,
        change.last_name,
        change.phone,
        change.date_of_birth.is_some(),
        change.date_of_birth.flatten(),
        change.gender,
        change.interests.as_deref(),
        change.avatar_url,
        change.bio,
        change.preferences,
    )
    .execute(&mut *db)
    .await?;
    if change.phone.as_ref().is_some_and(|phone| Some(phone) != before.phone.as_ref()) {
        verification_codes::forget(db, user, Channel::Sms).await?;
    }
    Ok(())
}

/// Somebody's address and phone, which of them are proved to be theirs, and what they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reachable {
    /// The e-mail address.
    pub email: String,
    /// The phone number.
    pub phone: Option<String>,
    /// The username, if they have one.
    pub username: Option<String>,
    /// The first name; may be empty.
    pub first_name: String,
    /// The address is theirs.
    pub email_verified: bool,
    /// The number is theirs.
    pub phone_verified: bool,
}

/// How a user can be reached, if they exist.
pub async fn reachable(db: impl PgExecutor<'_>, user: UserId) -> Result<Option<Reachable>, sqlx::Error> {
    sqlx::query_as!(
        Reachable,
        r#"SELECT email, phone, username, first_name, email_verified_at IS NOT NULL AS "email_verified!",
                  phone_verified_at IS NOT NULL AS "phone_verified!"
           FROM users WHERE id = $1 AND erased_at IS NULL"#,
        user.0
    )
    .fetch_optional(db)
    .await
}

/// Notes that the e-mail address, or the phone, is the user's.
pub async fn verified(db: impl PgExecutor<'_>, user: UserId, channel: Channel) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE users SET
             email_verified_at = CASE WHEN $2 THEN coalesce(email_verified_at, now()) ELSE email_verified_at END,
             phone_verified_at = CASE WHEN $2 THEN phone_verified_at ELSE coalesce(phone_verified_at, now()) END
         WHERE id = $1",
        user.0,
        channel == Channel::Email,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Gives a user another password, if nobody gave them another since `old` was read.
pub async fn set_password(
    db: &mut PgConnection,
    user: UserId,
    old: Option<&str>,
    new: &str,
) -> Result<bool, sqlx::Error> {
    hold(db, user).await?;
    let changed = sqlx::query!(
        "UPDATE users SET password_hash = $3, updated_at = now()
         WHERE id = $1 AND ($2::text IS NULL OR password_hash = $2) AND erased_at IS NULL",
        user.0,
        old,
        new,
    )
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Waits for whoever else changes this user, their addresses or sessions; until the transaction ends nobody else does.
/// A user who isn't there is [`sqlx::Error::RowNotFound`].
pub async fn hold(db: &mut PgConnection, user: UserId) -> Result<Held, sqlx::Error> {
    sqlx::query_as!(
        Held,
        "SELECT phone FROM users WHERE id = $1 AND erased_at IS NULL FOR NO KEY UPDATE",
        user.0
    )
    .fetch_one(db)
    .await
}

/// A user as they are before a change.
#[derive(Clone, Debug)]
pub struct Held {
    phone: Option<String>,
}
