//! `daybook relay`: publishes the log to Kafka.

use event_store::LogWatch;
use event_store::relay::{self, RelayConfig};

use crate::Failure;
use crate::config::Config;
use crate::roles;

/// Runs until it is stopped.
pub async fn run(config: Config) -> Result<(), Failure> {
    let brokers = config.brokers.clone().ok_or("KAFKA_BROKERS is not set: there is nowhere to publish to")?;
    let stop = roles::stopped_by_signal()?;
    let pool = roles::pool(&config).await?;
    let watch = LogWatch::start(pool.clone());
    Ok(relay::run(RelayConfig::to(brokers), pool, watch, stop).await?)
}
