//! What the roles have in common when they start and stop: logging, signals, the HTTP server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api_contract::{Verifier, middleware, openapi};
use axum::routing::get;
use axum::{Json, Router};
use identity::signing_keys::SigningKeys;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use utoipa_axum::router::OpenApiRouter;

use crate::Failure;
use crate::config::Config;

/// The connections of a role's pool.
const CONNECTIONS: u32 = 24;
/// A request that has no answer by then is answered 503.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// JSON lines on standard error, of the level that `DAYBOOK_LOG` says.
pub fn log_to_stderr(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| format!("DAYBOOK_LOG: {error}"))?;
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(())
}

/// The pool of a role, as the restricted role of the database.
pub async fn pool(config: &Config) -> Result<PgPool, Failure> {
    Ok(event_store::connect::pool_with(config.database()?.clone(), CONNECTIONS).await?)
}

/// Cancelled by Ctrl-C or SIGTERM.
pub fn stopped_by_signal() -> Result<CancellationToken, Failure> {
    let token = CancellationToken::new();
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let stop = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        stop.cancel();
    });
    Ok(token)
}

/// The whole router of a process: the API under both its paths, what lies beside it, and the rules around it.
pub fn router(api: OpenApiRouter, beside: Router, pool: &PgPool) -> Router {
    let (api, document) = api.split_for_parts();
    let document = Arc::new(openapi::complete(document, env!("CARGO_PKG_VERSION")));
    let router = Router::new()
        .nest("/api/v1", api.clone())
        .nest("/api", api)
        .merge(beside)
        .merge(health(pool.clone()))
        .route("/openapi.json", get(async move || Json((*document).clone())));
    middleware::apply(router, Verifier::new(SigningKeys(pool.clone())), TIME_LIMIT)
}

fn health(pool: PgPool) -> Router {
    let ready = move || {
        let pool = pool.clone();
        async move {
            let log = event_store::Log::new(pool);
            match log.head().await {
                Ok(_) => Ok("ready"),
                Err(error) => Err(query_api::failed(error)),
            }
        }
    };
    Router::new()
        .route("/health/live", get(async || "alive"))
        .route("/health/ready", get(ready.clone()))
        .route("/health", get(ready))
}

/// Listens, so that an address that is taken is known before anything else starts.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| format!("DAYBOOK_LISTEN: can't listen on {address}: {error}").into())
}

/// Serves until it is stopped and what was accepted is answered.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> Result<(), Failure> {
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await?;
    Ok(())
}
