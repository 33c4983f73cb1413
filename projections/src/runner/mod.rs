//! Feeding read models from the log, or from Kafka.
//!
//! Each read model has one projector, which goes at its own pace and fails alone. They share one reader, which
//! decodes each batch once for all that stand at the same place. What is said here of the log holds for [`kafka`] too:
//! rows and the place in the source are written in one transaction.

pub(crate) mod ahead;
mod batch;
pub(crate) mod connection;
pub mod failure;
pub(crate) mod held;
pub(crate) mod intake;
pub mod kafka;
pub mod positions;
pub mod projector;
pub(crate) mod refused;
mod setbacks;
pub mod source;
mod watched;

use std::sync::Arc;

use sqlx::PgPool;
use tokio::task::JoinSet;

use self::kafka::{Kafka, KafkaConfig, KafkaProjector};
use self::positions::Positions;
use self::projector::Projector;
use self::source::EventSource;
use self::watched::watched;
use crate::registry::READ_MODELS;

pub(crate) use self::batch::{BatchStep, BatchTaken, advance};

/// The running projectors of this process. Dropping it ends them, between two batches or in the middle of one: a
/// batch is a transaction.
#[derive(Debug)]
pub struct Projectors {
    tasks: JoinSet<()>,
    positions: Positions,
}

impl Projectors {
    /// Where the read models stand that this process feeds.
    pub fn positions(&self) -> &Positions {
        &self.positions
    }

    /// Waits until each projector has ended, which happens only by a permanent error or a bug: either is in status then.
    pub async fn ended(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts a projector for each read model in Postgres. Where another process feeds one already, ours stands by and
/// takes over when that one is gone.
pub fn start(pool: &PgPool, source: &Arc<dyn EventSource>) -> Projectors {
    let positions = Positions::new(pool.clone());
    let mut tasks = JoinSet::new();
    for model in READ_MODELS {
        let projector = Projector::new(model, pool.clone(), Arc::clone(source), positions.clone());
        tasks.spawn(watched(model, pool.clone(), projector.run()));
    }
    Projectors { tasks, positions }
}

/// Starts a projector for each read model in Postgres that shares the partitions of its topics with those of other
/// processes.
pub fn start_from_kafka(pool: &PgPool, config: &KafkaConfig) -> Projectors {
    let positions = Positions::new(pool.clone());
    let kafka = Arc::new(Kafka::new(config));
    let mut tasks = JoinSet::new();
    for model in READ_MODELS {
        let projector = KafkaProjector::new(model, pool.clone(), Arc::clone(&kafka), positions.clone());
        tasks.spawn(watched(model, pool.clone(), projector.run()));
    }
    Projectors { tasks, positions }
}

/// No projectors: other processes feed the read models, and positions are those of the database.
pub fn start_none(pool: &PgPool) -> Projectors {
    Projectors { tasks: JoinSet::new(), positions: Positions::new(pool.clone()) }
}
