//! Telling somebody that their password was changed: perhaps it wasn't them.

use std::time::Duration;

use domain::ids::UserId;
use identity::messages::{Channel, NewMessage};
use serde_json::json;

use crate::messages::templates;

/// How long it is worth telling.
const LIFE: Duration = Duration::from_secs(7 * 86_400);

/// The message.
pub(crate) fn changed<'a>(user: UserId, email: &'a str, first_name: &str) -> NewMessage<'a> {
    NewMessage {
        user,
        channel: Channel::Email,
        template: templates::PASSWORD_CHANGED,
        recipient: email,
        body: json!({ "name": first_name }),
        life: Some(LIFE),
    }
}
