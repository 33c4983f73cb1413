//! The caller's cart.

mod add_item;
mod apply_coupon;
mod clear;
mod params;
mod remove_coupon;
mod remove_item;
mod set_item;

use api_contract::views::{CartRecord, CartView};
use api_contract::{ApiError, Principal, Role, Violation};
use domain::cart::CartError;
use domain::coupon::Coupon;
use domain::decisions::{CartItemError, Offers, Quoting, offers_of_cart};
use domain::ids::UserId;
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision, Submission};
use utoipa_axum::router::OpenApiRouter;

use crate::command::{decide, now};
use crate::history::{Told, told};
use crate::shop::Shop;
use crate::tax;

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

/// What the catalog says of the products in a cart, and the coupon that lies in it.
type Beside = (Offers, Option<Coupon>);

/// What stands beside the cart as the decision has left it.
fn beside(streams: &Decision<'_>, user: UserId) -> Result<Beside, Halt<ApiError>> {
    streams.state::<domain::cart::Cart, ApiError>(user)?;
    offers_of_cart(streams, user)
}

/// The cart as a command left it, and its version. The moments in it come from its stream, up to the command's last
/// event. An answer that is given again has the names and prices of now.
async fn cart_at(
    shop: &Shop,
    user_id: UserId,
    beside_then: Option<Beside>,
    position: i64,
) -> Result<(CartView, u64), ApiError> {
    let record = told::<CartRecord>(&shop.log, user_id, Some(position));
    let (Told { record, .. }, tax_rate) = tokio::try_join!(record, tax::rate_at_home(shop, user_id))?;
    let (offers, coupon) = match beside_then {
        Some(beside) => beside,
        None => match decide(&shop.decider, Submission::default(), move |s| beside(s, user_id)).await? {
            Accepted::Done { value, position: _ } => value,
            Accepted::Replayed(_) => Beside::default(),
        },
    };
    let quoting = Quoting { user_id, at: now(), tax_rate, currency: shop.rules.currency };
    let view = CartView::of(&record, &offers, coupon.as_ref(), quoting);
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
