//! Who am I: `GET /auth/me`, `/users/me` and `/users/profile` are one; and where my orders may go.

use api_contract::openapi::Envelope;
use api_contract::{ApiError, Principal, Success};
use axum::extract::State;
use identity::addresses::{self, StoredAddress};
use identity::profile::{self, Me};
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn router(pool: PgPool) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(auth_me))
        .routes(routes!(users_me))
        .routes(routes!(users_profile))
        .routes(routes!(my_addresses))
        .with_state(pool)
}

/// What the caller keeps of themself.
#[utoipa::path(
    get, path = "/auth/me", operation_id = "getMe", tag = "auth", security(("bearer" = [])),
    responses((status = 200, description = "The caller", body = Envelope<Me>)),
)]
async fn auth_me(State(pool): State<PgPool>, principal: Principal) -> Result<Success<Me>, ApiError> {
    me(&pool, &principal).await
}

/// The same as `GET /auth/me`.
#[utoipa::path(
    get, path = "/users/me", operation_id = "getMeOfUsers", tag = "users", security(("bearer" = [])),
    responses((status = 200, description = "The caller", body = Envelope<Me>)),
)]
async fn users_me(State(pool): State<PgPool>, principal: Principal) -> Result<Success<Me>, ApiError> {
    me(&pool, &principal).await
}

/// The same as `GET /auth/me`.
#[utoipa::path(
    get, path = "/users/profile", operation_id = "getProfile", tag = "users", security(("bearer" = [])),
    responses((status = 200, description = "The caller", body = Envelope<Me>)),
)]
async fn users_profile(State(pool): State<PgPool>, principal: Principal) -> Result<Success<Me>, ApiError> {
    me(&pool, &principal).await
}

async fn me(pool: &PgPool, principal: &Principal) -> Result<Success<Me>, ApiError> {
    let mut connection = pool.acquire().await.map_err(identity::failed)?;
    let me = profile::me(&mut connection, principal.user).await.map_err(identity::failed)?;
    // A token outlives its user by at most its own life.
    Ok(Success::new(me.ok_or_else(|| ApiError::unauthorized("The account no longer exists"))?))
}

/// The caller's stored addresses, the default first.
#[utoipa::path(
    get, path = "/users/addresses", operation_id = "listAddresses", tag = "users", security(("bearer" = [])),
    responses((status = 200, description = "The addresses", body = Envelope<Vec<StoredAddress>>)),
)]
async fn my_addresses(
    State(pool): State<PgPool>,
    principal: Principal,
) -> Result<Success<Vec<StoredAddress>>, ApiError> {
    Ok(Success::new(addresses::all(&pool, principal.user).await.map_err(identity::failed)?))
}
