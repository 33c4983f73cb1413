//! `GET /products/{id or slug}`.

use api_contract::{
    ApiError, MinPosition, OptionalPrincipal, PathText, ProjectionPosition, Success, Version,
};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::ids::ProductId;

use super::Catalog;
use super::names::{Shown, unanswered};

pub async fn get_product(
    State(catalog): State<Catalog>,
    OptionalPrincipal(reader): OptionalPrincipal,
    min: MinPosition,
    PathText(word): PathText,
) -> Result<impl IntoResponse, ApiError> {
    catalog.freshness.ready(projections::catalog::NAME, min, reader.as_ref()).await?;
    let id: Option<ProductId> = word.parse().ok();
    let products = &catalog.names.products;
    let found = match id {
        Some(id) => products.by_id(id).await,
        None => products.by_slug(&word).await,
    };
    let found = found.map_err(unanswered)?;
    let product: Option<Shown> = match (found.value, id) {
        (Some(product), _) => Some(product).filter(|product| !product.withdrawn).map(Into::into),
        (None, Some(id)) => catalog.names.folded(&catalog.log, id).await?,
        (None, None) => None,
    };
    let product = [product.ok_or_else(|| ApiError::not_found("Product"))?];
    let shops = catalog.names.shops(&product).await?;
    let [product] = product;
    Ok((Version(product.version), ProjectionPosition(found.position), Success::new(product.view(&shops)))
        .into_response())
}
