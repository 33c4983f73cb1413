//! `POST /cart/apply-coupon`: a coupon goes into the cart, if it takes something off it now.

use api_contract::openapi::{Envelope, Refusal, UnchangedParams};
use api_contract::views::{CartView, DiscountType, DiscountValue};
use api_contract::{Amount, ApiError, EventPosition, IfMatch, JsonBody, Success, Version};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::coupon::{Coupon, CouponCode, Terms};
use domain::decisions::{ApplyCoupon, ApplyCouponError, apply_coupon};
use domain::{Halt, Streams as _};
use event_store::Decision;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::change::{Change, Changed, change};
use super::{cart_refusal, require_buyer};
use crate::command::{Caller, now};
use crate::coupons;
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(apply))
}

/// Which coupon.
#[derive(ToSchema)]
#[schema(as = CouponToApply, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes the body")]
struct ToApply {
    /// Its code; small letters are the same as capitals.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,50}$", example = "SAVE20")]
    coupon_code: String,
}

/// What the coupon takes off, what the cart comes to, and the cart.
#[derive(Serialize, ToSchema)]
#[schema(as = AppliedCoupon)]
#[serde(rename_all = "camelCase")]
struct Applied<'a> {
    #[schema(value_type = String)]
    coupon_code: &'a CouponCode,
    discount_type: DiscountType,
    discount_value: DiscountValue,
    discount_amount: Amount,
    subtotal: Amount,
    discount: Amount,
    tax: Amount,
    total: Amount,
    cart: &'a CartView,
}

/// Puts a coupon into the cart, in place of another. It is redeemed by the order.
#[utoipa::path(
    post, path = "/cart/apply-coupon", operation_id = "applyCoupon", tag = "cart", security(("bearer" = [])),
    params(UnchangedParams),
    request_body = ToApply,
    responses(
        (status = 200, description = "What it takes off, and what the cart comes to", body = Envelope<Applied>),
        (status = 409, description = "It takes nothing off this cart now: too little in it, too early, too late, used too often, another currency", body = Refusal),
        (status = 412, description = "The cart has changed since this version", body = Refusal),
    ),
)]
async fn apply(
    State(shop): State<Shop>,
    caller: Caller,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    require_buyer(&caller.principal)?;
    let code: CouponCode = body.read(|f| coupons::code(f.field("couponCode").or("code").required()))?;
    let (user_id, at) = (caller.principal.user, now());
    let command = ApplyCoupon { code: code.clone(), user_id, at };
    let apply = move |streams: &mut Decision<'_>| {
        apply_coupon(streams, &command).map_err(|halt| halt.map(refusal))?;
        let terms = streams.state::<Coupon, ApiError>(&command.code)?.in_force().cloned();
        terms.map_err(|error| Halt::Refused(coupons::refusal(error, true)))
    };
    let changed = change(&shop, caller.submission(), Change { user_id, if_match, at }, apply).await?;
    let Changed { said: terms, cart, version, position } = changed;
    // Only a command with a key is answered again.
    let terms = terms.ok_or_else(|| ApiError::not_found("Cart"))?;
    let applied = Applied::of(&code, &terms, &cart, &shop);
    let answer = Success::new(applied).message("Coupon applied successfully");
    Ok((Version(version), EventPosition(position), answer).into_response())
}

impl<'a> Applied<'a> {
    fn of(coupon_code: &'a CouponCode, terms: &Terms, cart: &'a CartView, shop: &Shop) -> Self {
        let [subtotal, discount, tax, total] = cart.amounts();
        Self {
            coupon_code,
            discount_type: terms.discount.into(),
            discount_value: DiscountValue::of(terms, shop.rules.currency),
            discount_amount: discount,
            subtotal,
            discount,
            tax,
            total,
            cart,
        }
    }
}

fn refusal(error: ApplyCouponError) -> ApiError {
    match error {
        ApplyCouponError::Coupon(error) => coupons::refusal(error, true),
        ApplyCouponError::Cart(error) => cart_refusal(error),
        ApplyCouponError::Totals(error) => ApiError::conflict(error.to_string()),
    }
}
