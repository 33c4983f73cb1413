//! `DELETE /payments/methods/{id}`: a stored method is forgotten, here at once, and at its gateway by the process manager of
//! payments.

use api_contract::{ApiError, PathId};
use axum::extract::State;
use axum::http::StatusCode;
use identity::payment_methods;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::of_nobody;
use crate::command::Caller;
use crate::shop::Shop;

pub(super) fn route() -> OpenApiRouter<Shop> {
    OpenApiRouter::new().routes(routes!(remove))
}

/// Removes a payment method. If it was the default, the newest of the others becomes it.
#[utoipa::path(
    delete, path = "/payments/methods/{id}", operation_id = "removePaymentMethod", tag = "payments",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The method's id")),
    responses((status = 204, description = "Removed")),
)]
async fn remove(
    State(shop): State<Shop>,
    caller: Caller,
    PathId(id): PathId<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut transaction = shop.log.pool().begin().await.map_err(identity::failed)?;
    let removed = payment_methods::remove(&mut transaction, caller.principal.user, id).await;
    removed.map_err(of_nobody)?.ok_or_else(|| ApiError::not_found("Payment method"))?;
    transaction.commit().await.map_err(identity::commit_failed)?;
    Ok(StatusCode::NO_CONTENT)
}
