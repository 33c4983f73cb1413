//! `PUT` and `PATCH /users/addresses/{id}`, which are one.

use api_contract::openapi::Envelope;
use api_contract::{ApiError, JsonBody, PathId, Principal, Success};
use axum::extract::State;
use identity::addresses::{self, AddressFields, StoredAddress};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::AddressChange;
use crate::auth::{Auth, of_nobody};

pub(super) fn route() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(put_address, patch_address))
}

/// Changes an address; what is not named stays.
#[utoipa::path(
    put, path = "/users/addresses/{id}", operation_id = "putAddress", tag = "users", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The address's id")),
    request_body = AddressChange,
    responses((status = 200, description = "Changed", body = Envelope<StoredAddress>)),
)]
async fn put_address(
    State(auth): State<Auth>,
    principal: Principal,
    PathId(id): PathId<Uuid>,
    body: JsonBody,
) -> Result<Success<StoredAddress>, ApiError> {
    change(&auth, &principal, id, &body).await
}

/// The same as PUT.
#[utoipa::path(
    patch, path = "/users/addresses/{id}", operation_id = "patchAddress", tag = "users", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The address's id")),
    request_body = AddressChange,
    responses((status = 200, description = "Changed", body = Envelope<StoredAddress>)),
)]
async fn patch_address(
    State(auth): State<Auth>,
    principal: Principal,
    PathId(id): PathId<Uuid>,
    body: JsonBody,
) -> Result<Success<StoredAddress>, ApiError> {
    change(&auth, &principal, id, &body).await
}

async fn change(
    auth: &Auth,
    principal: &Principal,
    id: Uuid,
    body: &JsonBody,
) -> Result<Success<StoredAddress>, ApiError> {
    let (fields, make_default) = body.read(|f| {
        let fields = AddressFields::read(f);
        Some((fields, f.field("isDefault").boolean().unwrap_or(false)))
    })?;
    let changed = addresses::change(&auth.pool, principal.user, id, &fields, make_default).await;
    let changed = changed.map_err(|error| match error {
        sqlx::Error::RowNotFound => of_nobody(error),
        // One statement may be all there is, and commits by itself.
        error => identity::commit_failed(error),
    })?;
    let changed = changed.ok_or_else(|| ApiError::not_found("Address"))?;
    Ok(Success::new(changed).message("Address updated successfully"))
}
