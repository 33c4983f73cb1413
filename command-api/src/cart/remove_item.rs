//! `DELETE /cart/items/{productId}`: a product comes out of the cart.

use api_contract::openapi::{Refusal, UnchangedParams};
use api_contract::{ApiError, IfMatch, PathId};
use axum::extract::State;
use axum::response::Response;
use domain::cart::CartCommand;
use domain::ids::ProductId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::take_out;
use super::require_buyer;
use crate::command::Caller;
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(remove))
}

/// Takes a product out of the cart.
#[utoipa::path(
    delete, path = "/cart/items/{productId}", operation_id = "removeCartItem", tag = "cart", security(("bearer" = [])),
    params(("productId" = Uuid, Path, description = "The product's id"), UnchangedParams),
    responses(
        (status = 204, description = "Taken out"),
        (status = 412, description = "The cart has changed since this version", body = Refusal),
    ),
)]
async fn remove(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(product_id): PathId<ProductId>,
    if_match: IfMatch,
) -> Result<Response, ApiError> {
    require_buyer(&caller.principal)?;
    take_out(&shop, &caller, if_match, CartCommand::RemoveItem { product_id }).await
}
