//! `DELETE /cart/coupon`: the coupon comes out of the cart.

use api_contract::openapi::{Envelope, Refusal, UnchangedParams};
use api_contract::views::CartView;
use api_contract::{ApiError, EventPosition, IfMatch, Success, Version};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::Streams as _;
use domain::cart::{Cart, CartCommand, CartError};
use event_store::Decision;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{Change, Changed, change};
use super::{cart_refusal, require_buyer};
use crate::command::{Caller, now};
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(remove))
}

/// Takes the coupon out of the cart; of a cart without one nothing.
#[utoipa::path(
    delete, path = "/cart/coupon", operation_id = "removeCoupon", tag = "cart", security(("bearer" = [])),
    params(UnchangedParams),
    responses(
        (status = 200, description = "The cart without a coupon", body = Envelope<CartView>),
        (status = 412, description = "The cart has changed since this version", body = Refusal),
    ),
)]
async fn remove(State(shop): State<Shop>, caller: Caller, if_match: IfMatch) -> Result<Response, ApiError> {
    require_buyer(&caller.principal)?;
    let (user_id, at) = (caller.principal.user, now());
    let remove = move |streams: &mut Decision<'_>| {
        let removal = CartCommand::RemoveCoupon;
        streams.execute::<Cart, CartError>(user_id, removal).map_err(|halt| halt.map(cart_refusal))
    };
    let changed = change(&shop, caller.submission(), Change { user_id, if_match, at }, remove).await?;
    let Changed { cart, version, position, .. } = changed;
    let answer = Success::new(cart).message("Coupon removed");
    Ok((Version(version), EventPosition(position), answer).into_response())
}
