//! `daybook projector`: feeds the read models in Postgres.

use std::sync::Arc;

use event_store::{Log, LogWatch};
use projections::{KafkaConfig, LogSource, Projectors};
use sqlx::PgPool;

use crate::config::{Config, ProjectorSource};
use crate::{Failure, replay, roles};

#[derive(clap::Args)]
#[command(after_help = "Example: daybook projector\n         \
    KAFKA_BROKERS=127.0.0.1:9092 daybook projector --from kafka")]
pub struct Args {
    /// Where it reads, instead of what `DAYBOOK_PROJECTOR_SOURCE` says.
    #[arg(long)]
    from: Option<ProjectorSource>,
}

/// Runs until it is stopped.
pub async fn run(args: Args, config: Config) -> Result<(), Failure> {
    let stop = roles::stopped_by_signal()?;
    let aside = roles::Aside::open(&config).await?;
    let pool = roles::pool(&config).await?;
    aside.serve(&config, &pool, true, &stop)?;
    let from = args.from.unwrap_or(config.projector_source);
    if from == ProjectorSource::Off {
        return Err("a projector that reads nowhere has nothing to do".into());
    }
    let source = LogSource::new(Log::new(pool.clone()), LogWatch::start(pool.clone()));
    replay::build_new_versions(&config, &pool).await?;
    let mut projectors = start(from, &config, &pool, &Arc::new(source))?;
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        () = projectors.ended() => Err("every projector has stopped with an error: see daybook status".into()),
    }
}

/// Starts the projectors of a process.
pub fn start(
    from: ProjectorSource,
    config: &Config,
    pool: &PgPool,
    log: &Arc<LogSource>,
) -> Result<Projectors, Failure> {
    match from {
        ProjectorSource::Log => Ok(projections::start(pool, &(Arc::clone(log) as _))),
        ProjectorSource::Off => Ok(projections::start_none(pool)),
        ProjectorSource::Kafka => {
            let brokers =
                config.brokers.clone().ok_or("KAFKA_BROKERS is not set: there is nothing to read from")?;
            let topic_prefix = config.topic_prefix.clone();
            let kafka = KafkaConfig { topic_prefix, ..KafkaConfig::of(brokers) };
            Ok(projections::start_from_kafka(pool, &kafka))
        }
    }
}
