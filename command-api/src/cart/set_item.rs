//! `PATCH` and `PUT /cart/items/{id}`: the quantity of a product in the cart; 0 takes it out.

use api_contract::{ApiError, EventPosition, IfMatch, JsonBody, PathId, Success, Version};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::patch;
use domain::cart::Cart;
use domain::decisions::{SetItemQuantity, set_item_quantity};
use domain::ids::ProductId;
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision};
use serde::Serialize;

use super::add_item::ItemAnswer;
use super::{MOST_UNITS, cart_at, products, refusal, require_buyer};
use crate::command::{Caller, decide};
use crate::shop::Shop;

pub(super) fn route() -> Router<Shop> {
    Router::new().route("/cart/items/{id}", patch(set).put(set))
}

/// Of a product that was taken out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Removed<'a> {
    id: ProductId,
    product_id: ProductId,
    quantity: u32,
    cart: &'a api_contract::views::CartView,
}

async fn set(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(product_id): PathId<ProductId>,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    require_buyer(&caller.principal)?;
    let quantity = body.read(|f| f.field("quantity").required().integer(0..=MOST_UNITS))?;
    let quantity = u32::try_from(quantity).map_err(ApiError::internal)?;
    let user_id = caller.principal.user;
    let command = SetItemQuantity { user_id, product_id, quantity };
    let decision = move |streams: &mut Decision<'_>| {
        if_match.check(streams.version::<Cart, ApiError>(user_id)?).map_err(Halt::Refused)?;
        set_item_quantity(streams, &command).map_err(|halt| halt.map(|error| refusal(&error)))?;
        products(streams, user_id)
    };
    let (products, position) = match decide(&shop.decider, caller.submission(), decision).await? {
        Accepted::Done { value, position } => (Some(value), position),
        Accepted::Replayed(before) => (None, before.position),
    };
    let (cart, version) = cart_at(&shop, user_id, products, position).await?;
    let headers = (Version(version), EventPosition(position));
    Ok(if let Some(item) = cart.item(product_id) {
        (headers, Success::new(ItemAnswer { item, cart: &cart }).message("Cart item updated")).into_response()
    } else {
        let removed = Removed { id: product_id, product_id, quantity: 0, cart: &cart };
        (headers, Success::new(removed).message("Cart item removed")).into_response()
    })
}
