//! `POST /cart/items`: a product goes into the cart, or more of it.

use api_contract::views::{CartItemView, CartView};
use api_contract::{ApiError, EventPosition, Fields, IdempotencyKey, IfMatch, JsonBody, Success, Version};
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::cart::Cart;
use domain::decisions::{AddItem, add_item};
use domain::ids::ProductId;
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision};
use serde::Serialize;

use super::{MOST_UNITS, cart_at, products, refusal, require_buyer};
use crate::command::{Caller, decide};
use crate::shop::Shop;

pub(super) fn route() -> Router<Shop> {
    Router::new().route("/cart/items", post(add))
}

struct NewItem {
    product_id: ProductId,
    quantity: u32,
}

impl NewItem {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let product_id = f.field("productId").required().id();
        let quantity = f.field("quantity").required().integer(1..=MOST_UNITS);
        Some(Self { product_id: product_id?, quantity: u32::try_from(quantity?).ok()? })
    }
}

/// The line, and the whole cart.
#[derive(Serialize)]
pub(super) struct ItemAnswer<'a> {
    #[serde(flatten)]
    pub(super) item: &'a CartItemView,
    pub(super) cart: &'a CartView,
}

async fn add(
    State(shop): State<Shop>,
    caller: Caller,
    key: IdempotencyKey,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    require_buyer(&caller.principal)?;
    let (NewItem { product_id, quantity }, fingerprint) = body.read_keyed(NewItem::read)?;
    let user_id = caller.principal.user;
    let command = AddItem { user_id, product_id, quantity };
    let decision = move |streams: &mut Decision<'_>| {
        if_match.check(streams.version::<Cart, ApiError>(user_id)?).map_err(Halt::Refused)?;
        add_item(streams, &command).map_err(|halt| halt.map(|error| refusal(&error)))?;
        streams.remember(201, product_id);
        products(streams, user_id)
    };
    let (products, position) = match decide(&shop.decider, caller.keyed(&key, fingerprint), decision).await? {
        Accepted::Done { value, position } => (Some(value), position),
        Accepted::Replayed(before) => (None, before.position),
    };
    let (cart, version) = cart_at(&shop, user_id, products, position).await?;
    let item = cart.item(product_id).ok_or_else(|| ApiError::not_found("Cart item"))?;
    let answer = Success::new(ItemAnswer { item, cart: &cart }).message("Item added to cart");
    Ok((StatusCode::CREATED, Version(version), EventPosition(position), answer).into_response())
}
