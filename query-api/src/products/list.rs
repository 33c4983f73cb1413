//! `GET /products`, `/products/search`, `/products/featured` and `/sellers/{id}/products`: pages of what the index finds.

use api_contract::views::ProductView;
use api_contract::{
    ApiError, Fields, MinPosition, OptionalPrincipal, Page, Paging, PathId, Principal, ProjectionPosition,
    Query, Success,
};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::Currency;
use domain::ids::SellerId;
use projections::product_search::{NAME, SearchQuery, Sort};
use serde::Serialize;

use super::Catalog;
use super::names::unanswered;

/// The longest text that is searched for.
const LONGEST: usize = 500;
/// The highest price that is filtered by, in minor units.
const DEAREST: i64 = 1_000_000_000_000_000;

/// `GET /products`.
pub async fn list(
    State(catalog): State<Catalog>,
    OptionalPrincipal(reader): OptionalPrincipal,
    min: MinPosition,
    query: Query,
) -> Result<Response, ApiError> {
    let (found, paging) = query.read(|f| {
        let text = f.field("search").or("q").text(0..=LONGEST);
        filters(f, catalog.currency, SearchQuery { text, ..SearchQuery::default() })
    })?;
    answer(&catalog, reader.as_ref(), min, found, paging, None).await
}

/// `GET /products/search?q=`.
pub async fn search(
    State(catalog): State<Catalog>,
    OptionalPrincipal(reader): OptionalPrincipal,
    min: MinPosition,
    query: Query,
) -> Result<Response, ApiError> {
    let (found, paging) = query.read(|f| {
        let text = f.field("q").or("query").or("search").required().text(1..=LONGEST);
        filters(f, catalog.currency, SearchQuery { text, ..SearchQuery::default() })
    })?;
    let echoed = found.text.clone();
    answer(&catalog, reader.as_ref(), min, found, paging, echoed).await
}

/// `GET /products/featured`.
pub async fn featured(
    State(catalog): State<Catalog>,
    OptionalPrincipal(reader): OptionalPrincipal,
    min: MinPosition,
    query: Query,
) -> Result<Response, ApiError> {
    let (found, paging) = query.read(|f| filters(f, catalog.currency, SearchQuery::default()))?;
    let found = SearchQuery { featured: Some(true), ..found };
    answer(&catalog, reader.as_ref(), min, found, paging, None).await
}

/// `GET /sellers/{id}/products`.
pub async fn of_seller(
    State(catalog): State<Catalog>,
    OptionalPrincipal(reader): OptionalPrincipal,
    min: MinPosition,
    PathId(seller): PathId<SellerId>,
    query: Query,
) -> Result<Response, ApiError> {
    let (found, paging) = query.read(|f| filters(f, catalog.currency, SearchQuery::default()))?;
    let found = SearchQuery { seller: Some(seller), ..found };
    answer(&catalog, reader.as_ref(), min, found, paging, None).await
}

/// The filters, the order and the page, the same for every list.
fn filters(f: &mut Fields<'_, '_>, currency: Currency, query: SearchQuery) -> Option<(SearchQuery, Paging)> {
    const SORT: [(&str, Sort); 8] = [
        ("price_asc", Sort::PriceAscending),
        ("price_desc", Sort::PriceDescending),
        ("name_asc", Sort::NameAscending),
        ("name_desc", Sort::NameDescending),
        ("created_desc", Sort::Newest),
        ("newest", Sort::Newest),
        ("created_asc", Sort::Oldest),
        ("relevance", Sort::Relevance),
    ];
    let seller = f.field("sellerId").id();
    let category = f.field("category").or("categoryId").text(1..=LONGEST);
    let tag = f.field("tag").text(1..=LONGEST);
    let min_price = f.field("minPrice").money(currency, 0..=DEAREST);
    let max_price = f.field("maxPrice").money(currency, 0..=DEAREST);
    let in_stock = f.field("inStock").boolean();
    let sort = f.field("sort").one_of(&SORT);
    // (ascending, descending). There are no reviews yet, so by rating all products are equal: the newest first.
    let by = f.field("sortBy").one_of(&[
        ("name", (Sort::NameAscending, Sort::NameDescending)),
        ("price", (Sort::PriceAscending, Sort::PriceDescending)),
        ("createdAt", (Sort::Oldest, Sort::Newest)),
        ("rating", (Sort::Newest, Sort::Newest)),
    ]);
    let descending = f.field("sortOrder").one_of(&[("asc", false), ("desc", true)]);
    let paging = Paging::read(f, 20)?;
    let by = by.map(|(up, down)| if descending.unwrap_or(false) { down } else { up });
    let query = SearchQuery {
        seller,
        category,
        tag,
        min_price,
        max_price,
        in_stock,
        sort: by.or(sort).unwrap_or_default(),
        offset: usize::try_from(paging.offset()).unwrap_or(usize::MAX),
        limit: usize::try_from(paging.limit()).unwrap_or(0),
        ..query
    };
    Some((query, paging))
}

/// A page that echoes what was searched for.
#[derive(Serialize)]
struct Found<'a> {
    #[serde(flatten)]
    page: Page<ProductView<'a>>,
    query: String,
}

async fn answer(
    catalog: &Catalog,
    reader: Option<&Principal>,
    min: MinPosition,
    query: SearchQuery,
    paging: Paging,
    echoed: Option<String>,
) -> Result<Response, ApiError> {
    catalog.freshness.ready(NAME, min, reader).await?;
    let found = catalog.search.search(query).await.map_err(unanswered)?;
    let products = catalog.names.shown(&found.value.ids).await?.value;
    let shops = catalog.names.shops(&products).await?;
    let items = products.iter().map(|product| product.view(&shops)).collect();
    let total = u64::try_from(found.value.total).unwrap_or(u64::MAX);
    let page = Page::new(items, paging, total);
    let position = ProjectionPosition(found.position);
    Ok(match echoed {
        Some(query) => (position, Success::new(Found { page, query })).into_response(),
        None => (position, Success::new(page)).into_response(),
    })
}
