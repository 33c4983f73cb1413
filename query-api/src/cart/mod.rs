//! The reader's own cart.

use std::sync::Arc;

use api_contract::views::{CartRecord, CartView};
use api_contract::{ApiError, MinPosition, Principal, Success, Version};
use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use domain::Currency;
use event_store::Log;
use rust_decimal::Decimal;

use crate::freshness::Freshness;
use crate::history::told;
use crate::products::Names;

#[derive(Clone)]
struct Carts {
    log: Log,
    freshness: Freshness,
    names: Arc<Names>,
    tax_rate: Decimal,
    currency: Currency,
}

/// The routes.
pub fn router(
    log: Log,
    freshness: Freshness,
    names: Arc<Names>,
    tax_rate: Decimal,
    currency: Currency,
) -> Router {
    Router::new().route("/cart", get(get_cart)).with_state(Carts {
        log,
        freshness,
        names,
        tax_rate,
        currency,
    })
}

/// `GET /cart`: folded from its stream, with the catalog's prices of now.
async fn get_cart(
    State(carts): State<Carts>,
    principal: Principal,
    min: MinPosition,
) -> Result<impl IntoResponse, ApiError> {
    carts.freshness.folded(min).await?;
    let record: CartRecord = told(&carts.log, principal.user).await?;
    let ids: Vec<_> = record.cart.lines.iter().map(|line| line.product_id).collect();
    let products = carts.names.for_sale(&carts.log, &ids).await?;
    let view = CartView::of(principal.user, &record, &products, carts.tax_rate, carts.currency)
        .map_err(ApiError::internal)?;
    Ok((Version(record.version), Success::new(view)).into_response())
}
