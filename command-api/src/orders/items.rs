//! What is bought: named items, or the cart. And how a refusal of it is answered.

use api_contract::{ApiError, Fields, Violation};
use domain::decisions::{Item, OrderSource, PlaceOrderError, PricingError};
use domain::ids::ProductId;
use utoipa::ToSchema;

use crate::coupons;

/// The most lines of an order.
const MOST_LINES: usize = domain::cart::MOST_LINES;

/// So many of a product.
#[derive(ToSchema)]
#[schema(as = NewOrderItem, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes the body")]
pub struct OrderItemBody {
    /// What.
    #[schema(value_type = Uuid)]
    product_id: ProductId,
    /// How many.
    #[schema(minimum = 1, maximum = 999)]
    quantity: u32,
}

/// Reads `items`; without them it is the cart.
pub fn source(f: &mut Fields<'_, '_>) -> OrderSource {
    let items = f.field("items").list(1..=MOST_LINES, |f| {
        let product_id = f.field("productId").required().id();
        let quantity = f.field("quantity").required().integer(1..=i64::from(domain::cart::MOST_UNITS));
        Some(Item { product_id: product_id?, quantity: u32::try_from(quantity?).ok()? })
    });
    items.map_or(OrderSource::Cart, OrderSource::Items)
}

/// How a refusal to place an order is answered. `named` says whether the request names the coupon.
pub fn refusal(error: &PlaceOrderError, source: &OrderSource, named: bool) -> ApiError {
    match error {
        PlaceOrderError::Pricing(error) => pricing_refusal(error, source, named),
        PlaceOrderError::InsufficientStock { product_id, available, requested } => {
            let field = field(source, *product_id, "quantity");
            Violation::stock(field, available.cast_signed(), requested.cast_signed()).into()
        }
        PlaceOrderError::Inventory(_)
        | PlaceOrderError::Cart(_)
        | PlaceOrderError::Order(_)
        | PlaceOrderError::Payment(_) => ApiError::conflict(error.to_string()),
    }
}

/// How a refusal to price items is answered.
pub fn pricing_refusal(error: &PricingError, source: &OrderSource, named: bool) -> ApiError {
    match (error, source) {
        (PricingError::Coupon(error), _) => coupons::refusal(*error, named),
        (PricingError::UnknownProduct { product_id }, OrderSource::Items(_)) => {
            ApiError::not_found("Product").field(&field(source, *product_id, "productId"))
        }
        (PricingError::ZeroQuantity { product_id } | PricingError::QuantityTooLarge { product_id }, _) => {
            ApiError::invalid(field(source, *product_id, "quantity"), error.to_string())
        }
        (PricingError::NoItems | PricingError::TooManyLines | PricingError::Totals(_), _) => {
            ApiError::invalid("items", error.to_string())
        }
        (
            PricingError::EmptyCart
            | PricingError::MixedCurrencies
            | PricingError::UnknownProduct { product_id: _ },
            _,
        ) => ApiError::conflict(error.to_string()),
    }
}

/// Where the product stands in the request; of a cart's line only what is wrong with it.
fn field(source: &OrderSource, product_id: ProductId, name: &str) -> String {
    let place = match source {
        OrderSource::Items(items) => items.iter().position(|item| item.product_id == product_id),
        OrderSource::Cart => None,
    };
    place.map_or_else(|| name.to_owned(), |place| format!("items[{place}].{name}"))
}
