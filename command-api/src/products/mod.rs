//! Products and their stock.

mod change_stock;
mod create_product;
// PATCH and PUT (revise) and DELETE (withdraw) have their places here.

use api_contract::{ApiError, Principal, Role};
use axum::Router;
use domain::ids::SellerId;
use domain::inventory::InventoryError;

use crate::shop::Shop;

/// The most units that one request receives, adjusts or sets.
const MOST_UNITS: i64 = 1_000_000_000;

/// The routes.
pub fn routes(shop: Shop) -> Router {
    Router::new().merge(create_product::route()).merge(change_stock::route()).with_state(shop)
}

/// Refuses with 403 who doesn't own the shop: a product is public, so that it exists is no secret.
fn require_owner(principal: &Principal, seller_id: SellerId) -> Result<(), ApiError> {
    let owns = principal.is(Role::Seller) && principal.shop == Some(seller_id);
    if owns || principal.is(Role::Admin) { Ok(()) } else { Err(ApiError::forbidden()) }
}

/// How a refusal of the stock is answered.
fn stock_refusal(error: &InventoryError) -> ApiError {
    match error {
        InventoryError::ZeroQuantity => ApiError::invalid("quantity", "quantity must not be 0"),
        InventoryError::TooMuch
        | InventoryError::InsufficientStock { .. }
        | InventoryError::BelowReserved { .. }
        | InventoryError::NothingReserved { .. }
        | InventoryError::NotExpired { .. } => ApiError::conflict(error.to_string()),
    }
}
