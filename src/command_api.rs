//! `daybook command-api`: takes commands.

use ::command_api::auth::{Auth, KeyConfig, TokenConfig};
use ::command_api::config::{PaymentConfig, ShopConfig};
use ::command_api::messages::MessageConfig;
use ::command_api::{CommandApi, Setup};
use event_store::LogWatch;
use event_store::decider;
use sqlx::PgPool;

use crate::Failure;
use crate::config::Config;
use crate::http::{self, Document, Health, Metrics, ServerConfig, Surface};
use crate::roles;

/// The role, started.
pub async fn start(config: &Config, pool: &PgPool, watch: LogWatch) -> Result<CommandApi, Failure> {
    let environment = &config.environment;
    let auth =
        Auth::start(pool.clone(), &KeyConfig::from(environment), TokenConfig::from(environment)?).await?;
    let setup = Setup {
        pool: pool.clone(),
        appending: config.database()?.clone(),
        watch,
        auth,
        shop: ShopConfig::from(environment)?,
        payments: PaymentConfig::from(environment)?,
        messages: MessageConfig::from(environment)?,
        decider: decider::Config::default(),
        process_managers: true,
    };
    Ok(CommandApi::start(setup).await?)
}

/// Runs until it is stopped.
pub async fn run(config: Config) -> Result<(), Failure> {
    let stop = roles::stopped_by_signal()?;
    let (server, metrics) = (ServerConfig::from(&config.environment)?, Metrics::install()?);
    let listener = http::listen(config.listen).await?;
    let pool = roles::pool(&config).await?;
    let watch = LogWatch::start(pool.clone());
    let mut commands = start(&config, &pool, watch).await?;
    let (api, beside) = commands.routers();
    let health = Health::new(pool, stop.clone()).deciding_by(commands.decider().clone());
    let metrics = metrics.of_decider(commands.decider().clone());
    let router = Surface { document: Document::Committed, api, beside, health, metrics }.router(&server);
    let serving = http::serve(listener, router, &server, stop.clone());
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        () = commands.ended() => {
            // Without a decider no command can be answered: whoever restarts this process gives it a new one.
            stop.cancel();
            serving.await;
            return Err("the decider has stopped".into());
        }
    }
    commands.stop().await;
    Ok(())
}
