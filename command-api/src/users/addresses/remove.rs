//! `DELETE /users/addresses/{id}`

use api_contract::{ApiError, PathId, Principal};
use axum::extract::State;
use axum::http::StatusCode;
use identity::addresses;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::{Auth, of_nobody};

pub(super) fn route() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(remove_address))
}

/// Removes an address. Orders keep what they were sent to; if it was the default, the newest of the others is now.
#[utoipa::path(
    delete, path = "/users/addresses/{id}", operation_id = "removeAddress", tag = "users",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The address's id")),
    responses((status = 204, description = "Removed")),
)]
async fn remove_address(
    State(auth): State<Auth>,
    principal: Principal,
    PathId(id): PathId<Uuid>,
) -> Result<StatusCode, ApiError> {
    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    if !addresses::remove(&mut transaction, principal.user, id).await.map_err(of_nobody)? {
        return Err(ApiError::not_found("Address"));
    }
    transaction.commit().await.map_err(identity::commit_failed)?;
    Ok(StatusCode::NO_CONTENT)
}
