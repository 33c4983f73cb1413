//! `GET /.well-known/jwks.json`: the public keys as a JWK set (RFC 7517, RFC 8037).

use api_contract::{ApiError, PublicKey};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity::signing_keys;
use serde::Serialize;

use super::Auth;

pub(super) fn route() -> Router<Auth> {
    Router::new().route("/.well-known/jwks.json", get(jwks))
}

#[derive(Serialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

#[derive(Serialize)]
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

/// Has no envelope: its form is the standard's.
async fn jwks(State(auth): State<Auth>) -> Result<impl IntoResponse, ApiError> {
    let keys = signing_keys::all(&auth.pool).await.map_err(identity::failed)?;
    let headers =
        [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, Json(KeySet { keys: keys.into_iter().map(Jwk::from).collect() })))
}
