//! `GET /products`, `/products/search`, `/products/featured` and `/sellers/{id}/products`: pages of what the index finds.

use api_contract::openapi::{ConditionParams, Envelope, FreshnessParams, PageOf, PageParams};
use api_contract::views::ProductView;
use api_contract::{ApiError, Fields, Page, Paging, PathId, Query};
use axum::extract::State;
use axum::response::Response;
use domain::Currency;
use domain::ids::SellerId;
use projections::product_search::{NAME, SearchQuery, Sort};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::Catalog;
use super::names::unanswered;
use crate::public_read::PublicRead;

/// The longest text that is searched for.
const LONGEST: usize = 500;
/// The highest price that is filtered by, in minor units.
const DEAREST: i64 = 1_000_000_000_000_000;

/// The products for sale, filtered and in order.
#[utoipa::path(
    get, path = "/products", operation_id = "listProducts", tag = "products", security((), ("bearer" = [])),
    params(
        ("search" = Option<String>, Query, description = "Words to find; `q` is read as well", max_length = 500),
        Filters, PageParams,
        ConditionParams, FreshnessParams,
    ),
    responses(
        (status = 200, description = "A page of products, the newest first", body = Envelope<PageOf<ProductView>>),
        (status = 304, description = "It is still what If-None-Match names"),
    ),
)]
pub async fn list(
    State(catalog): State<Catalog>,
    read: PublicRead,
    query: Query,
) -> Result<Response, ApiError> {
    let (found, paging) = query.read(|f| {
        let text = f.field("search").or("q").text(0..=LONGEST);
        filters(f, catalog.currency, SearchQuery { text, ..SearchQuery::default() })
    })?;
    answer(&catalog, &read, found, paging, None).await
}

/// Searches the products for sale.
#[utoipa::path(
    get, path = "/products/search", operation_id = "searchProducts", tag = "products", security((), ("bearer" = [])),
    params(
        ("q" = String, Query, description = "Words to find", min_length = 1, max_length = 500),
        Filters, PageParams,
        ConditionParams, FreshnessParams,
    ),
    responses(
        (status = 200, description = "A page of products, the best match first", body = Envelope<FoundProducts>),
        (status = 304, description = "It is still what If-None-Match names"),
    ),
)]
pub async fn search(
    State(catalog): State<Catalog>,
    read: PublicRead,
    query: Query,
) -> Result<Response, ApiError> {
    let (found, paging) = query.read(|f| {
        let text = f.field("q").or("query").or("search").required().text(1..=LONGEST);
        filters(f, catalog.currency, SearchQuery { text, ..SearchQuery::default() })
    })?;
    let echoed = found.text.clone();
    answer(&catalog, &read, found, paging, echoed).await
}

/// The products that the shop shows first.
#[utoipa::path(
    get, path = "/products/featured", operation_id = "listFeaturedProducts", tag = "products", security((), ("bearer" = [])),
    params(
        Filters, PageParams,
        ConditionParams, FreshnessParams,
    ),
    responses(
        (status = 200, description = "A page of products, the newest first", body = Envelope<PageOf<ProductView>>),
        (status = 304, description = "It is still what If-None-Match names"),
    ),
)]
pub async fn featured(
    State(catalog): State<Catalog>,
    read: PublicRead,
    query: Query,
) -> Result<Response, ApiError> {
    let (found, paging) = query.read(|f| filters(f, catalog.currency, SearchQuery::default()))?;
    let found = SearchQuery { featured: Some(true), ..found };
    answer(&catalog, &read, found, paging, None).await
}

/// The products of a shop.
#[utoipa::path(
    get, path = "/sellers/{id}/products", operation_id = "listSellerProducts", tag = "products", security((), ("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The shop"),
        Filters, PageParams,
        ConditionParams, FreshnessParams,
    ),
    responses(
        (status = 200, description = "A page of products, the newest first", body = Envelope<PageOf<ProductView>>),
        (status = 304, description = "It is still what If-None-Match names"),
    ),
)]
pub async fn of_seller(
    State(catalog): State<Catalog>,
    read: PublicRead,
    PathId(seller): PathId<SellerId>,
    query: Query,
) -> Result<Response, ApiError> {
    let (found, paging) = query.read(|f| filters(f, catalog.currency, SearchQuery::default()))?;
    let found = SearchQuery { seller: Some(seller), ..found };
    answer(&catalog, &read, found, paging, None).await
}

/// What every list may be filtered and ordered by.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
struct Filters {
    /// Only this shop's.
    seller_id: Option<uuid::Uuid>,
    /// Only in this category and those below it: its id, slug or name, or a word that sellers use. `categoryId` is
    /// read as well.
    #[param(max_length = 500)]
    category: Option<String>,
    /// Only with this tag.
    #[param(max_length = 500)]
    tag: Option<String>,
    /// At least so much.
    #[param(minimum = 0, example = 100)]
    min_price: Option<u64>,
    /// At most so much.
    #[param(minimum = 0, example = 1000)]
    max_price: Option<u64>,
    /// Only what is in stock, or only what isn't.
    in_stock: Option<bool>,
    /// `name`, `price`, `createdAt` or `rating`.
    #[param(inline)]
    sort_by: Option<SortBy>,
    /// With `sortBy`; ascending unless said otherwise.
    #[param(inline)]
    sort_order: Option<SortOrder>,
    /// Both in one word: `price_asc`, `price_desc`, `name_asc`, `name_desc`, `created_asc`, `created_desc`, `newest`,
    /// `relevance`.
    #[param(inline)]
    sort: Option<SortWord>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
enum SortBy {
    Name,
    Price,
    CreatedAt,
    Rating,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
enum SortOrder {
    Asc,
    Desc,
}

#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "it describes what `filters` reads")]
enum SortWord {
    PriceAsc,
    PriceDesc,
    NameAsc,
    NameDesc,
    CreatedAsc,
    CreatedDesc,
    Newest,
    Relevance,
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
    let category = f.field("category").or("categoryId").text(0..=LONGEST).filter(|word| !word.is_empty());
    let tag = f.field("tag").text(0..=LONGEST).filter(|word| !word.is_empty());
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
        // As it was asked for; `answer` finds the category that it names, and those below.
        categories: category.map(|word| vec![word]),
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

/// One page of what was found, and what was searched for.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "it describes what Found becomes")]
struct FoundProducts {
    items: Vec<ProductView<'static>>,
    /// What was searched for.
    query: String,
    page_number: u64,
    page_size: u64,
    total_pages: u64,
    total_count: u64,
    has_previous_page: bool,
    has_next_page: bool,
}

async fn answer(
    catalog: &Catalog,
    read: &PublicRead,
    mut query: SearchQuery,
    paging: Paging,
    echoed: Option<String>,
) -> Result<Response, ApiError> {
    read.ready(&catalog.freshness, &[NAME, projections::catalog::NAME]).await?;
    if let Some(word) = query.categories.take().and_then(|words| words.into_iter().next()) {
        let tree = catalog.names.products.bare_tree().await.map_err(unanswered)?;
        query.categories = Some(tree.value.keys(&word));
    }
    let found = catalog.search.search(query).await.map_err(unanswered)?;
    let products = catalog.names.shown(&found.value.ids).await?.value;
    let shops = catalog.names.shops(&products).await?;
    let items = products.iter().map(|product| product.view(&shops)).collect();
    let total = u64::try_from(found.value.total).unwrap_or(u64::MAX);
    let page = Page::new(items, paging, total);
    Ok(match echoed {
        Some(query) => read.answer(found.position, None, &Found { page, query }),
        None => read.answer(found.position, None, &page),
    })
}
