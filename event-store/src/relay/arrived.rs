//! From a Kafka record back to the public event.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::public::{DecodeError, PUBLISHED, PublicData, PublicEvent};
use rdkafka::Message;
use rdkafka::message::{BorrowedHeaders, Headers};
use uuid::Uuid;

use super::record::header;

/// An event's record, as a consumer of the topics gets it.
#[derive(Debug)]
pub struct Arrived {
    /// Its place in the log.
    pub position: i64,
    /// Its aggregate's type.
    pub aggregate_type: &'static str,
    /// Its aggregate's id.
    pub aggregate_id: String,
    /// Its place in its stream.
    pub sequence: i64,
    /// What it is called.
    pub event_type: String,
    event_id: Uuid,
    occurred_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
    payload: String,
}

/// A record that no relay has written.
#[derive(Debug, thiserror::Error)]
#[error("the record at {topic}/{partition}/{offset} is not the relay's: {reason}")]
pub struct NotOurs {
    topic: String,
    partition: i32,
    offset: i64,
    reason: Strange,
}

/// What is not as the relay writes it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Strange {
    #[error("it has no headers")]
    NoHeaders,
    #[error("no aggregate has this topic")]
    Topic,
    #[error("its payload is not text")]
    Payload,
    #[error("no {0}")]
    Missing(&'static str),
    #[error("its {0} can't be read")]
    Unreadable(&'static str),
}

impl Arrived {
    /// Reads a record of a topic of events.
    pub fn read(record: &impl Message<Headers = BorrowedHeaders>) -> Result<Self, NotOurs> {
        let strange = |reason| NotOurs {
            topic: record.topic().to_owned(),
            partition: record.partition(),
            offset: record.offset(),
            reason,
        };
        Self::parse(record).map_err(strange)
    }

    fn parse(record: &impl Message<Headers = BorrowedHeaders>) -> Result<Self, Strange> {
        let topic = record.topic().rsplit('.').next().unwrap_or_default();
        let aggregate_type = PUBLISHED.iter().find(|published| **published == topic);
        let headers = record.headers().ok_or(Strange::NoHeaders)?;
        let payload = record.payload().and_then(|bytes| std::str::from_utf8(bytes).ok());
        Ok(Self {
            position: value(headers, header::POSITION)?,
            aggregate_type: aggregate_type.ok_or(Strange::Topic)?,
            aggregate_id: value(headers, header::SUBJECT)?,
            sequence: value(headers, header::SEQUENCE)?,
            event_type: value(headers, header::TYPE)?,
            event_id: value(headers, header::ID)?,
            occurred_at: value(headers, header::TIME)?,
            recorded_at: value(headers, header::RECORDED_AT)?,
            payload: payload.ok_or(Strange::Payload)?.to_owned(),
        })
    }

    /// The public event, the same that the log has.
    pub fn decode(&self) -> Result<PublicEvent, DecodeError> {
        Ok(PublicEvent {
            position: self.position,
            event_id: self.event_id,
            aggregate_type: self.aggregate_type,
            aggregate_id: self.aggregate_id.clone(),
            sequence: self.sequence,
            occurred_at: self.occurred_at,
            recorded_at: self.recorded_at,
            data: PublicData::decode(self.aggregate_type, &self.event_type, &self.payload)?,
        })
    }
}

fn value<T: FromStr>(headers: &BorrowedHeaders, name: &'static str) -> Result<T, Strange> {
    let found = headers.iter().find(|header| header.key == name).and_then(|header| header.value);
    let text = found.and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or(Strange::Missing(name))?;
    text.parse().map_err(|_| Strange::Unreadable(name))
}
