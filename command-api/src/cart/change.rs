//! Changing the caller's cart, and what it then is.

use api_contract::views::{CartRecord, CartView};
use api_contract::{ApiError, EventPosition, IfMatch, Version};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::cart::{Cart, CartCommand, CartError};
use domain::coupon::Coupon;
use domain::decisions::{Offers, Quoting, offers_of_cart};
use domain::ids::UserId;
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision, Submission};

use super::cart_refusal;
use crate::command::{Caller, decide, now};
use crate::history::{Told, told};
use crate::shop::Shop;
use crate::tax;

/// A cart after a command.
pub(super) struct Changed<R> {
    /// What the change said of itself; nothing where its answer is given again.
    pub said: Option<R>,
    /// The cart, with the prices and the stock of now.
    pub cart: CartView,
    /// Its version.
    pub version: u64,
    /// The position of the command's last event.
    pub position: i64,
}

/// Whose cart is changed, if it still has the version that was asked for, and when.
pub(super) struct Change {
    pub user_id: UserId,
    pub if_match: IfMatch,
    pub at: DateTime<Utc>,
}

/// Has a change decided. It must leave the cart loaded.
pub(super) async fn change<R: Send + 'static>(
    shop: &Shop,
    submission: Submission,
    Change { user_id, if_match, at }: Change,
    change: impl Fn(&mut Decision<'_>) -> Result<R, Halt<ApiError>> + Send + 'static,
) -> Result<Changed<R>, ApiError> {
    let decision = move |streams: &mut Decision<'_>| {
        let before = version_before(streams, user_id, &if_match)?;
        let said = change(streams)?;
        Ok((said, left(streams, user_id, before, at)?))
    };
    // The events occurred at the moment that the answer tells.
    let submission = Submission { occurred_at: Some(at), ..submission };
    let (said, left, position) = match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value: (said, left), position } => (Some(said), Some(left), position),
        Accepted::Replayed(before) => (None, None, before.position),
    };
    let (cart, version) = view(shop, user_id, left, position).await.map_err(ApiError::after_acceptance)?;
    Ok(Changed { said, cart, version, position })
}

/// Has something taken out of the caller's cart. The answer says its version, and nothing of what is left in it: 204.
pub(super) async fn take_out(
    shop: &Shop,
    caller: &Caller,
    if_match: IfMatch,
    taking: CartCommand,
) -> Result<Response, ApiError> {
    let user_id = caller.principal.user;
    let decision = move |streams: &mut Decision<'_>| {
        version_before(streams, user_id, &if_match)?;
        let taken = streams.execute::<Cart, CartError>(user_id, taking.clone());
        taken.map_err(|halt| halt.map(cart_refusal))?;
        streams.version::<Cart, ApiError>(user_id)
    };
    let (version, position) = match decide(&shop.decider, caller.submission(), decision).await? {
        Accepted::Done { value, position } => (value, position),
        Accepted::Replayed(before) => (0, before.position),
    };
    Ok((StatusCode::NO_CONTENT, Version(version), EventPosition(position), ()).into_response())
}

/// The version that a cart has before a change, if it still is the one that was asked for.
fn version_before(
    streams: &Decision<'_>,
    user_id: UserId,
    if_match: &IfMatch,
) -> Result<u64, Halt<ApiError>> {
    let before = streams.version::<Cart, ApiError>(user_id)?;
    if_match.check(before).map_err(Halt::Refused)?;
    Ok(before)
}

/// What a decision leaves: the cart, and what the catalog says of the products in it.
struct Left {
    /// Nothing where only the stream knows all of its moments.
    record: Option<CartRecord>,
    beside: Beside,
}

/// What the catalog says of the products in a cart, and the coupon that lies in it.
type Beside = (Offers, Option<Coupon>);

fn left(
    streams: &Decision<'_>,
    user_id: UserId,
    before: u64,
    at: DateTime<Utc>,
) -> Result<Left, Halt<ApiError>> {
    let version = streams.version::<Cart, ApiError>(user_id)?;
    let cart = streams.state::<Cart, ApiError>(user_id)?;
    // What changed nothing leaves the moment of the last change, which the stream has.
    let record = (version > before).then(|| CartRecord::changed(cart, version, at)).flatten();
    Ok(Left { record, beside: offers_of_cart(streams, user_id)? })
}

/// The cart as a command left it, and its version. What a decision doesn't know comes from the stream, up to the command's
/// last event. An answer that is given again has the names and prices of now.
async fn view(
    shop: &Shop,
    user_id: UserId,
    left: Option<Left>,
    position: i64,
) -> Result<(CartView, u64), ApiError> {
    let (record, beside) = left.map_or((None, None), |left| (left.record, Some(left.beside)));
    let record = async {
        if let Some(record) = record {
            return Ok(record);
        }
        let Told { record, .. } = told::<CartRecord>(&shop.log, user_id, Some(position)).await?;
        Ok(record)
    };
    let (record, tax_rate) = tokio::try_join!(record, tax::rate_at_home(shop, user_id))?;
    let (offers, coupon) = match beside {
        Some(beside) => beside,
        None => beside_now(shop, user_id).await?,
    };
    let quoting = Quoting { user_id, at: now(), tax_rate, currency: shop.rules.currency };
    let view = CartView::of(&record, &offers, coupon.as_ref(), quoting);
    Ok((view.map_err(|error| ApiError::conflict(error.to_string()))?, record.version))
}

async fn beside_now(shop: &Shop, user_id: UserId) -> Result<Beside, ApiError> {
    let look = move |streams: &mut Decision<'_>| {
        streams.state::<Cart, ApiError>(user_id)?;
        offers_of_cart(streams, user_id)
    };
    match decide(&shop.decider, Submission::default(), look).await? {
        Accepted::Done { value, position: _ } => Ok(value),
        Accepted::Replayed(_) => Ok(Beside::default()),
    }
}
