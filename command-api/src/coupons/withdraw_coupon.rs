//! `DELETE /coupons/{code}`: it takes nothing off any more. Orders that have it keep it.

use api_contract::{ApiError, EventPosition, PathText, Role, Version};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::Streams as _;
use domain::coupon::{Coupon, CouponCode, CouponCommand, CouponError};
use event_store::{Accepted, Decision};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::refusal;
use crate::command::{Caller, decide};
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(withdraw))
}

/// Withdraws a coupon: it takes nothing off any more, and orders that have it keep it.
#[utoipa::path(
    delete, path = "/coupons/{code}", operation_id = "withdrawCoupon", tag = "coupons", security(("bearer" = [])),
    params(("code" = String, Path, description = "Its code", example = "SAVE20")),
    responses((status = 204, description = "Withdrawn")),
)]
async fn withdraw(
    State(shop): State<Shop>,
    caller: Caller,
    PathText(word): PathText,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Admin])?;
    let code: CouponCode = word.parse().map_err(|_| ApiError::not_found("Coupon"))?;
    let decision = move |streams: &mut Decision<'_>| {
        streams.execute::<Coupon, CouponError>(&code, CouponCommand::Withdraw).map_err(|halt| {
            halt.map(|error| match error {
                CouponError::Unknown => ApiError::not_found("Coupon"),
                error => refusal(error, false),
            })
        })?;
        streams.version::<Coupon, ApiError>(&code)
    };
    let (version, position) = match decide(&shop.decider, caller.submission(), decision).await? {
        Accepted::Done { value, position } => (value, position),
        Accepted::Replayed(before) => (0, before.position),
    };
    Ok((StatusCode::NO_CONTENT, Version(version), EventPosition(position), ()).into_response())
}
