//! One-time codes: made, hashed and put into the outbox.

use domain::ids::UserId;
use identity::messages::{self, Channel, NewMessage};
use identity::verification_codes;
use rand::Rng as _;
use serde_json::json;
use sqlx::PgConnection;

use crate::messages::templates;
use crate::passwords::{PasswordError, Passwords};

/// Six digits that are sent, and the hash that is kept.
pub(crate) struct OneTimeCode {
    digits: String,
    hash: String,
}

/// Who is sent a code, and where.
pub(crate) struct Recipient<'a> {
    pub user: UserId,
    pub channel: Channel,
    pub address: &'a str,
    pub name: &'a str,
}

impl OneTimeCode {
    /// Another one.
    pub(crate) async fn new(passwords: &Passwords) -> Result<Self, PasswordError> {
        let digits = format!("{:06}", rand::rng().random_range(0..1_000_000));
        let hash = passwords.hash(digits.clone()).await?;
        Ok(Self { digits, hash })
    }
}

/// Puts a code into the outbox, in place of the one before. Answers false when too many were sent lately.
pub(crate) async fn send(
    db: &mut PgConnection,
    to: Recipient<'_>,
    code: &OneTimeCode,
) -> Result<bool, sqlx::Error> {
    if !verification_codes::issue(&mut *db, to.user, to.channel, &code.hash).await? {
        return Ok(false);
    }
    let template = match to.channel {
        Channel::Email => templates::VERIFY_EMAIL,
        Channel::Sms => templates::VERIFY_MOBILE,
    };
    let message = NewMessage {
        user: to.user,
        channel: to.channel,
        template,
        recipient: to.address,
        body: json!({ "name": to.name, "code": code.digits }),
        life: Some(verification_codes::LIFE),
    };
    messages::queue(db, message).await?;
    Ok(true)
}
