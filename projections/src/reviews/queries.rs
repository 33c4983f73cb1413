//! What may be asked of the reviews.

use domain::ids::ProductId;
use sqlx::Arguments as _;
use sqlx::PgPool;

use super::NAME;
use super::row::ReviewPage;
use crate::live::{Answer, Live, QueryError};

/// Asks the reviews. One for a process: it knows which generation is live.
#[derive(Debug)]
pub struct ReviewList {
    live: Live,
}

/// The newest first.
const OF_PRODUCT: &str = "
    SELECT json_build_object(
        'rating', (SELECT json_build_object('stars', r.stars, 'reviews', r.reviews)
                   FROM reviews_g{g}_ratings r WHERE r.product_id = $1),
        'items', coalesce((SELECT json_agg(page ORDER BY page.created_at DESC, page.review_id DESC) FROM (
            SELECT user_id, review_id, created_at FROM reviews_g{g}_reviews WHERE product_id = $1
            ORDER BY created_at DESC, review_id DESC LIMIT $2 OFFSET $3) page), '[]'))";

impl ReviewList {
    /// Asks by this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { live: Live::new(NAME, pool) }
    }

    /// A page of a product's reviews, the newest first, and what all of them come to.
    pub async fn of_product(
        &self,
        product: ProductId,
        limit: i64,
        offset: i64,
    ) -> Result<Answer<ReviewPage>, QueryError> {
        self.live
            .ask(OF_PRODUCT, |arguments| {
                arguments.add(product.0)?;
                arguments.add(limit)?;
                arguments.add(offset)
            })
            .await
    }
}
