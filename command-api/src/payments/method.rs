//! How a request names the method to pay by (a stored method's id, a gateway's token, or a word) and its gateway.

use std::borrow::Cow;

use api_contract::{ApiError, Code, Fields};
use domain::ids::UserId;
use domain::order::payment_words;
use identity::payment_methods::{self, StoredMethod};
use sqlx::PgPool;
use uuid::Uuid;

use crate::gateway::{Gateways, LONGEST_METHOD, is_token};

/// Reads `paymentMethodId`.
pub fn read(f: &mut Fields<'_, '_>) -> Option<String> {
    let method = f.field("paymentMethodId").or("cardToken").text(1..=LONGEST_METHOD)?;
    match rule(&method) {
        Ok(method) => Some(method),
        Err(problem) => {
            f.violation("paymentMethodId", Code::InvalidFormat, format!("paymentMethodId {problem}"));
            None
        }
    }
}

/// Reads `paymentGateway`: the one that is named, or else the one that is preferred, if it is configured.
pub(super) fn gateway(f: &mut Fields<'_, '_>, gateways: &Gateways) -> Option<&'static str> {
    let named = f.field("paymentGateway").is_given();
    let name = f.field("paymentGateway").one_of(&[("stripe", "stripe"), ("simulator", "simulator")]);
    let configured =
        if named { name.filter(|name| gateways.get(name).is_some()) } else { gateways.preferred() };
    if configured.is_none() && (name.is_some() || !named) {
        f.violation("paymentGateway", Code::ValidationError, "paymentGateway is not configured");
    }
    configured
}

/// Whether the gateway may know this as a token for a method.
pub(super) fn is_token_of(gateways: &Gateways, gateway: &str, text: &str) -> bool {
    gateways.get(gateway).is_some_and(|gateway| gateway.accepts(text))
}

/// A method's id, or a token. What it can't be is a card's number: no card number is taken.
fn rule(text: &str) -> Result<String, Cow<'static, str>> {
    if is_token(text, &["tok_", "pm_"]) || is_id(text) {
        Ok(text.to_owned())
    } else {
        Err("must be a payment method's id".into())
    }
}

fn unknown_word() -> Cow<'static, str> {
    let words = payment_words::ACCEPTED.join(", ").replace('_', " ");
    format!("must be a payment method's id, or one of {words}").into()
}

/// A word like `card`; or a token. The order's event has the one that was given, so it can't be any text.
pub fn word_rule(text: &str) -> Result<String, Cow<'static, str>> {
    if payment_words::is_accepted(text) {
        Ok(text.to_owned())
    } else {
        rule(text).map_err(|_| unknown_word())
    }
}

/// Refuses the id of a method that isn't this user's. A token, or a word, is nobody's.
pub async fn require_known(pool: &PgPool, user: UserId, method: &str) -> Result<(), ApiError> {
    match named(pool, Some(user), method).await? {
        Named::Stored(_) | Named::Text => Ok(()),
        Named::Nothing => Err(unknown()),
    }
}

/// What a request, or an order, names as its method.
pub(super) enum Named {
    /// One that is stored.
    Stored(StoredMethod),
    /// None: it is an id, and of no method of this user's.
    Nothing,
    /// What is no id: a token, or a word.
    Text,
}

/// What this names, of this user's. A guest has stored none.
pub(super) async fn named(pool: &PgPool, user: Option<UserId>, method: &str) -> Result<Named, ApiError> {
    let Some(id) = Uuid::try_parse(method).ok().filter(|_| is_id(method)) else { return Ok(Named::Text) };
    let Some(user) = user else { return Ok(Named::Nothing) };
    let found = payment_methods::find(pool, user, id).await.map_err(identity::failed)?;
    Ok(found.map_or(Named::Nothing, Named::Stored))
}

/// How an id of no method is answered.
pub(super) fn unknown() -> ApiError {
    ApiError::not_found("Payment method").field("paymentMethodId")
}

/// The gateway's own name of the method that an attempt charges: an attempt names a stored one by our id, for the gateway's
/// names of a person are not for events; nothing where it was removed meanwhile. Attempts of before name what their gateway
/// is told.
pub async fn reference(pool: &PgPool, method: &str) -> Result<Option<String>, sqlx::Error> {
    match Uuid::try_parse(method).ok().filter(|_| is_id(method)) {
        Some(id) => payment_methods::reference(pool, id).await,
        None => Ok(Some(method.to_owned())),
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_ids_and_words_are_methods_and_card_numbers_are_not() {
        assert!(rule("tok_visa").is_ok() && rule("pm_card_visa").is_ok());
        assert!(rule("0190c1f0-0000-7000-8000-000000000001").is_ok());
        assert!(word_rule("card").is_ok() && word_rule("Credit Card").is_ok());
        for wrong in ["4242424242424242", "pm-001", "tok_", "tok_'--", "pm_", ""] {
            assert!(rule(wrong).is_err(), "{wrong}");
        }
        assert!(word_rule("4242 4242 4242 4242").is_err() && word_rule("My name is Ann Archer").is_err());
    }
}
