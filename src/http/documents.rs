//! The API's documents: `/openapi.json`, a page of it at `/docs`, and `/postman.json`.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::postman;

/// The whole API's document, as `daybook openapi` prints it; a test holds it to what is served.
pub const OPENAPI: &str = include_str!("../../schemas/openapi.json");

/// The page is of our own files alone; it styles itself as it goes, and draws its icons from data.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// The routes.
pub fn routes(document: &str) -> Router {
    let collection = postman::collection(&serde_json::from_str(document).unwrap_or_default());
    let collection: Arc<str> = serde_json::to_string_pretty(&collection).unwrap_or_default().into();
    let document: Arc<str> = document.into();
    // No badge of a validator elsewhere: the page works without a network.
    let page = SwaggerUi::new("/docs").config(Config::from("/openapi.json").validator_url("none"));
    Router::from(page)
        .layer(from_fn(page_policy))
        .route("/openapi.json", get(async move || answer(&document)))
        .route("/postman.json", get(async move || answer(&collection)))
}

fn answer(document: &Arc<str>) -> impl IntoResponse + use<> {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], document.to_string())
}

async fn page_policy(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    response
}
