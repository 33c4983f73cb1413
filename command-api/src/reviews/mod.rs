//! What buyers say of products.

mod latest;
mod write_review;

use utoipa_axum::router::OpenApiRouter;

pub(crate) use self::latest::Reviewed;
use crate::shop::Shop;

/// The routes.
pub fn routes(shop: Shop) -> OpenApiRouter {
    OpenApiRouter::new().merge(write_review::route()).with_state(shop)
}
