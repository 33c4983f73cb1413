//! `daybook up`: everything in one process, commands and queries on one port.

use std::sync::Arc;
use std::time::Duration;

use event_store::relay;
use event_store::{Log, LogWatch};
use projections::{LogSource, Positions, catalog, product_search};
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::config::{Config, ProjectorSource};
use crate::http::{self, Document, Health, Metrics, ServerConfig, Surface};
use crate::{Failure, command_api, migrate, projector, query_api, replay, roles, sample_shop, say};

/// How long the start waits for the read models.
const FIRST_READ: Duration = Duration::from_secs(5);

/// Runs until it is stopped.
pub async fn run(config: Config) -> Result<(), Failure> {
    let stop = roles::stopped_by_signal()?;
    let (server, metrics) = (ServerConfig::from(&config.environment)?, Metrics::install()?);
    let listener = http::listen(config.listen).await?;
    if config.has_owner() {
        migrate::migrate(&config).await?;
    }
    let pool = roles::pool(&config).await?;
    let watch = LogWatch::start(pool.clone());
    let mut commands = command_api::start(&config, &pool, watch.clone()).await?;
    if ::command_api::config::PaymentConfig::from(&config.environment)?.simulator {
        sample_shop::load_once(&pool, commands.decider(), &config.home).await?;
    }

    let source = Arc::new(LogSource::new(Log::followed(pool.clone(), &watch), watch.clone()));
    if config.projector_source != ProjectorSource::Off {
        replay::build_new_versions(&config, &pool).await?;
    }
    let projectors = projector::start(config.projector_source, &config, &pool, &source)?;
    let queries = query_api::router(&config, &pool, watch.clone(), source, projectors.positions().clone())?;
    readable(&pool, projectors.positions()).await?;
    let relay = start_relay(&config, &pool, watch);

    let (api, beside) = commands.routers();
    let decider = commands.decider();
    let health = Health::new(pool.clone(), stop.clone())
        .deciding_by(decider.clone())
        .reading()
        .searching(&config.home);
    let metrics = metrics.of_decider(decider.clone()).of_search(projectors.positions().clone(), &config.home);
    let surface = Surface { document: Document::Own, api: api.merge(queries), beside, health, metrics };
    let router = surface.router(&server);
    greet(&config);
    let serving = http::serve(listener, router, &server, stop.clone());
    tokio::pin!(serving);
    let failed = tokio::select! {
        () = &mut serving => None,
        () = commands.ended() => {
            stop.cancel();
            serving.await;
            Some("the decider has stopped".into())
        }
    };
    // What was accepted is answered; now what follows the log may stop, in any order.
    commands.stop().await;
    if let Some((relay, stop)) = relay {
        stop.cancel();
        relay.await?;
    }
    failed.map_or(Ok(()), Err)
}

/// Waits until what is in the log can be read, the sample shop too; a long history is caught up with while serving.
async fn readable(pool: &PgPool, positions: &Positions) -> Result<(), Failure> {
    let head = Log::new(pool.clone()).head().await?;
    for model in [catalog::NAME, product_search::NAME] {
        positions.wait_for(model, head.position, FIRST_READ).await;
    }
    Ok(())
}

fn start_relay(
    config: &Config,
    pool: &PgPool,
    watch: LogWatch,
) -> Option<(JoinHandle<()>, CancellationToken)> {
    let relay = config.relay()?;
    let stop = CancellationToken::new();
    let (pool, stopped) = (pool.clone(), stop.clone());
    let relay = tokio::spawn(async move {
        if let Err(error) = relay::run(relay, pool, watch, stopped).await {
            error!(error = &error as &dyn std::error::Error, "the relay has stopped; Kafka falls behind");
        }
    });
    Some((relay, stop))
}

fn greet(config: &Config) {
    say(format_args!("Daybook is ready: http://{}", config.listen));
    if config.brokers.is_none() {
        say("KAFKA_BROKERS is not set: nothing is published to Kafka; the relay catches up when it is");
    }
    let Some(shop) = sample_shop::read(&config.home) else { return };
    say("");
    say("A sample shop is there to try things on:");
    for (role, login) in [("admin", &shop.admin), ("seller", &shop.seller), ("customer", &shop.customer)] {
        say(format_args!("  {role:<9} {:<28} {}", login.email, login.password));
    }
    say("");
    say("What to try next:");
    say(format_args!("  curl http://{}/api/v1/products", config.listen));
    say("  ./dev demo                   one order's way, step by step");
    say("  ./dev daybook status         how far each consumer of the log has come");
    say("  ./dev daybook audit verify   that nobody altered the log");
}
