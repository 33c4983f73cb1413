//! The caller's cart.

mod add_item;
mod apply_coupon;
mod change;
mod clear;
mod remove_coupon;
mod remove_item;
mod set_item;

use api_contract::{ApiError, Principal, Role, Violation};
use domain::cart::CartError;
use domain::decisions::CartItemError;
use utoipa_axum::router::OpenApiRouter;

use crate::shop::Shop;

/// The most units of one product in a request.
const MOST_UNITS: i64 = domain::cart::MOST_UNITS as i64;

/// The routes.
pub fn routes(shop: Shop) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(add_item::route())
        .merge(set_item::route())
        .merge(remove_item::route())
        .merge(apply_coupon::route())
        .merge(remove_coupon::route())
        .merge(clear::route())
        .with_state(shop)
}

/// Refuses who buys nothing: an auditor, another program.
fn require_buyer(principal: &Principal) -> Result<(), ApiError> {
    principal.require(&[Role::Customer, Role::Seller, Role::Admin])
}

/// How a refusal of the cart is answered.
fn refusal(error: &CartItemError) -> ApiError {
    match error {
        CartItemError::UnknownProduct { .. } => ApiError::not_found("Product").field("productId"),
        CartItemError::InsufficientStock { available, requested, product_id: _ } => {
            Violation::stock("quantity", available.cast_signed(), requested.cast_signed()).into()
        }
        CartItemError::Cart(error) => cart_refusal(*error),
    }
}

fn cart_refusal(error: CartError) -> ApiError {
    match error {
        CartError::ZeroQuantity => ApiError::invalid("quantity", "quantity must be at least 1"),
        CartError::NotInCart { .. } => ApiError::not_found("Cart item"),
        CartError::TooMany | CartError::TooManyLines | CartError::OtherCurrency { .. } | CartError::Empty => {
            ApiError::conflict(error.to_string())
        }
    }
}
