//! The tree of categories.

mod tree;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::freshness::Freshness;
use crate::products::Names;

#[derive(Clone)]
struct Categories {
    names: Arc<Names>,
    freshness: Freshness,
}

/// The routes.
pub fn router(names: Arc<Names>, freshness: Freshness) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(tree::tree)).with_state(Categories { names, freshness })
}
