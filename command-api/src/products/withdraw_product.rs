//! `DELETE /products/{id}`: it is no longer sold; history keeps it.

use api_contract::openapi::{Refusal, UnchangedParams};
use api_contract::{ApiError, EventPosition, IfMatch, PathId, Role};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::decisions::withdraw_product;
use domain::ids::ProductId;
use domain::product::Product;
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decision};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{refusal, require_owner};
use crate::command::{Caller, decide};
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(withdraw))
}

/// Withdraws a product.
///
/// It leaves the catalog for good; orders and history keep it. Its SKU and its slug are free again.
#[utoipa::path(
    delete, path = "/products/{id}", operation_id = "deleteProduct", tag = "products", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The product"), UnchangedParams),
    responses(
        (status = 204, description = "It is no longer sold"),
        (status = 412, description = "It has changed since", body = Refusal),
    ),
)]
async fn withdraw(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(product_id): PathId<ProductId>,
    if_match: IfMatch,
) -> Result<impl IntoResponse, ApiError> {
    caller.principal.require(&[Role::Seller, Role::Admin])?;
    let submission = caller.submission();
    let decision = move |streams: &mut Decision<'_>| {
        let unknown = || Halt::Refused(ApiError::not_found("Product"));
        let details = streams.state::<Product, ApiError>(product_id)?.kept().ok_or_else(unknown)?;
        require_owner(&caller.principal, details.seller_id).map_err(Halt::Refused)?;
        if_match.check(streams.version::<Product, ApiError>(product_id)?).map_err(Halt::Refused)?;
        withdraw_product(streams, product_id).map_err(|halt| halt.map(|error| refusal(&error)))
    };
    let position = match decide(&shop.decider, submission, decision).await? {
        Accepted::Done { value: (), position } => position,
        Accepted::Replayed(before) => before.position,
    };
    Ok((StatusCode::NO_CONTENT, EventPosition(position), ()))
}
