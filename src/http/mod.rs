//! What a process shows over HTTP beside the API: its documents, its health, its metrics; and how it serves.

mod config;
mod documents;
mod health;
mod metrics;
mod postman;
mod serve;

use api_contract::openapi::{Beside, complete};
use api_contract::{Verifier, middleware};
use axum::Router;
use identity::signing_keys::SigningKeys;
use utoipa_axum::router::OpenApiRouter;

pub use self::config::ServerConfig;
pub use self::documents::OPENAPI;
pub use self::health::Health;
pub use self::metrics::Metrics;
pub use self::serve::{listen, serve};

/// What a role shows.
pub struct Surface {
    /// Which document it shows.
    pub document: Document,
    /// The API, which is put under `/api/v1` and `/api`.
    pub api: OpenApiRouter,
    /// What has its place elsewhere.
    pub beside: OpenApiRouter,
    /// Whether it can serve.
    pub health: Health,
    /// What it has counted.
    pub metrics: Metrics,
}

/// The router of a role without an API.
pub fn aside(health: Health, metrics: Metrics) -> Router {
    let pool = health.pool().clone();
    let (router, _described) = health::routes(health).merge(metrics::routes(metrics, pool)).split_for_parts();
    router
}

/// Which document a process shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    /// What its own handlers say: it has the whole API.
    Own,
    /// The one that is committed, which a test holds to the former: it has a part of the API, and a client sees the whole
    /// of it through the gateway.
    Committed,
}

impl Surface {
    /// The whole router of a process, with the rules around it.
    pub fn router(self, config: &ServerConfig) -> Router {
        let Self { document, api, beside, health, metrics } = self;
        let pool = health.pool().clone();
        let (api, own) = api.split_for_parts();
        let beside = beside.merge(health::routes(health)).merge(metrics::routes(metrics, pool.clone()));
        let (beside, described) = beside.split_for_parts();
        let document = match document {
            Document::Own => {
                let own = complete(own, Beside(described), env!("CARGO_PKG_VERSION"));
                serde_json::to_string_pretty(&own).unwrap_or_default()
            }
            Document::Committed => OPENAPI.trim_end().to_owned(),
        };
        let router = Router::new()
            .nest("/api/v1", api.clone())
            .nest("/api", api)
            .merge(beside)
            .merge(documents::routes(&document));
        middleware::apply(router, Verifier::new(SigningKeys(pool)), config.rules())
    }
}
