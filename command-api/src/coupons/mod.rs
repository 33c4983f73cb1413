//! Coupons: created and withdrawn by admins.

mod create_coupon;
mod withdraw_coupon;

use api_contract::{ApiError, Code, Field};
use domain::coupon::{CouponCode, CouponError, LONGEST_CODE};
use utoipa_axum::router::OpenApiRouter;

use crate::shop::Shop;

/// The routes.
pub fn routes(shop: Shop) -> OpenApiRouter {
    OpenApiRouter::new().merge(create_coupon::route()).merge(withdraw_coupon::route()).with_state(shop)
}

/// Reads a coupon's code.
pub fn code(field: Field<'_, '_>) -> Option<CouponCode> {
    field.parse(1..=LONGEST_CODE, |text| {
        text.parse().map_err(|error: domain::coupon::NoCouponCode| error.to_string().into())
    })
}

/// How a refusal of a coupon is answered: of one that the request names, an unknown one is not found; one that lies in
/// the cart is a conflict whatever it is.
pub fn refusal(error: CouponError, named: bool) -> ApiError {
    match error {
        CouponError::Unknown if named => {
            ApiError::new(Code::NotFound, "Coupon not found").field("couponCode")
        }
        CouponError::AlreadyExists => ApiError::already_exists("code", sentence(error)),
        CouponError::Terms(error) => ApiError::invalid("discountValue", error.to_string()),
        CouponError::Unknown
        | CouponError::NotStarted { .. }
        | CouponError::Ended { .. }
        | CouponError::UsedUp
        | CouponError::UsedUpByUser { .. }
        | CouponError::OtherCurrency { .. }
        | CouponError::BelowMinimum { .. }
        | CouponError::NoAccount
        | CouponError::NotRedeemed => ApiError::conflict(sentence(error)).field("couponCode"),
    }
}

fn sentence(error: CouponError) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
