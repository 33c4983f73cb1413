//! An event as the log holds it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::public::{self, PublicEvent, PublishError};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use uuid::Uuid;

/// What stands beside an event: a flat map of strings, as postgres-es has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metadata(pub BTreeMap<String, String>);

impl Metadata {
    /// The request, or the chain of them, that this belongs to.
    pub const CORRELATION_ID: &str = "correlation_id";
    /// The event or command that led to this one.
    pub const CAUSATION_ID: &str = "causation_id";
    /// Who did it: `user:<id>`, or the name of a process manager.
    pub const ACTOR: &str = "actor";
    /// For whom a process did it: who wrote the event that made it due.
    pub const ON_BEHALF_OF: &str = "on_behalf_of";
    /// When it happened, RFC 3339 in UTC with microseconds.
    pub const OCCURRED_AT: &str = "occurred_at";

    /// Sets a value.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// A value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// An event as the log holds it: every column, the payload's text as it is stored. `T` is how the texts of JSON are held.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Recorded<T = String> {
    /// Its place in the whole log, from 1, without a gap.
    pub position: i64,
    /// When the log took it; never decreases with `position`.
    pub recorded_at: DateTime<Utc>,
    /// UUIDv7.
    pub event_id: Uuid,
    /// Its place in its stream, from 1, without a gap.
    pub sequence: i64,
    /// Its stream's type.
    pub aggregate_type: String,
    /// Its stream's id.
    pub aggregate_id: String,
    /// What happened.
    pub event_type: String,
    /// The version of the payload's form.
    pub event_version: String,
    /// The payload's JSON text.
    pub payload: T,
    /// The metadata's JSON text.
    pub metadata: T,
}

impl<T: AsRef<str>> Recorded<T> {
    /// The metadata, parsed. Text that is not a flat map, which only a superuser can have written, is empty.
    pub fn metadata(&self) -> Metadata {
        serde_json::from_str(self.metadata.as_ref()).unwrap_or_default()
    }

    /// When it happened: years before it was recorded for imported history.
    pub fn occurred_at(&self) -> DateTime<Utc> {
        #[derive(Deserialize)]
        struct OccurredAt {
            occurred_at: DateTime<Utc>,
        }
        serde_json::from_str::<OccurredAt>(self.metadata.as_ref()).map_or(self.recorded_at, |m| m.occurred_at)
    }

    /// The public event, or nothing where its aggregate isn't published.
    pub fn publish(&self) -> Result<Option<PublicEvent>, PublishError> {
        let payload = self.payload.as_ref();
        let data = public::publish(&self.aggregate_type, &self.event_type, &self.event_version, payload)?;
        Ok(data.map(|data| PublicEvent {
            position: self.position,
            event_id: self.event_id,
            aggregate_type: data.aggregate_type(),
            aggregate_id: self.aggregate_id.clone(),
            sequence: self.sequence,
            occurred_at: self.occurred_at(),
            recorded_at: self.recorded_at,
            data,
        }))
    }
}
