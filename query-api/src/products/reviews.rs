//! `GET /products/{id}/reviews`, and what else is shown of reviews.
//!
//! Which reviews a product has and in what order, the read model says; each of them is told by its stream, and its words by
//! `personal`, all of them at once.

use api_contract::openapi::{ConditionParams, Envelope, FreshnessParams, PageOf, PageParams};
use api_contract::views::{ReviewRecord, ReviewView};
use api_contract::{ApiError, Page, Paging, PathText};
use axum::extract::State;
use axum::response::Response;
use domain::ids::{ProductId, UserId};
use domain::review::{self, Rating};
use futures::future::try_join_all;
use identity::users;
use projections::reviews::{LATEST, NAME, ReviewList};
use projections::{Answer, catalog};
use sqlx::PgPool;

use super::Catalog;
use super::get_product::visible;
use crate::history::Records;
use crate::public_read::PublicRead;
use crate::unanswered::unanswered;

/// Tells reviews.
pub struct Reviews {
    list: ReviewList,
    records: Records,
    pool: PgPool,
}

/// Some of a product's reviews, and what all of them come to.
pub(super) struct Reviewed {
    pub(super) rating: Rating,
    pub(super) reviews: Vec<ReviewView>,
}

impl Reviews {
    /// By this pool, with streams that are read by `records`.
    pub fn new(pool: PgPool, records: Records) -> Self {
        Self { list: ReviewList::new(pool.clone()), records, pool }
    }

    /// The latest of a product.
    pub(super) async fn latest(&self, product: ProductId) -> Result<Answer<Reviewed>, ApiError> {
        self.of_product(product, LATEST, 0).await
    }

    async fn of_product(
        &self,
        product: ProductId,
        limit: i64,
        offset: i64,
    ) -> Result<Answer<Reviewed>, ApiError> {
        let found = self.list.of_product(product, limit, offset).await.map_err(unanswered)?;
        let rating = found.value.rating.unwrap_or_default();
        let users: Vec<UserId> = found.value.items.iter().map(|row| row.user_id).collect();
        let reviews = self.told(product, &users).await?;
        Ok(Answer { position: found.position, value: Reviewed { rating, reviews } })
    }

    /// What these users say of a product.
    async fn told(&self, product: ProductId, users: &[UserId]) -> Result<Vec<ReviewView>, ApiError> {
        if users.is_empty() {
            return Ok(Vec::new());
        }
        let streams = users.iter().map(|user| review::stream(product, *user));
        let records = try_join_all(streams.map(|stream| self.records.told::<ReviewRecord>(stream)));
        let names = async { users::names_for_others(&self.pool, users).await.map_err(identity::failed) };
        let (records, names) = tokio::try_join!(records, names)?;
        let texts = records.iter().filter_map(ReviewRecord::text).collect();
        Ok(ReviewView::each(&records, &self.records.bodies(texts).await?, &names))
    }
}

/// What people say of a product.
#[utoipa::path(
    get, path = "/products/{id}/reviews", operation_id = "listReviews", tag = "reviews", security((), ("bearer" = [])),
    params(
        ("id" = String, Path, description = "The product's id or its slug"),
        PageParams, ConditionParams, FreshnessParams,
    ),
    responses(
        (status = 200, description = "A page of reviews, the newest first", body = Envelope<PageOf<ReviewView>>),
        (status = 304, description = "It is still what If-None-Match names"),
    ),
)]
pub async fn list_reviews(
    State(catalog): State<Catalog>,
    read: PublicRead,
    PathText(word): PathText,
    paging: Paging,
) -> Result<Response, ApiError> {
    read.ready(&catalog.freshness, &[catalog::NAME, NAME]).await?;
    let seen = visible(&catalog, &read, &word).await?;
    let (limit, offset) = (paging.limit(), paging.offset());
    let found = catalog.reviews.of_product(seen.product.id, limit, offset).await?;
    let Reviewed { rating, reviews } = found.value;
    let page = Page::new(reviews, paging, rating.reviews.into());
    Ok(read.answer(found.position.min(seen.position), None, &page))
}
