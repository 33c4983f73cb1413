//! `DELETE /cart`: everything comes out.

use api_contract::openapi::Refusal;
use api_contract::{ApiError, EventPosition, IfMatch, Version};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::cart::{Cart, CartCommand, CartError};
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::params::CartVersionParams;
use super::{cart_refusal, require_buyer};
use crate::command::{Caller, decide};
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(clear))
}

/// Takes everything out of the cart, the coupon too.
#[utoipa::path(
    delete, path = "/cart", operation_id = "clearCart", tag = "cart", security(("bearer" = [])),
    params(CartVersionParams),
    responses(
        (status = 204, description = "Empty"),
        (status = 412, description = "The cart has changed since this version", body = Refusal),
    ),
)]
async fn clear(State(shop): State<Shop>, caller: Caller, if_match: IfMatch) -> Result<Response, ApiError> {
    require_buyer(&caller.principal)?;
    let user = caller.principal.user;
    let decision = move |streams: &mut Decision<'_>| {
        if_match.check(streams.version::<Cart, ApiError>(user)?).map_err(Halt::Refused)?;
        streams
            .execute::<Cart, CartError>(user, CartCommand::Clear)
            .map_err(|halt| halt.map(cart_refusal))?;
        streams.version::<Cart, ApiError>(user)
    };
    let (version, position) = match decide(&shop.decider, caller.submission(), decision).await? {
        Accepted::Done { value, position } => (value, position),
        Accepted::Replayed(before) => (0, before.position),
    };
    Ok((StatusCode::NO_CONTENT, Version(version), EventPosition(position), ()).into_response())
}
