//! Appending one group: the call of `append_group` and what it needs.

use std::sync::Arc;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use domain::StreamId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::digest::{self, Columns, GroupDigest};
use crate::head::Head;

/// An event on its way into the log.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// UUIDv7.
    pub event_id: Uuid,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in its stream, from 1.
    pub sequence: i64,
    /// What happened.
    pub event_type: String,
    /// The version of the payload's form.
    pub event_version: String,
    /// JSON.
    pub payload: String,
    /// A flat JSON map of strings.
    pub metadata: Arc<str>,
}

/// An idempotency key on its way into the log, with what was answered.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Digest of the key and its scope.
    pub key: [u8; 32],
    /// Digest of the request's body.
    pub fingerprint: [u8; 32],
    /// The HTTP status that was answered.
    pub status: i16,
    /// The id of what was made or changed.
    pub resource: String,
    /// The place in the group of its command's last event.
    pub last_event: usize,
}

/// The events of some commands, to be appended together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// In order.
    pub events: Vec<NewEvent>,
    /// Of the commands that came with one.
    pub keys: Vec<NewKey>,
}

/// A group that has its place in the log: it can be appended there and nowhere else, any number of times.
#[derive(Clone, Debug)]
pub struct Sealed {
    group: Arc<Group>,
    id: Uuid,
    after: Head,
    recorded_at: DateTime<Utc>,
    digest: [u8; 32],
    head: Head,
}

impl Sealed {
    /// Places a group after a head. `floor` is the head's `recorded_at`, below which no later one may be.
    pub fn new(group: Arc<Group>, after: Head, now: DateTime<Utc>, floor: DateTime<Utc>) -> Self {
        // Postgres keeps microseconds; with nanoseconds the digest would be of something that isn't stored.
        let recorded_at = now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now).max(floor);
        let mut digest = GroupDigest::default();
        let mut position = after.position;
        for event in &group.events {
            position += 1;
            digest.add(&Columns {
                position,
                recorded_at: recorded_at.timestamp_micros(),
                event_id: event.event_id,
                sequence: event.sequence,
                aggregate_type: event.stream.aggregate_type.as_bytes(),
                aggregate_id: event.stream.aggregate_id.as_bytes(),
                event_type: event.event_type.as_bytes(),
                event_version: event.event_version.as_bytes(),
                payload: event.payload.as_bytes(),
                metadata: event.metadata.as_bytes(),
            });
        }
        let digest = digest.finish();
        let id = Uuid::now_v7();
        let hash = digest::chain(after.hash, id, after.position + 1, position, recorded_at, &digest);
        Self { group, id, after, recorded_at, digest, head: Head { position, hash } }
    }

    /// What it is of.
    pub(crate) fn group(&self) -> &Arc<Group> {
        &self.group
    }

    /// Where the log ended before it.
    pub(crate) fn after(&self) -> Head {
        self.after
    }

    /// Where the log ends once this group is in it.
    pub fn head(&self) -> Head {
        self.head
    }

    /// When the log takes it.
    pub fn recorded_at(&self) -> DateTime<Utc> {
        self.recorded_at
    }
}

/// What became of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// The group is in the log, by this call or by an earlier one whose answer was lost.
    Here,
    /// The log goes on differently after that head. The group is not in it and never will be.
    Moved,
}

/// Appends a sealed group, if the log still ends where the group begins.
///
/// Calling this again with the same group is how an unknown outcome becomes known: it takes the log's lock, and
/// afterwards either the group is there or its place is taken, so an earlier call that still waits can't add it.
pub async fn append(connection: &mut PgConnection, sealed: &Sealed) -> Result<Appended, sqlx::Error> {
    let group = &*sealed.group;
    let events = || group.events.iter();
    let keys = || group.keys.iter();
    let position_of =
        |key: &NewKey| sealed.after.position + 1 + i64::try_from(key.last_event).unwrap_or(i64::MAX);
    let outcome = sqlx::query_scalar!(
        r#"SELECT append_group($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) AS "outcome!""#,
        sealed.after.position,
        &sealed.after.hash.0[..],
        sealed.id,
        sealed.recorded_at,
        &sealed.digest[..],
        &sealed.head.hash.0[..],
        &events().map(|e| e.stream.aggregate_type).collect::<Vec<_>>() as _,
        &events().map(|e| &*e.stream.aggregate_id).collect::<Vec<_>>() as _,
        &events().map(|e| e.sequence).collect::<Vec<_>>(),
        &events().map(|e| e.event_id).collect::<Vec<_>>(),
        &events().map(|e| e.event_type.as_str()).collect::<Vec<_>>() as _,
        &events().map(|e| e.event_version.as_str()).collect::<Vec<_>>() as _,
        &events().map(|e| e.payload.as_str()).collect::<Vec<_>>() as _,
        &events().map(|e| &*e.metadata).collect::<Vec<_>>() as _,
        &keys().map(|k| &k.key[..]).collect::<Vec<_>>() as _,
        &keys().map(|k| &k.fingerprint[..]).collect::<Vec<_>>() as _,
        &keys().map(|k| k.status).collect::<Vec<_>>(),
        &keys().map(|k| k.resource.as_str()).collect::<Vec<_>>() as _,
        &keys().map(position_of).collect::<Vec<_>>(),
    )
    .fetch_one(connection)
    .await?;
    Ok(if outcome == "moved" { Appended::Moved } else { Appended::Here })
}
