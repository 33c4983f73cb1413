//! `DELETE /cart/coupon`: the coupon comes out of the cart.

use api_contract::openapi::{Envelope, Refusal};
use api_contract::views::CartView;
use api_contract::{ApiError, EventPosition, IfMatch, Success, Version};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::cart::{Cart, CartCommand, CartError};
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{beside, cart_at, cart_refusal, require_buyer};
use crate::command::{Caller, decide};
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(remove))
}

/// Takes the coupon out of the cart; of a cart without one nothing.
#[utoipa::path(
    delete, path = "/cart/coupon", operation_id = "removeCoupon", tag = "cart", security(("bearer" = [])),
    params(super::params::CartVersionParams),
    responses(
        (status = 200, description = "The cart without a coupon", body = Envelope<CartView>),
        (status = 412, description = "The cart has changed since this version", body = Refusal),
    ),
)]
async fn remove(State(shop): State<Shop>, caller: Caller, if_match: IfMatch) -> Result<Response, ApiError> {
    require_buyer(&caller.principal)?;
    let user = caller.principal.user;
    let decision = move |streams: &mut Decision<'_>| {
        if_match.check(streams.version::<Cart, ApiError>(user)?).map_err(Halt::Refused)?;
        streams
            .execute::<Cart, CartError>(user, CartCommand::RemoveCoupon)
            .map_err(|halt| halt.map(cart_refusal))?;
        beside(streams, user)
    };
    let (beside, position) = match decide(&shop.decider, caller.submission(), decision).await? {
        Accepted::Done { value, position } => (Some(value), position),
        Accepted::Replayed(before) => (None, before.position),
    };
    let (cart, version) = cart_at(&shop, user, beside, position).await?;
    let answer = Success::new(cart).message("Coupon removed");
    Ok((Version(version), EventPosition(position), answer).into_response())
}
