//! `DELETE /cart`: everything comes out.

use api_contract::openapi::{Refusal, UnchangedParams};
use api_contract::{ApiError, IfMatch};
use axum::extract::State;
use axum::response::Response;
use domain::cart::CartCommand;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::take_out;
use super::require_buyer;
use crate::command::Caller;
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(clear))
}

/// Takes everything out of the cart, the coupon too.
#[utoipa::path(
    delete, path = "/cart", operation_id = "clearCart", tag = "cart", security(("bearer" = [])),
    params(UnchangedParams),
    responses(
        (status = 204, description = "Empty"),
        (status = 412, description = "The cart has changed since this version", body = Refusal),
    ),
)]
async fn clear(State(shop): State<Shop>, caller: Caller, if_match: IfMatch) -> Result<Response, ApiError> {
    require_buyer(&caller.principal)?;
    take_out(&shop, &caller, if_match, CartCommand::Clear).await
}
