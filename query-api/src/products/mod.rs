//! The catalog: lists, search, one product.

mod get_product;
mod list;
mod names;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use domain::Currency;
use projections::product_search::ProductSearch;

pub use names::{Names, unanswered};

use crate::freshness::Freshness;

#[derive(Clone)]
struct Catalog {
    names: Arc<Names>,
    search: ProductSearch,
    freshness: Freshness,
    log: event_store::Log,
    currency: Currency,
}

/// The routes.
pub fn router(
    names: Arc<Names>,
    search: ProductSearch,
    freshness: Freshness,
    log: event_store::Log,
    currency: Currency,
) -> Router {
    Router::new()
        .route("/products", get(list::list))
        .route("/products/search", get(list::search))
        .route("/products/featured", get(list::featured))
        .route("/sellers/{id}/products", get(list::of_seller))
        .route("/products/{id}", get(get_product::get_product))
        .with_state(Catalog { names, search, freshness, log, currency })
}
