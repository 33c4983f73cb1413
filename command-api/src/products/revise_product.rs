//! `PATCH /products/{id}` and `PUT /products/{id}`, which merges just as well.

use std::sync::Arc;

use api_contract::openapi::{Envelope, Refusal, UnchangedParams};
use api_contract::views::ProductView;
use api_contract::{ApiError, IfMatch, JsonBody, PathId, Role};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::decisions::{ReviseProduct, revise_product};
use domain::ids::ProductId;
use domain::inventory::Inventory;
use domain::product::{Product, ProductDetails};
use domain::{Halt, StreamId, Streams as _};
use event_store::{Accepted, Decision, Submission};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::answer::{Answer, Seen, record_as_of};
use super::fields::ProductFields;
use super::schema::ProductChange;
use super::{refusal, require_owner};
use crate::command::{Caller, decide};
use crate::history::Told;
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(change_product, update_product))
}

/// Changes some of a product.
///
/// What isn't named stays; `null` clears what may be missing. `stock` is set by an adjustment in the same append.
#[utoipa::path(
    patch, path = "/products/{id}", operation_id = "changeProduct", tag = "products", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The product"), UnchangedParams),
    request_body = ProductChange,
    responses(
        (status = 200, description = "The product as it is now", body = Envelope<ProductView>),
        (status = 409, description = "The SKU or the slug is taken, or the stock is reserved", body = Refusal),
        (status = 412, description = "It has changed since", body = Refusal),
    ),
)]
async fn change_product(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(product_id): PathId<ProductId>,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    revise(&shop, &caller, product_id, if_match, &body).await
}

/// Changes some of a product, as PATCH does.
#[utoipa::path(
    put, path = "/products/{id}", operation_id = "updateProduct", tag = "products", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The product"), UnchangedParams),
    request_body = ProductChange,
    responses(
        (status = 200, description = "The product as it is now", body = Envelope<ProductView>),
        (status = 409, description = "The SKU or the slug is taken, or the stock is reserved", body = Refusal),
        (status = 412, description = "It has changed since", body = Refusal),
    ),
)]
async fn update_product(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(product_id): PathId<ProductId>,
    if_match: IfMatch,
    body: JsonBody,
) -> Result<Response, ApiError> {
    revise(&shop, &caller, product_id, if_match, &body).await
}

async fn revise(
    shop: &Shop,
    caller: &Caller,
    product_id: ProductId,
    if_match: IfMatch,
    body: &JsonBody,
) -> Result<Response, ApiError> {
    caller.principal.require(&[Role::Seller, Role::Admin])?;
    // How a price is read depends on the currency that the product has.
    let before = current(shop, product_id).await?;
    require_owner(&caller.principal, before.seller_id)?;
    let fields = body.read(|f| ProductFields::read(f, before.price.currency, false))?;
    let command = ReviseProduct { product_id, changes: fields.changes, stock: fields.stock };
    let principal = caller.principal.clone();
    let decision = move |streams: &mut Decision<'_>| {
        streams.need(&[StreamId::of::<Product>(product_id), StreamId::of::<Inventory>(product_id)])?;
        let details = kept(streams, product_id)?;
        require_owner(&principal, details.seller_id).map_err(Halt::Refused)?;
        if_match.check(streams.version::<Product, ApiError>(product_id)?).map_err(Halt::Refused)?;
        revise_product(streams, &command).map_err(|halt| halt.map(|error| refusal(&error)))?;
        Seen::of(streams, product_id)
    };
    let submission = Submission { bytes: 8 * 1024, ..caller.submission() };
    let (seen, position) = match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value, position } => (value, position),
        Accepted::Replayed(before) => {
            let (status, message) = (StatusCode::OK, "Product updated successfully");
            let answer = Answer { status, message, position: before.position };
            return answer.again(shop, &before.resource).await;
        }
    };
    let Told { record, .. } = record_as_of(shop, product_id, position).await?;
    let answer = Answer { status: StatusCode::OK, message: "Product updated successfully", position };
    answer.of(shop, product_id, &record, seen).await
}

/// What the catalog says of a product now, hidden or not.
async fn current(shop: &Shop, product_id: ProductId) -> Result<Arc<ProductDetails>, ApiError> {
    let looking = move |streams: &mut Decision<'_>| kept(streams, product_id);
    match decide(&shop.decider, Submission::default(), looking).await? {
        Accepted::Done { value, position: _ } => Ok(value),
        Accepted::Replayed(_) => Err(ApiError::not_found("Product")),
    }
}

fn kept(streams: &Decision<'_>, product_id: ProductId) -> Result<Arc<ProductDetails>, Halt<ApiError>> {
    let product = streams.state::<Product, ApiError>(product_id)?;
    product.kept().cloned().ok_or_else(|| Halt::Refused(ApiError::not_found("Product")))
}
