//! `GET /products/search`.

use api_contract::openapi::Envelope;
use api_contract::views::ProductView;
use api_contract::{ApiError, Page, Query};
use axum::extract::State;
use axum::response::Response;
use projections::product_search::{self, NAME, SearchQuery};
use serde::Serialize;
use utoipa::ToSchema;

use super::Catalog;
use super::facets::{FacetsView, HighlightsView};
use super::filters::{LONGEST, ListParams, filters};
use super::names::Shown;
use crate::lists::{Listed, ListedOf};
use crate::public_read::PublicRead;
use crate::unanswered::unanswered;

/// Searches the products for sale.
///
/// Words are found by their stems and synonyms, `wd-40` as `wd40` and `17"` as `17 inch`; `"in quotation marks"` they
/// must stand together. A word that no product has is taken for the beginning of one, if it is the last, or else for one that
/// differs by a letter or two; beside one that hardly any product has, what it nearly is follows. `correctedQuery` says what
/// was looked for then. A product counts by the words that it has, the rare ones most, times the part of all words that these
/// are; half of that where it is out of stock. Where fewer than ten products have all words, those are found too that lack
/// one, or as many more as it takes to come to ten; in another order than by relevance only where no product has all. A code
/// like `spk-01` counts as one word where a product has all of it.
#[utoipa::path(
    get, path = "/products/search", operation_id = "searchProducts", tag = "products", security((), ("bearer" = [])),
    params(
        ("q" = String, Query, description = "Words to find", min_length = 1, max_length = 500),
        ("facets" = Option<bool>, Query, description = "Whether to count the whole result by its properties; they are counted unless this is false"),
        ("highlight" = Option<bool>, Query, description = "Whether to mark the words that were found; they are marked unless this is false"),
        ListParams,
    ),
    responses(
        (status = 200, description = "A page of products, the best match first", body = Envelope<Found<'static>>),
        (status = 304, description = "It is still what If-None-Match names"),
    ),
)]
pub async fn search(
    State(catalog): State<Catalog>,
    read: PublicRead,
    query: Query,
) -> Result<Response, ApiError> {
    let (asked, paging) = query.read(|f| {
        let text = f.field("q").or("query").or("search").required().text(1..=LONGEST);
        let facets = f.field("facets").boolean().unwrap_or(true);
        let highlights = f.field("highlight").boolean().unwrap_or(true);
        filters(f, catalog.currency, SearchQuery { text, facets, highlights, ..SearchQuery::default() })
    })?;
    let query = asked.text.clone().unwrap_or_default();
    read.ready(&catalog.freshness, &[NAME]).await?;
    let after = asked.after.is_some();
    let found = catalog.search.search(asked).await.map_err(unanswered)?;
    let position = found.position;
    let product_search::SearchPage { hits, total, next, facets, corrected } = found.value;
    let (highlights, products): (Vec<_>, Vec<_>) =
        hits.into_iter().map(|mut hit| (hit.highlights.take(), Shown::from(hit))).unzip();
    let shops = catalog.names.shops(&products).await?;
    let items = products.iter().zip(highlights).map(|(product, highlights)| FoundProduct {
        product: product.view(&shops),
        highlights: highlights.map(Into::into),
    });
    let page = Page::new(items.collect(), paging, u64::try_from(total).unwrap_or(u64::MAX));
    let found = Found {
        listed: Listed::new(page, after, next.as_ref()),
        query,
        corrected_query: corrected,
        facets: facets.map(Into::into),
    };
    Ok(read.answer(position, None, &found))
}

/// A page, and what was searched for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FoundProducts)]
struct Found<'a> {
    #[serde(flatten)]
    #[schema(value_type = ListedOf<FoundProduct<'static>>)]
    listed: Listed<FoundProduct<'a>>,
    /// What was searched for, as it was typed.
    query: String,
    /// What was looked for in the place of a word that no product has, or beside one that hardly any has; null where all were
    /// looked for as they are.
    corrected_query: Option<String>,
    /// None where they were not asked for.
    facets: Option<FacetsView>,
}

/// A product, and where the words are in it.
#[derive(Serialize, ToSchema)]
struct FoundProduct<'a> {
    #[serde(flatten)]
    product: ProductView<'a>,
    /// None where they were not asked for.
    highlights: Option<HighlightsView>,
}
