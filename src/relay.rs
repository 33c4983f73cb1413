//! `daybook relay`: publishes the log to Kafka.

use event_store::LogWatch;
use event_store::relay;

use crate::Failure;
use crate::config::Config;
use crate::roles;

/// Runs until it is stopped.
pub async fn run(config: Config) -> Result<(), Failure> {
    let relay = config.relay().ok_or("KAFKA_BROKERS is not set: there is nowhere to publish to")?;
    let stop = roles::stopped_by_signal()?;
    let aside = roles::Aside::open(&config).await?;
    let pool = roles::pool(&config).await?;
    aside.serve(&config, &pool, false, &stop)?;
    let watch = LogWatch::start(pool.clone());
    Ok(relay::run(relay, pool, watch, stop).await?)
}
