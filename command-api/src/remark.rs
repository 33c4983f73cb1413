//! What somebody writes about an order or a payment: a note, a reason.

use std::fmt::Display;

use api_contract::ApiError;
use domain::aggregate::Stored;
use domain::ids::{PersonalId, UserId};
use identity::personal::{KeepError, Purpose, Rows};

use crate::command::state;
use crate::shop::Shop;

/// Keeps what is written about something, if anything is: it is of whose that is, and erased with them, and not
/// kept where they were erased already. What is about something that there isn't is nobody's, and swept.
pub async fn keep<A: Stored>(
    shop: &Shop,
    about: impl Display,
    whose: impl FnOnce(&A) -> Option<UserId>,
    purpose: Purpose,
    text: Option<&str>,
) -> Result<Option<PersonalId>, ApiError> {
    if text.is_none() {
        return Ok(None);
    }
    let about: A = state(&shop.decider, about).await?;
    let mut rows = Rows::of(whose(&about));
    let id = rows.text(purpose, text);
    match shop.personal.keep(rows).await {
        Ok(()) => Ok(id),
        Err(KeepError::Erased) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
