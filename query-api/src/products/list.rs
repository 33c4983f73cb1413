//! `GET /products`, `/products/featured` and `/sellers/{id}/products`: pages of what the index has.

use api_contract::openapi::Envelope;
use api_contract::views::ProductView;
use api_contract::{ApiError, Page, Paging, PathId, Query};
use axum::extract::State;
use axum::response::Response;
use domain::ids::SellerId;
use projections::product_search::{NAME, SearchQuery};

use super::Catalog;
use super::filters::{LONGEST, ListParams, ShopListParams, filters, filters_in_a_shop};
use super::names::Shown;
use crate::lists::{Listed, ListedOf};
use crate::public_read::PublicRead;
use crate::unanswered::unanswered;

/// The products for sale, filtered and in order.
#[utoipa::path(
    get, path = "/products", operation_id = "listProducts", tag = "products", security((), ("bearer" = [])),
    params(
        ("search" = Option<String>, Query, description = "Words to find; `q` is read as well", max_length = 500),
        ListParams,
    ),
    responses(
        (status = 200, description = "A page of products, the newest first", body = Envelope<ListedOf<ProductView<'static>>>),
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
    answer(&catalog, &read, found, paging).await
}

/// The products that the shop shows first.
#[utoipa::path(
    get, path = "/products/featured", operation_id = "listFeaturedProducts", tag = "products", security((), ("bearer" = [])),
    params(ListParams),
    responses(
        (status = 200, description = "A page of products, the newest first", body = Envelope<ListedOf<ProductView<'static>>>),
        (status = 304, description = "It is still what If-None-Match names"),
    ),
)]
pub async fn featured(
    State(catalog): State<Catalog>,
    read: PublicRead,
    query: Query,
) -> Result<Response, ApiError> {
    let shown_first = SearchQuery { featured: Some(true), ..SearchQuery::default() };
    let (found, paging) = query.read(|f| filters(f, catalog.currency, shown_first))?;
    answer(&catalog, &read, found, paging).await
}

/// The products of a shop.
#[utoipa::path(
    get, path = "/sellers/{id}/products", operation_id = "listSellerProducts", tag = "products", security((), ("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The shop"), ShopListParams),
    responses(
        (status = 200, description = "A page of products, the newest first", body = Envelope<ListedOf<ProductView<'static>>>),
        (status = 304, description = "It is still what If-None-Match names"),
    ),
)]
pub async fn of_seller(
    State(catalog): State<Catalog>,
    read: PublicRead,
    PathId(seller): PathId<SellerId>,
    query: Query,
) -> Result<Response, ApiError> {
    let its = SearchQuery { seller: Some(seller), ..SearchQuery::default() };
    let (found, paging) = query.read(|f| filters_in_a_shop(f, catalog.currency, its))?;
    answer(&catalog, &read, found, paging).await
}

async fn answer(
    catalog: &Catalog,
    read: &PublicRead,
    query: SearchQuery,
    paging: Paging,
) -> Result<Response, ApiError> {
    read.ready(&catalog.freshness, &[NAME]).await?;
    let after = query.after.is_some();
    let found = catalog.search.search(query).await.map_err(unanswered)?;
    let total = u64::try_from(found.value.total).unwrap_or(u64::MAX);
    let next = found.value.next;
    let products: Vec<Shown> = found.value.hits.into_iter().map(Shown::from).collect();
    let shops = catalog.names.shops(&products).await?;
    let items = products.iter().map(|product| product.view(&shops)).collect();
    let page = Listed::new(Page::new(items, paging, total), after, next.as_ref());
    Ok(read.answer(found.position, None, &page))
}
