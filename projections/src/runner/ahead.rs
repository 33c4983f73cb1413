//! What a read model that Kafka feeds, or has fed, has taken in beyond its checkpoint.
//!
//! Its partitions go at their own pace, so of one aggregate it may have the events up to a later position than of
//! another. Who goes on from the log leaves out what is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use event_store::Checkpoint;
use event_store::relay::partition_of;
use sqlx::PgConnection;

use super::source::{PublicBatch, Undecodable};

/// For each topic, by the type of its aggregates, up to which position of the log each partition's events are taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ahead(BTreeMap<String, Vec<i64>>);

impl Ahead {
    /// As it stands, and will stand until the transaction that is open ends. In the order in which everybody locks them.
    pub(crate) async fn hold(db: &mut PgConnection, checkpoint: &Checkpoint) -> Result<Self, sqlx::Error> {
        let rows = sqlx::query!(
            "SELECT topic, position FROM partition_offsets WHERE consumer = $1 ORDER BY topic, partition FOR UPDATE",
            checkpoint.name()
        )
        .fetch_all(db)
        .await?;
        Ok(Self::of(rows.into_iter().map(|row| (row.topic, row.position))))
    }

    /// Each topic's partitions in order.
    fn of(rows: impl Iterator<Item = (String, i64)>) -> Self {
        let mut topics: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for (topic, position) in rows {
            let aggregate_type = topic.rsplit('.').next().unwrap_or_default().to_owned();
            topics.entry(aggregate_type).or_default().push(position);
        }
        Self(topics)
    }

    /// Beyond this position nothing is there.
    pub(crate) fn farthest(&self) -> i64 {
        self.0.values().flatten().copied().max().unwrap_or(0)
    }

    /// Up to where the events of an aggregate are there.
    pub(crate) fn reached(&self, aggregate_type: &str, aggregate_id: &str) -> i64 {
        let Some(partitions) = self.0.get(aggregate_type) else { return 0 };
        partitions.get(partition_of(aggregate_id, partitions.len())).copied().unwrap_or(0)
    }

    /// A batch without what is there.
    pub(crate) fn rest_of(&self, batch: &Arc<PublicBatch>) -> Arc<PublicBatch> {
        let events = batch.events.iter();
        let events = events.filter(|it| it.position > self.reached(it.aggregate_type, &it.aggregate_id));
        let undecodable = batch.undecodable.iter();
        let undecodable = undecodable.filter(|it| {
            it.aggregate_type == Undecodable::ANY
                || it.position > self.reached(&it.aggregate_type, &it.aggregate_id)
        });
        Arc::new(PublicBatch {
            events: events.cloned().collect(),
            undecodable: undecodable.cloned().collect(),
            head: batch.head,
        })
    }

    /// Forgets it, once the checkpoint is not behind it: it says nothing then.
    pub(crate) async fn forget(db: &mut PgConnection, checkpoint: &Checkpoint) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "DELETE FROM partition_offsets o USING checkpoints c
             WHERE o.consumer = $1 AND c.name = $1
               AND NOT EXISTS (SELECT FROM partition_offsets f WHERE f.consumer = $1 AND f.position > c.position)",
            checkpoint.name()
        )
        .execute(db)
        .await?;
        Ok(())
    }
}
