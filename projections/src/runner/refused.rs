//! An event that a read model can't take: it parks its aggregate.

use domain::public::PublicEvent;
use domain::with_causes;
use event_store::Checkpoint;
use sqlx::PgExecutor;
use tracing::error;

use super::source::Undecodable;
use crate::read_model::ApplyError;

/// An aggregate: its type and id.
pub(crate) type Aggregate = (String, String);

/// An event that can't be taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) aggregate: Aggregate,
    pub(crate) sequence: i64,
    pub(crate) position: i64,
    pub(crate) event_type: String,
    pub(crate) error: String,
}

impl Refused {
    pub(crate) fn of(event: &PublicEvent, error: &ApplyError) -> Self {
        Self {
            aggregate: (event.aggregate_type.to_owned(), event.aggregate_id.clone()),
            sequence: event.sequence,
            position: event.position,
            event_type: event.data.event_type().to_owned(),
            error: with_causes(error),
        }
    }

    pub(crate) fn undecodable(event: &Undecodable) -> Self {
        Self {
            aggregate: (event.aggregate_type.clone(), event.aggregate_id.clone()),
            sequence: event.sequence,
            position: event.position,
            event_type: event.event_type.clone(),
            error: format!("the event at position {} can't be decoded: {}", event.position, event.error),
        }
    }

    /// Whether an event of this aggregate at this place in its stream is it, or comes after it.
    pub(crate) fn holds_back(&self, aggregate_type: &str, aggregate_id: &str, sequence: i64) -> bool {
        sequence >= self.sequence && aggregate_id == self.aggregate.1 && aggregate_type == self.aggregate.0
    }

    /// The events that it doesn't hold back.
    pub(crate) fn hold_back(&self, events: &mut Vec<PublicEvent>) {
        events.retain(|it| !self.holds_back(it.aggregate_type, &it.aggregate_id, it.sequence));
    }

    /// Parks its aggregate from here on, wherever it was parked before: at a later event, for what can't be decoded is known
    /// before anything is tried, and what comes after that isn't tried; or at an earlier one, which a retry has taken.
    pub(crate) async fn park(
        &self,
        consumer: &Checkpoint,
        db: impl PgExecutor<'_>,
    ) -> Result<(), sqlx::Error> {
        let Self { aggregate: (aggregate_type, aggregate_id), sequence, position, event_type, error } = self;
        sqlx::query!(
            "INSERT INTO parked (consumer, aggregate_type, aggregate_id, sequence, position, event_type, error)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (consumer, aggregate_type, aggregate_id) DO UPDATE
             SET sequence = excluded.sequence, position = excluded.position, event_type = excluded.event_type,
                 error = excluded.error, retry_asked_at = NULL",
            consumer.name(),
            aggregate_type,
            aggregate_id,
            sequence,
            position,
            event_type,
            error,
        )
        .execute(db)
        .await?;
        error!(
            consumer = consumer.name(),
            aggregate_type,
            aggregate_id,
            sequence,
            position,
            error,
            "a read model can't take an event: its aggregate is parked"
        );
        Ok(())
    }
}
