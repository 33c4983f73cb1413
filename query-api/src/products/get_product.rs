//! `GET /products/{id or slug}`.

use api_contract::openapi::{ConditionParams, Envelope, FreshnessParams};
use api_contract::views::ProductView;
use api_contract::{ApiError, PathText, Principal, Role};
use axum::extract::State;
use axum::response::Response;
use domain::ids::ProductId;
use projections::catalog::{self, ProductDetail};
use projections::reviews;

use super::Catalog;
use super::names::Shown;
use super::reviews::Reviewed;
use crate::public_read::PublicRead;
use crate::unanswered::unanswered;

/// One product.
///
/// What is hidden only its seller and admins see. Its `ETag` begins with its version, for `If-Match`.
#[utoipa::path(
    get, path = "/products/{id}", operation_id = "getProduct", tag = "products", security((), ("bearer" = [])),
    params(
        ("id" = String, Path, description = "The product's id or its slug"),
        ConditionParams, FreshnessParams,
    ),
    responses(
        (status = 200, description = "The product", body = Envelope<ProductView>),
        (status = 304, description = "It is still what If-None-Match names"),
    ),
)]
pub async fn get_product(
    State(catalog): State<Catalog>,
    read: PublicRead,
    PathText(word): PathText,
) -> Result<Response, ApiError> {
    read.ready(&catalog.freshness, &[catalog::NAME, reviews::NAME]).await?;
    let seen = visible(&catalog, &read, &word).await?;
    let product = [seen.product];
    let reviewed = catalog.reviews.latest(product[0].id);
    let (shops, reviewed) = tokio::try_join!(catalog.names.shops(&product), reviewed)?;
    let [product] = product;
    let Reviewed { rating, reviews } = reviewed.value;
    let view = product.view(&shops).beside(seen.beside).rated(rating).reviewed(reviews);
    Ok(read.answer(seen.position.min(reviewed.position), Some(product.version), &view))
}

/// A product that a reader may see.
pub(super) struct Seen {
    pub(super) product: Shown,
    /// Those to show beside it.
    beside: Vec<ProductId>,
    /// What the catalog is of that said so.
    pub(super) position: i64,
}

/// The product with this id or slug, as far as this reader may see it.
pub(super) async fn visible(catalog: &Catalog, read: &PublicRead, word: &str) -> Result<Seen, ApiError> {
    let id: Option<ProductId> = word.parse().ok();
    let products = &catalog.names.products;
    let found = match id {
        Some(id) => products.detail_by_id(id).await,
        None => products.detail_by_slug(word).await,
    };
    let found = found.map_err(unanswered)?;
    let (product, beside) = match (found.value, id) {
        (Some(ProductDetail { product, .. }), _) if product.withdrawn => (None, Vec::new()),
        (Some(ProductDetail { product, beside }), _) => (Some(Shown::from(product)), beside),
        (None, Some(id)) => (catalog.names.folded(&catalog.log, id).await?, Vec::new()),
        (None, None) => (None, Vec::new()),
    };
    let product = product.filter(|product| !product.details.hidden || tends(read.reader(), product));
    let product = product.ok_or_else(|| ApiError::not_found("Product"))?;
    Ok(Seen { product, beside, position: found.position })
}

/// Whether a reader tends this product: its seller, or an admin.
fn tends(reader: Option<&Principal>, product: &Shown) -> bool {
    let own = |it: &Principal| it.is(Role::Seller) && it.shop == Some(product.details.seller_id);
    reader.is_some_and(|reader| own(reader) || reader.is(Role::Admin))
}
