//! The caller's cart.

mod add_item;
mod clear;
mod remove_item;
mod set_item;

use std::collections::HashMap;
use std::sync::Arc;

use api_contract::views::{CartRecord, CartView};
use api_contract::{ApiError, Principal, Role, Violation};
use axum::Router;
use domain::cart::{Cart, CartError};
use domain::decisions::CartItemError;
use domain::ids::{ProductId, UserId};
use domain::product::{Product, ProductDetails};
use domain::{Halt, StreamId, Streams as _};
use event_store::{Accepted, Decision, Submission};

use crate::command::decide;
use crate::history::{Told, told};
use crate::shop::Shop;

/// The most units of one product in a request.
const MOST_UNITS: i64 = domain::cart::MOST_UNITS as i64;

/// The routes.
pub fn routes(shop: Shop) -> Router {
    Router::new()
        .merge(add_item::route())
        .merge(set_item::route())
        .merge(remove_item::route())
        .merge(clear::route())
        .with_state(shop)
}

/// Refuses who buys nothing: an auditor, another program.
fn require_buyer(principal: &Principal) -> Result<(), ApiError> {
    principal.require(&[Role::Customer, Role::Seller, Role::Admin])
}

/// What the catalog says of the products that are in a cart and for sale.
type Products = HashMap<ProductId, Arc<ProductDetails>>;

/// The products of the cart as the decision has left it.
fn products(streams: &Decision<'_>, user: UserId) -> Result<Products, Halt<ApiError>> {
    let lines = &streams.state::<Cart, ApiError>(user)?.lines;
    streams.need(&lines.iter().map(|line| StreamId::of::<Product>(line.product_id)).collect::<Vec<_>>())?;
    let mut products = Products::with_capacity(lines.len());
    for line in lines {
        let product = streams.state::<Product, ApiError>(line.product_id)?;
        products.extend(product.on_sale().map(|details| (line.product_id, Arc::clone(details))));
    }
    Ok(products)
}

/// The cart as a command left it, and its version. The moments in it come from its stream, up to the command's last
/// event. An answer that is given again has the names and prices of now.
async fn cart_at(
    shop: &Shop,
    user: UserId,
    products_then: Option<Products>,
    position: i64,
) -> Result<(CartView, u64), ApiError> {
    let Told { record, .. }: Told<CartRecord> = told(&shop.log, user, Some(position)).await?;
    let products = match products_then {
        Some(products) => products,
        None => match decide(&shop.decider, Submission::default(), move |s| products(s, user)).await? {
            Accepted::Done { value, position: _ } => value,
            Accepted::Replayed(_) => Products::new(),
        },
    };
    let rate = shop.rules.tax_rates.standard();
    let view = CartView::of(user, &record, &products, rate, shop.rules.currency);
    Ok((view.map_err(|error| ApiError::conflict(error.to_string()))?, record.version))
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
