//! `GET /products/suggest`.

use api_contract::openapi::{ConditionParams, Envelope, FreshnessParams};
use api_contract::views::ProductView;
use api_contract::{ApiError, Query};
use axum::extract::State;
use axum::response::Response;
use projections::product_search::{Completion, NAME};
use serde::Serialize;
use utoipa::ToSchema;

use super::Catalog;
use super::filters::LONGEST;
use super::names::Shown;
use crate::public_read::PublicRead;
use crate::unanswered::unanswered;

/// So many of each kind are suggested, if nothing else is asked for.
const FEW: usize = 5;
/// No more than these are, whatever is asked for, as a page of a list has a largest size.
const MOST: i64 = 20;

/// What may be meant, while it is being typed.
#[utoipa::path(
    get, path = "/products/suggest", operation_id = "suggestProducts", tag = "products", security((), ("bearer" = [])),
    params(
        ("q" = String, Query, description = "What was typed so far", min_length = 1, max_length = 500),
        ("limit" = Option<u64>, Query, description = "At most so many of each kind; 5 unless said otherwise, and 20 for more. `pageSize` is read as well", minimum = 1),
        ConditionParams, FreshnessParams,
    ),
    responses(
        (status = 200, description = "Searches, brands and products", body = Envelope<Suggested<'static>>),
        (status = 304, description = "It is still what If-None-Match names"),
    ),
)]
pub async fn suggest(
    State(catalog): State<Catalog>,
    read: PublicRead,
    query: Query,
) -> Result<Response, ApiError> {
    let (text, limit) = query.read(|f| {
        let text = f.field("q").or("query").or("search").required().text(1..=LONGEST);
        let limit = f.field("limit").or("pageSize").integer(1..=i64::MAX).map(|limit| limit.min(MOST));
        Some((text?, limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(FEW)))
    })?;
    read.ready(&catalog.freshness, &[NAME]).await?;
    let found = catalog.search.suggest(text.clone(), limit).await.map_err(unanswered)?;
    let products: Vec<_> = found.value.products.into_iter().map(Shown::from).collect();
    let shops = catalog.names.shops(&products).await?;
    let suggested = Suggested {
        query: text,
        suggestions: found.value.searches.into_iter().map(Into::into).collect(),
        brands: found.value.brands.into_iter().map(Into::into).collect(),
        products: products.iter().map(|product| product.view(&shops)).collect(),
    };
    Ok(read.answer(found.position, None, &suggested))
}

/// What may be meant.
#[derive(Serialize, ToSchema)]
#[schema(as = Suggestions)]
struct Suggested<'a> {
    /// What was typed.
    query: String,
    /// Searches, the one whose last word most products have first. Slips of the pen and words like `not` are none.
    suggestions: Vec<Suggestion>,
    /// Brands with a word that begins so.
    brands: Vec<Suggestion>,
    /// The best products for the first of the searches.
    products: Vec<ProductView<'a>>,
}

/// A text, and how many products have it.
#[derive(Serialize, ToSchema)]
struct Suggestion {
    text: String,
    /// Of a search how many products have its last word as it is written here, or their category does, with the words before it;
    /// a search for it finds those with other forms of that word as well, and with words that mean the same. Of a brand how many
    /// are of it.
    count: usize,
}

impl From<Completion> for Suggestion {
    fn from(Completion { text, products }: Completion) -> Self {
        Self { text, count: products }
    }
}
