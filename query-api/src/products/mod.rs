//! The catalog: lists, search, one product, and what is said of it.

mod facets;
mod filters;
mod get_product;
mod list;
mod names;
mod reviews;
mod search;
mod shops;
mod suggest;

use std::sync::Arc;

use domain::Currency;
use projections::product_search::ProductSearch;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use names::Names;
pub use reviews::Reviews;

use crate::freshness::Freshness;

#[derive(Clone)]
struct Catalog {
    names: Arc<Names>,
    reviews: Arc<Reviews>,
    search: ProductSearch,
    freshness: Freshness,
    log: event_store::Log,
    currency: Currency,
}

/// The routes.
pub fn router(
    names: Arc<Names>,
    reviews: Arc<Reviews>,
    search: ProductSearch,
    freshness: Freshness,
    log: event_store::Log,
    currency: Currency,
) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list::list))
        .routes(routes!(search::search))
        .routes(routes!(suggest::suggest))
        .routes(routes!(list::featured))
        .routes(routes!(list::of_seller))
        .routes(routes!(get_product::get_product))
        .routes(routes!(reviews::list_reviews))
        .with_state(Catalog { names, reviews, search, freshness, log, currency })
}
