//! `daybook query-api`: answers queries. It holds no secret and no SQL.

use std::sync::Arc;

use command_api::config::ShopConfig;
use event_store::{Log, LogWatch};
use projections::product_search::{self, Home};
use projections::{LogSource, Positions};
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;

use crate::config::Config;
use crate::http::{self, Document, Health, Metrics, ServerConfig, Surface};
use crate::{Failure, roles, search_words};

/// The role's routes; its search index is fed from `source`.
pub fn router(
    config: &Config,
    pool: &PgPool,
    watch: LogWatch,
    source: Arc<LogSource>,
    positions: Positions,
) -> Result<OpenApiRouter, Failure> {
    let shop = ShopConfig::from(&config.environment)?;
    let home = Home::under(&config.home).with(search_words::from(&config.environment)?);
    let search = product_search::start(home, pool, &(source as _), &positions);
    let api = query_api::QueryApi {
        pool: pool.clone(),
        watch,
        positions,
        search,
        tax_rates: shop.tax_rates,
        currency: shop.currency,
        read_wait: config.read_wait,
    };
    Ok(api.router())
}

/// Runs until it is stopped.
pub async fn run(config: Config) -> Result<(), Failure> {
    let stop = roles::stopped_by_signal()?;
    let (server, metrics) = (ServerConfig::from(&config.environment)?, Metrics::install()?);
    let listener = http::listen(config.listen).await?;
    let pool = roles::pool(&config).await?;
    let watch = LogWatch::start(pool.clone());
    let source = Arc::new(LogSource::new(Log::new(pool.clone()), watch.clone()));
    let positions = Positions::new(pool.clone());
    let metrics = metrics.of_search(positions.clone(), &config.home);
    let api = router(&config, &pool, watch, source, positions)?;
    let health = Health::new(pool, stop.clone()).reading().searching(&config.home);
    let router =
        Surface { document: Document::Committed, api, beside: OpenApiRouter::new(), health, metrics };
    let router = router.router(&server);
    http::serve(listener, router, &server, stop).await;
    Ok(())
}
