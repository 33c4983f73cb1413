//! `GET /.well-known/jwks.json`: the public keys as a JWK set (RFC 7517, RFC 8037).

use api_contract::{ApiError, PublicKey};
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::signing_keys;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Auth;

pub(super) fn route() -> OpenApiRouter<Auth> {
    OpenApiRouter::new().routes(routes!(jwks))
}

/// A set of public keys (RFC 7517).
#[derive(Serialize, ToSchema)]
#[schema(as = JwkSet)]
struct KeySet {
    keys: Vec<Jwk>,
}

/// An Ed25519 key (RFC 8037).
#[derive(Serialize, ToSchema)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    r#use: &'static str,
    kid: String,
    x: String,
}

impl From<PublicKey> for Jwk {
    fn from(PublicKey { kid, key }: PublicKey) -> Self {
        Self { kty: "OKP", crv: "Ed25519", alg: "EdDSA", r#use: "sig", kid, x: URL_SAFE_NO_PAD.encode(key) }
    }
}

/// The keys that access tokens are verified with.
///
/// Has no envelope: its form is the standard's.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "getKeys", tag = "keys",
    responses((status = 200, description = "A JWK set", body = KeySet, content_type = "application/jwk-set+json")),
)]
async fn jwks(State(auth): State<Auth>) -> Result<impl IntoResponse, ApiError> {
    let keys = signing_keys::all(&auth.pool).await.map_err(identity::failed)?;
    let headers =
        [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, Json(KeySet { keys: keys.into_iter().map(Jwk::from).collect() })))
}
