//! Which partitions a group gives a member, and where each begins: as the database says, whatever Kafka believes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use event_store::Checkpoint;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};
use sqlx::PgPool;
use tokio::runtime::Handle;
use tracing::{debug, info, warn};

use super::offsets;
use super::run::{Place, Runs};
use crate::runner::failure::FeedError;

/// What is assigned to this member, and where each partition begins.
pub(super) struct Assigned {
    pool: PgPool,
    checkpoint: Checkpoint,
    handle: Handle,
    now: Mutex<Assignment>,
}

#[derive(Default)]
struct Assignment {
    number: u64,
    begins: HashMap<Place, i64>,
    failed: Option<FeedError>,
}

impl Assigned {
    /// To a member of the group of this checkpoint: nothing yet.
    pub(super) fn to(checkpoint: &Checkpoint, pool: &PgPool) -> Self {
        Self {
            pool: pool.clone(),
            checkpoint: checkpoint.clone(),
            handle: Handle::current(),
            now: Mutex::default(),
        }
    }

    /// Goes over to the assignment of now. What was read by an earlier one is read again.
    pub(super) fn note(
        &self,
        number: &mut u64,
        next: &mut HashMap<Place, i64>,
        runs: &mut Runs,
    ) -> Result<(), FeedError> {
        let mut now = lock(&self.now);
        if let Some(error) = now.failed.take() {
            return Err(error);
        }
        if *number != now.number {
            *number = now.number;
            next.clone_from(&now.begins);
            runs.0.clear();
        }
        Ok(())
    }

    fn assign(
        &self,
        consumer: &BaseConsumer<Self>,
        partitions: &TopicPartitionList,
    ) -> Result<HashMap<Place, i64>, FeedError> {
        let stored = self.handle.block_on(offsets::stored(&self.pool, &self.checkpoint))?;
        let mut begins = HashMap::new();
        let mut assignment = TopicPartitionList::new();
        for partition in partitions.elements() {
            let place = (partition.topic().to_owned(), partition.partition());
            let Some(next) = stored.get(&place) else {
                let what = format!("{}/{} was not there when this began", place.0, place.1);
                return Err(FeedError::Topics(what));
            };
            assignment.add_partition_offset(&place.0, place.1, Offset::Offset(*next))?;
            begins.insert(place, *next);
        }
        consumer.assign(&assignment)?;
        info!(consumer = self.checkpoint.name(), partitions = begins.len(), "reads from Kafka");
        Ok(begins)
    }
}

impl ClientContext for Assigned {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(?level, facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        debug!(%error, reason, "librdkafka");
    }
}

impl ConsumerContext for Assigned {
    /// In place of the default, which would begin where Kafka believes us to be.
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        event: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let assigned = if event == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            self.assign(consumer, partitions)
        } else {
            consumer.unassign().map(|()| HashMap::new()).map_err(FeedError::from)
        };
        let mut now = lock(&self.now);
        now.number += 1;
        match assigned {
            Ok(begins) => now.begins = begins,
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "an assignment could not be taken");
                now.begins = HashMap::new();
                now.failed = Some(error);
                drop(now);
                // It has to be answered, or the group waits for us.
                let _ = consumer.unassign();
            }
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
