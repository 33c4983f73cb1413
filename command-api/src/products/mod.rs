//! Products and their stock.

mod answer;
mod change_stock;
mod create_product;
mod fields;
mod revise_product;
mod schema;
mod withdraw_product;

use api_contract::{ApiError, Principal, Role};
use domain::decisions::CatalogError;
use domain::ids::SellerId;
use domain::inventory::InventoryError;
use domain::product::ProductError;
use utoipa_axum::router::OpenApiRouter;

use crate::shop::Shop;

pub(crate) use fields::{change, slug_rule};

/// The most units that one request receives, adjusts or sets.
const MOST_UNITS: i64 = 1_000_000_000;

/// The routes.
pub fn routes(shop: Shop) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(create_product::route())
        .merge(revise_product::route())
        .merge(withdraw_product::route())
        .merge(change_stock::route())
        .with_state(shop)
}

/// Refuses with 403 who doesn't own the shop: a product is public, so that it exists is no secret.
fn require_owner(principal: &Principal, seller_id: SellerId) -> Result<(), ApiError> {
    let owns = principal.is(Role::Seller) && principal.shop == Some(seller_id);
    if owns || principal.is(Role::Admin) { Ok(()) } else { Err(ApiError::forbidden()) }
}

/// How a refusal of the catalog is answered.
fn refusal(error: &CatalogError) -> ApiError {
    let message = error.to_string();
    match error {
        CatalogError::SkuTaken { .. } => ApiError::already_exists("sku", message),
        CatalogError::SlugTaken { .. } => ApiError::already_exists("slug", message),
        CatalogError::UnknownCategory { .. } => ApiError::not_found("Category").field("categoryId"),
        CatalogError::UnknownRelated { .. } => ApiError::not_found("Product").field("relatedProducts"),
        CatalogError::Inventory(error) => stock_refusal(error),
        CatalogError::Product(error) => match error {
            ProductError::NotFound => ApiError::not_found("Product"),
            ProductError::AlreadyExists | ProductError::OtherSeller => ApiError::conflict(message),
            ProductError::Missing { field } => ApiError::invalid(*field, message),
            ProductError::NegativePrice => ApiError::invalid("price", message),
            ProductError::DiscountAbovePrice => ApiError::invalid("discountPrice", message),
            ProductError::TwoCurrencies => ApiError::invalid("compareAtPrice", message),
        },
    }
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
