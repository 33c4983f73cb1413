//! `PATCH` and `PUT /cart/items/{productId}`: the quantity of a product in the cart; 0 takes it out.

use api_contract::openapi::{Envelope, Refusal, UnchangedParams};
use api_contract::views::CartView;
use api_contract::{Amount, ApiError, EventPosition, Fields, IfMatch, JsonBody, PathId, Success, Version};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::decisions::{SetItemQuantity, set_item_quantity};
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
    OpenApiRouter::new().routes(routes!(set_item, replace_item))
}

/// How many there are to be.
#[derive(ToSchema)]
#[schema(as = CartItemQuantity)]
struct Quantity {
    /// 0 takes it out.
    #[schema(minimum = 0, maximum = 999)]
    quantity: u32,
}

impl Quantity {
    fn read(f: &mut Fields<'_, '_>) -> Option<Self> {
        let quantity = f.field("quantity").required().integer(0..=MOST_UNITS)?;
        Some(Self { quantity: u32::try_from(quantity).ok()? })
    }
}

/// What there is of it now, and the whole cart.
#[derive(Serialize, ToSchema)]
#[schema(as = ChangedCartItem)]
#[serde(rename_all = "camelCase")]
struct ItemAnswer<'a> {
    #[schema(value_type = Uuid)]
    id: ProductId,
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    quantity: u32,
    subtotal: Amount,
    cart: &'a CartView,
}

/// Sets the quantity of a product in the cart; 0 takes it out.
#[utoipa::path(
    patch, path = "/cart/items/{productId}", operation_id = "setCartItem", tag = "cart", security(("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product's id"), UnchangedParams),
    request_body = Quantity,
    responses(
        (status = 200, description = "What there is of it now, and the whole cart", body = Envelope<ItemAnswer>),
        (status = 409, description = "More than is in stock", body = Refusal),
        (status = 412, description = "The cart has changed since this version", body = Refusal),
    ),
)]
async fn set_item(
    shop: State<Shop>,
    caller: Caller,
    id: PathId<ProductId>,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    set(shop, caller, id, if_match, body).await
}

/// Sets the quantity of a product in the cart, as PATCH does.
#[utoipa::path(
    put, path = "/cart/items/{productId}", operation_id = "replaceCartItem", tag = "cart", security(("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product's id"), UnchangedParams),
    request_body = Quantity,
    responses(
        (status = 200, description = "What there is of it now, and the whole cart", body = Envelope<ItemAnswer>),
        (status = 409, description = "More than is in stock", body = Refusal),
        (status = 412, description = "The cart has changed since this version", body = Refusal),
    ),
)]
async fn replace_item(
    shop: State<Shop>,
    caller: Caller,
    id: PathId<ProductId>,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    set(shop, caller, id, if_match, body).await
}

async fn set(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(product_id): PathId<ProductId>,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    require_buyer(&caller.principal)?;
    let Quantity { quantity } = body.read(Quantity::read)?;
    let (user_id, at) = (caller.principal.user, now());
    let command = SetItemQuantity { user_id, product_id, quantity };
    let set = move |streams: &mut Decision<'_>| {
        set_item_quantity(streams, &command).map_err(|halt| halt.map(|error| refusal(&error)))
    };
    let changed = change(&shop, caller.submission(), Change { user_id, if_match, at }, set).await?;
    let Changed { cart, version, position, .. } = changed;
    let message = if quantity == 0 { "Cart item removed" } else { "Cart item updated" };
    let subtotal = cart.subtotal_of(product_id);
    let answer = ItemAnswer { id: product_id, product_id, quantity, subtotal, cart: &cart };
    Ok((Version(version), EventPosition(position), Success::new(answer).message(message)).into_response())
}
