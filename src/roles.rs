//! What the roles have in common when they start and stop: logging, signals, the pool.

use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::Failure;
use crate::config::Config;
use crate::http::{self, Health, Metrics, ServerConfig};
use crate::unreachable::Unreachable;

/// The connections of a role's pool.
const CONNECTIONS: u32 = 24;

/// JSON lines on standard error, of the level that `DAYBOOK_LOG` says.
pub fn log_to_stderr(config: &Config) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(&config.log).map_err(|error| format!("DAYBOOK_LOG: {error}"))?;
    tracing_subscriber::fmt()
        .json()
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    Ok(())
}

/// The pool of a role, as the restricted role of the database.
pub async fn pool(config: &Config) -> Result<PgPool, Failure> {
    let options = config.database()?;
    match event_store::connect::pool_with(options.clone(), CONNECTIONS).await {
        Ok(pool) => Ok(pool),
        Err(error) => Err(Unreachable::of(options, error).await.into()),
    }
}

/// What a role without an API shows, on `DAYBOOK_METRICS_LISTEN`: its health and its metrics.
pub struct Aside(Option<(TcpListener, Metrics)>);

impl Aside {
    /// Begins to count and to listen, before anything else starts.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        let Some(address) = config.metrics_listen else { return Ok(Self(None)) };
        let metrics = Metrics::install()?;
        Ok(Self(Some((http::listen(address).await?, metrics))))
    }

    /// Serves until the role stops. `reads`: whether it is ready only while the read models are.
    pub fn serve(
        self,
        config: &Config,
        pool: &PgPool,
        reads: bool,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        let Some((listener, metrics)) = self.0 else { return Ok(()) };
        let server = ServerConfig::from(&config.environment)?;
        let health = Health::new(pool.clone(), stop.clone());
        let router = http::aside(if reads { health.reading() } else { health }, metrics);
        let stop = stop.clone();
        tokio::spawn(async move { http::serve(listener, router, &server, stop).await });
        Ok(())
    }
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
