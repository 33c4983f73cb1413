//! From an event of the log to a Kafka record: `CloudEvents` 1.0, Kafka protocol binding 1.0.2, binary mode.

use chrono::{DateTime, SecondsFormat, Utc};
use domain::public::is_private;
use rdkafka::message::{Header, OwnedHeaders};
use uuid::Uuid;

use super::{MOST_MESSAGE_BYTES, RelayError};
use crate::recorded::Recorded;

/// The names of the headers. The last three are extension attributes, whose names may have lower-case letters and
/// digits only.
pub mod header {
    /// The version of the `CloudEvents` specification: `1.0`.
    pub const SPEC_VERSION: &str = "ce_specversion";
    /// The event's id.
    pub const ID: &str = "ce_id";
    /// The event's type.
    pub const TYPE: &str = "ce_type";
    /// Whose log it is.
    pub const SOURCE: &str = "ce_source";
    /// When it happened, RFC 3339.
    pub const TIME: &str = "ce_time";
    /// The aggregate's id.
    pub const SUBJECT: &str = "ce_subject";
    /// `application/json`
    pub const CONTENT_TYPE: &str = "content-type";
    /// Its place in the log.
    pub const POSITION: &str = "ce_position";
    /// Its place in its stream.
    pub const SEQUENCE: &str = "ce_sequence";
    /// When the log took it, RFC 3339.
    pub const RECORDED_AT: &str = "ce_recordedat";
}

/// What is left of a record's bytes beside its key and headers, and what Kafka wraps them in.
const MOST_PAYLOAD: usize = MOST_MESSAGE_BYTES - 64 * 1024;

/// An event as it goes to Kafka.
#[derive(Debug)]
pub(super) struct Record {
    /// `Decide::TYPE` of its aggregate, which says the topic.
    pub(super) aggregate_type: &'static str,
    /// The aggregate's id: one aggregate's events are in one partition, in order.
    pub(super) key: String,
    /// Milliseconds since 1970 of `recorded_at`, by which Kafka finds an offset for a time.
    pub(super) timestamp: i64,
    /// As in [`header`].
    pub(super) headers: OwnedHeaders,
    /// The public event's JSON.
    pub(super) payload: String,
}

impl Record {
    /// The record of an event, or nothing where its aggregate stays in the log. An error where the aggregate isn't known, or the
    /// event can't be published.
    pub(super) fn of(recorded: &Recorded, source: &str) -> Result<Option<Self>, RelayError> {
        let unmappable = |reason: Box<dyn std::error::Error + Send + Sync>| RelayError::Unmappable {
            position: recorded.position,
            aggregate_type: recorded.aggregate_type.clone(),
            event_type: recorded.event_type.clone(),
            source: reason,
        };
        let Some(event) = recorded.publish().map_err(|error| unmappable(error.into()))? else {
            return if is_private(&recorded.aggregate_type) { Ok(None) } else { Err(unknown(recorded)) };
        };
        let payload = event.data.to_json().map_err(|error| unmappable(error.into()))?;
        if payload.len() > MOST_PAYLOAD {
            return Err(unmappable(
                format!("its JSON has {} bytes, of at most {MOST_PAYLOAD}", payload.len()).into(),
            ));
        }
        let (mut position, mut sequence) = (itoa::Buffer::new(), itoa::Buffer::new());
        let headers = OwnedHeaders::new_with_capacity(10)
            .insert(text(header::SPEC_VERSION, "1.0"))
            .insert(text(header::ID, event.event_id.hyphenated().encode_lower(&mut Uuid::encode_buffer())))
            .insert(text(header::TYPE, event.data.event_type()))
            .insert(text(header::SOURCE, source))
            .insert(text(header::TIME, &rfc3339(event.occurred_at)))
            .insert(text(header::SUBJECT, &event.aggregate_id))
            .insert(text(header::CONTENT_TYPE, "application/json"))
            .insert(text(header::POSITION, position.format(event.position)))
            .insert(text(header::SEQUENCE, sequence.format(event.sequence)))
            .insert(text(header::RECORDED_AT, &rfc3339(event.recorded_at)));
        Ok(Some(Self {
            aggregate_type: event.aggregate_type,
            key: event.aggregate_id,
            timestamp: event.recorded_at.timestamp_millis(),
            headers,
            payload,
        }))
    }
}

fn unknown(recorded: &Recorded) -> RelayError {
    RelayError::Unknown {
        position: recorded.position,
        aggregate_type: recorded.aggregate_type.clone(),
        event_type: recorded.event_type.clone(),
    }
}

fn text<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a str> {
    Header { key, value: Some(value) }
}

fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}
