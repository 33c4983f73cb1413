//! `POST /cart/items`: a product goes into the cart, or more of it.

use api_contract::openapi::{Envelope, Refusal, UnchangedParams};
use api_contract::views::{CartItemView, CartView};
use api_contract::{ApiError, EventPosition, Fields, IdempotencyKey, IfMatch, JsonBody, Success, Version};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::decisions::{AddItem, add_item};
use domain::ids::ProductId;
use event_store::Decision;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{Change, Changed, change};
use super::{MOST_UNITS, refusal, require_buyer};
use crate::command::{Caller, now};
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(add))
}

/// What goes in.
#[derive(ToSchema)]
#[schema(as = NewCartItem, rename_all = "camelCase")]
struct NewItem {
    /// What.
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    /// How many more.
    #[schema(minimum = 1, maximum = 999)]
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
#[derive(Serialize, ToSchema)]
#[schema(as = AddedCartItem)]
struct ItemAnswer<'a> {
    #[serde(flatten)]
    item: &'a CartItemView,
    cart: &'a CartView,
}

/// Puts a product into the cart, or more of one that is in already.
///
/// A cart has one currency, at most 999 of one product and never more than is in stock; nothing is reserved by it.
#[utoipa::path(
    post, path = "/cart/items", operation_id = "addCartItem", tag = "cart", security(("bearer" = [])),
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Sent again with the same body, the same answer comes again", min_length = 1, max_length = 255),
        UnchangedParams,
    ),
    request_body = NewItem,
    responses(
        (status = 201, description = "The line, and the whole cart", body = Envelope<ItemAnswer>),
        (status = 409, description = "More than is in stock or than a cart holds, or another currency", body = Refusal),
        (status = 412, description = "The cart has changed since this version", body = Refusal),
    ),
)]
async fn add(
    State(shop): State<Shop>,
    caller: Caller,
    key: IdempotencyKey,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    require_buyer(&caller.principal)?;
    let (NewItem { product_id, quantity }, fingerprint) = body.read_keyed(NewItem::read)?;
    let (user_id, at) = (caller.principal.user, now());
    let command = AddItem { user_id, product_id, quantity, at };
    let add = move |streams: &mut Decision<'_>| {
        add_item(streams, &command).map_err(|halt| halt.map(|error| refusal(&error)))?;
        streams.remember(201, product_id);
        Ok(())
    };
    let submission = caller.keyed(&key, fingerprint);
    let changed = change(&shop, submission, Change { user_id, if_match, at }, add).await?;
    let Changed { cart, version, position, .. } = changed;
    let item = cart.item(product_id).ok_or_else(|| ApiError::not_found("Cart item"))?;
    let answer = Success::new(ItemAnswer { item, cart: &cart }).message("Item added to cart");
    Ok((StatusCode::CREATED, Version(version), EventPosition(position), answer).into_response())
}
