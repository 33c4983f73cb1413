//! `POST /users/addresses`

use api_contract::openapi::{Envelope, Refusal};
use api_contract::{ApiError, IdempotencyKey, JsonBody, Principal, Success};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use identity::addresses::{self, AddError, Address, StoredAddress};
use identity::idempotency;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::NewAddress;
use crate::auth::{Auth, of_nobody};

pub(super) fn route() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(add_address))
}

/// Stores an address. The first one is the default.
#[utoipa::path(
    post, path = "/users/addresses", operation_id = "addAddress", tag = "users", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Sent twice, it is stored once",
        min_length = 1, max_length = 255)),
    request_body = NewAddress,
    responses(
        (status = 201, description = "Stored", body = Envelope<StoredAddress>),
        (status = 409, description = "There are 100 already", body = Refusal),
    ),
)]
async fn add_address(
    State(auth): State<Auth>,
    principal: Principal,
    key: IdempotencyKey,
    body: JsonBody,
) -> Result<impl IntoResponse, ApiError> {
    let read = body.read_keyed(|f| {
        let address = Address::read(f);
        let make_default = f.field("isDefault").boolean().unwrap_or(false);
        Some((address?, make_default))
    });
    let ((address, make_default), fingerprint) = read?;
    let (user, id) = (principal.user, Uuid::now_v7());
    let mut transaction = auth.pool.begin().await.map_err(identity::failed)?;
    let before = match key.digest(user) {
        Some(key) => idempotency::claim(&mut transaction, key, fingerprint, id).await?,
        None => None,
    };
    let stored = if let Some(before) = before {
        let found = addresses::find(&mut *transaction, user, before).await.map_err(identity::failed)?;
        found.ok_or_else(|| ApiError::not_found("Address"))?
    } else {
        addresses::add(&mut transaction, user, id, &address, make_default).await.map_err(refusal)?
    };
    transaction.commit().await.map_err(identity::commit_failed)?;
    Ok((StatusCode::CREATED, Success::new(stored).message("Address added successfully")))
}

fn refusal(error: AddError) -> ApiError {
    match error {
        AddError::TooMany => ApiError::conflict(error.to_string()),
        AddError::Postgres(error) => of_nobody(error),
    }
}
