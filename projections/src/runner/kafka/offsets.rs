//! Where a read model stands in each partition, and where it begins.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use event_store::{Checkpoint, Head};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use sqlx::{Connection, PgConnection, PgPool};

use super::Kafka;
use super::run::Place;
use crate::generation::{self, Generation};
use crate::read_model::ReadModel;
use crate::runner::ahead::Ahead;
use crate::runner::failure::FeedError;

/// How long one question to the cluster may take.
const ASK: Duration = Duration::from_secs(10);

/// The next offset of each partition.
pub(super) async fn stored(
    pool: &PgPool,
    checkpoint: &Checkpoint,
) -> Result<HashMap<Place, i64>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT topic, partition, next_offset FROM partition_offsets WHERE consumer = $1",
        checkpoint.name()
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.topic, row.partition), row.next_offset)).collect())
}

/// Sees to it that there is a row for each partition, and says where the generation stands. One that is new begins at the
/// checkpoint; one that is there, and was passed by from the log meanwhile, has nothing to read that the checkpoint covers.
/// Nothing is done where the generation is no longer the live one: it may be gone, and its checkpoint with it.
pub(super) async fn prepare(
    db: &mut PgConnection,
    kafka: &Arc<Kafka>,
    topics: &[String],
    model: &dyn ReadModel,
    generation: Generation,
) -> Result<Option<Head>, FeedError> {
    let checkpoint = generation.checkpoint(model.name());
    loop {
        let at = checkpoint.load(&mut *db).await?;
        let missing = missing(db, topics, kafka.config.partitions, &checkpoint).await?;
        let begins = if missing.is_empty() { Vec::new() } else { begins(db, kafka, missing, at).await? };
        let mut tx = db.begin().await?;
        let Some(held) = hold_live(&mut tx, model, generation).await? else {
            tx.rollback().await?;
            return Ok(None);
        };
        if held != at.position {
            tx.rollback().await?;
            continue; // another member has moved it: what was found is too early or too late for a new row
        }
        insert(&mut tx, &checkpoint, &begins, at.position).await?;
        Ahead::hold(&mut tx, &checkpoint).await?;
        sqlx::query!(
            "UPDATE partition_offsets SET position = $2 WHERE consumer = $1 AND position < $2",
            checkpoint.name(),
            at.position
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        return Ok(Some(at));
    }
}

/// Holds the checkpoint of a generation and says where it is, if it is the live one.
async fn hold_live(
    db: &mut PgConnection,
    model: &dyn ReadModel,
    generation: Generation,
) -> Result<Option<i64>, sqlx::Error> {
    let checkpoint = generation.checkpoint(model.name());
    let held =
        sqlx::query_scalar!("SELECT position FROM checkpoints WHERE name = $1 FOR UPDATE", checkpoint.name())
            .fetch_optional(&mut *db)
            .await?;
    // Read after the checkpoint is held, which whoever moves the pointer holds before.
    let live = generation::live(db, model).await?;
    Ok(held.filter(|_| live == Some(generation)))
}

async fn insert(
    db: &mut PgConnection,
    checkpoint: &Checkpoint,
    begins: &[(Place, i64)],
    position: i64,
) -> Result<(), sqlx::Error> {
    let topics: Vec<_> = begins.iter().map(|((topic, _), _)| topic.as_str()).collect();
    let partitions: Vec<_> = begins.iter().map(|((_, partition), _)| *partition).collect();
    let offsets: Vec<_> = begins.iter().map(|(_, offset)| *offset).collect();
    sqlx::query!(
        "INSERT INTO partition_offsets (consumer, topic, partition, next_offset, position)
         SELECT $1, topic, partition, next_offset, $5
         FROM unnest($2::text[], $3::integer[], $4::bigint[]) AS n(topic, partition, next_offset)
         ON CONFLICT (consumer, topic, partition) DO NOTHING",
        checkpoint.name(),
        &topics as _,
        &partitions[..],
        &offsets[..],
        position,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn missing(
    db: &mut PgConnection,
    topics: &[String],
    partitions: usize,
    checkpoint: &Checkpoint,
) -> Result<Vec<Place>, sqlx::Error> {
    let rows =
        sqlx::query!("SELECT topic, partition FROM partition_offsets WHERE consumer = $1", checkpoint.name())
            .fetch_all(db)
            .await?;
    let there: Vec<Place> = rows.into_iter().map(|row| (row.topic, row.partition)).collect();
    let partitions = 0..i32::try_from(partitions).unwrap_or(i32::MAX);
    let all =
        topics.iter().flat_map(|topic| partitions.clone().map(move |partition| (topic.clone(), partition)));
    Ok(all.filter(|place| !there.contains(place)).collect())
}

/// Where in these partitions an event after `at` may be the first time. Records bear the time at which the log took
/// their events, which never decreases: no event after `at` stands before the first record of its time or later.
async fn begins(
    db: &mut PgConnection,
    kafka: &Arc<Kafka>,
    places: Vec<Place>,
    at: Head,
) -> Result<Vec<(Place, i64)>, FeedError> {
    let time = if at == Head::EMPTY {
        None
    } else {
        let time = sqlx::query_scalar!("SELECT recorded_at FROM events WHERE position = $1", at.position)
            .fetch_optional(db)
            .await?;
        let time = time.ok_or(event_store::LogError::Diverged(at))?;
        Some(time.timestamp_millis())
    };
    let kafka = Arc::clone(kafka);
    let asked = tokio::task::spawn_blocking(move || {
        let consumer: BaseConsumer = Kafka::client(&kafka.config).create()?;
        places.into_iter().map(|place| begin(&consumer, place, time)).collect()
    });
    asked.await?
}

fn begin(consumer: &BaseConsumer, place: Place, time: Option<i64>) -> Result<(Place, i64), FeedError> {
    let (topic, partition) = (place.0.as_str(), place.1);
    // Before the times are looked at: what comes in between is later than all of them.
    let (low, high) =
        consumer.fetch_watermarks(topic, partition, ASK).map_err(|error| not_there(error, topic))?;
    let offset = match time {
        None => low,
        Some(time) => {
            let mut asked = TopicPartitionList::new();
            asked.add_partition_offset(topic, partition, Offset::Offset(time))?;
            let found = consumer.offsets_for_times(asked, ASK)?;
            match found.find_partition(topic, partition).map(|found| found.offset()) {
                Some(Offset::Offset(offset)) => offset,
                _ => high,
            }
        }
    };
    // Where the beginning was deleted, what is missing may be what is to be read.
    if low > 0 && offset <= low {
        return Err(FeedError::NotKept(format!("{topic}/{partition}")));
    }
    Ok((place, offset))
}

fn not_there(error: KafkaError, topic: &str) -> FeedError {
    match error.rdkafka_error_code() {
        Some(
            rdkafka::error::RDKafkaErrorCode::UnknownTopic
            | rdkafka::error::RDKafkaErrorCode::UnknownPartition
            | rdkafka::error::RDKafkaErrorCode::UnknownTopicOrPartition,
        ) => FeedError::Topics(format!("no {topic} of as many partitions")),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use event_store::relay::PARTITIONS;
    use tokio::time::timeout;

    use super::*;
    use crate::registry;
    use crate::runner::connection::connect;
    use crate::testing::{Relayed, TestDatabase};

    /// A replay may put another generation in the place of the one that a member is about to join, and drop it.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_generation_that_is_gone_is_not_waited_for() {
        let database = TestDatabase::new().await;
        let relayed = Relayed::start(&database.app).await;
        let kafka = Arc::new(Kafka::new(&relayed.config));
        let mut db = connect(&database.app).await.unwrap();
        let model = registry::find("coupons").unwrap();
        let topics = kafka.topics_of(model.aggregates());
        let mut prepared = async |generation| {
            let prepared = prepare(&mut db, &kafka, &topics, model, Generation(generation));
            timeout(Duration::from_secs(60), prepared).await.expect("it ends").unwrap()
        };
        assert_eq!(prepared(7).await, None, "its checkpoint is gone");
        let checkpoint = Generation(8).checkpoint(model.name());
        checkpoint.store(&database.app, &Head::EMPTY).await.unwrap();
        assert_eq!(prepared(8).await, None, "it is not gone yet, but no longer live");
        assert!(stored(&database.app, &checkpoint).await.unwrap().is_empty());
        assert_eq!(prepared(1).await, Some(Head::EMPTY));
        let live = stored(&database.app, &Generation(1).checkpoint(model.name())).await.unwrap();
        assert_eq!(live.len(), topics.len() * PARTITIONS);
    }
}
