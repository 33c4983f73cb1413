//! What is said of a product, for the answer to a command that changed it.

use api_contract::ApiError;
use api_contract::views::{ReviewRecord, ReviewView};
use domain::ids::{ProductId, UserId};
use domain::review::{self, Rating};
use futures::future::try_join_all;
use identity::users;
use projections::reviews::{LATEST, ReviewPage};

use crate::command::unanswered;
use crate::history::bodies;
use crate::shop::Shop;

/// What a product's reviews come to, and the latest of them, as they were read last.
#[derive(Default)]
pub(crate) struct Reviewed {
    pub(crate) rating: Rating,
    pub(crate) latest: Vec<ReviewView>,
}

impl Reviewed {
    /// Those of a product: what `GET /products/{id}` shows of them.
    pub(crate) async fn of(shop: &Shop, product_id: ProductId) -> Result<Self, ApiError> {
        let found = shop.reviews.of_product(product_id, LATEST, 0).await.map_err(unanswered)?;
        let ReviewPage { rating, items } = found.value;
        let users: Vec<UserId> = items.into_iter().map(|row| row.user_id).collect();
        Ok(Self { rating: rating.unwrap_or_default(), latest: said_by(shop, product_id, &users).await? })
    }
}

/// What these users say of a product.
async fn said_by(shop: &Shop, product_id: ProductId, users: &[UserId]) -> Result<Vec<ReviewView>, ApiError> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let streams = users.iter().map(|user| review::stream(product_id, *user));
    let told = try_join_all(streams.map(|stream| shop.histories.told::<ReviewRecord>(stream)));
    let told = async { told.await.map_err(identity::failed) };
    let names = async { users::names_for_others(shop.log.pool(), users).await.map_err(identity::failed) };
    let (told, names) = tokio::try_join!(told, names)?;
    let records: Vec<ReviewRecord> = told.into_iter().map(|told| told.record).collect();
    let texts: Vec<_> = records.iter().filter_map(ReviewRecord::text).collect();
    Ok(ReviewView::each(&records, &bodies(&shop.log, &texts).await?, &names))
}
