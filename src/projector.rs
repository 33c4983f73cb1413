//! `daybook projector`: feeds the read models in Postgres.

use std::sync::Arc;

use event_store::{Log, LogWatch};
use projections::LogSource;

use crate::Failure;
use crate::config::Config;
use crate::roles;

/// Runs until it is stopped.
pub async fn run(config: Config) -> Result<(), Failure> {
    let stop = roles::stopped_by_signal()?;
    let pool = roles::pool(&config).await?;
    let source = LogSource::new(Log::new(pool.clone()), LogWatch::start(pool.clone()));
    let mut projectors = projections::start(&pool, &(Arc::new(source) as _));
    tokio::select! {
        () = stop.cancelled() => Ok(()),
        () = projectors.ended() => Err("every projector has stopped with an error: see daybook status".into()),
    }
}
