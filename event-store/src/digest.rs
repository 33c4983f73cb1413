//! What is hashed, byte for byte, so that an auditor can do it again with nothing of ours.
//!
//! An event is its columns' stored texts in the order of [`columns`], each behind its length in bytes as four bytes,
//! big-endian: without the lengths two different events could have one digest. A group's digest is SHA-256 over
//! its events; the chain goes on with SHA-256 over the previous hash, the group's id (16 bytes), its first and last
//! position and `recorded_at` (microseconds since 1970) as eight bytes each, big-endian, and the digest: every
//! column of `log_groups`.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::head::Hash;

/// The columns of one event, borrowed from wherever they are.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// `events.position`
    pub position: i64,
    /// `events.recorded_at` in microseconds since 1970
    pub recorded_at: i64,
    /// `events.event_id`
    pub event_id: Uuid,
    /// `events.sequence`
    pub sequence: i64,
    /// `events.aggregate_type`
    pub aggregate_type: &'a [u8],
    /// `events.aggregate_id`
    pub aggregate_id: &'a [u8],
    /// `events.event_type`
    pub event_type: &'a [u8],
    /// `events.event_version`
    pub event_version: &'a [u8],
    /// `events.payload`, its text
    pub payload: &'a [u8],
    /// `events.metadata`, its text
    pub metadata: &'a [u8],
}

/// The digest of a group in the making.
#[derive(Clone, Default)]
pub struct GroupDigest {
    sha: Sha256,
    buffer: Vec<u8>,
}

impl GroupDigest {
    /// Takes the group's next event.
    pub fn add(&mut self, event: &Columns<'_>) {
        self.buffer.clear();
        let mut id = Uuid::encode_buffer();
        let numbers = [event.position, event.recorded_at, event.sequence];
        let mut texts = [itoa::Buffer::new(); 3];
        let [position, recorded_at, sequence] = &mut texts;
        for column in [
            position.format(numbers[0]).as_bytes(),
            recorded_at.format(numbers[1]).as_bytes(),
            event.event_id.hyphenated().encode_lower(&mut id).as_bytes(),
            sequence.format(numbers[2]).as_bytes(),
            event.aggregate_type,
            event.aggregate_id,
            event.event_type,
            event.event_version,
            event.payload,
            event.metadata,
        ] {
            // A column of 4 GiB or more can't be: Postgres keeps none above 1 GiB.
            self.buffer.extend_from_slice(&u32::try_from(column.len()).unwrap_or(u32::MAX).to_be_bytes());
            self.buffer.extend_from_slice(column);
        }
        self.sha.update(&self.buffer);
    }

    /// The group's digest.
    pub fn finish(self) -> [u8; 32] {
        self.sha.finalize().into()
    }
}

/// The chain's next hash.
pub fn chain(
    previous: Hash,
    group_id: Uuid,
    first: i64,
    last: i64,
    recorded_at: DateTime<Utc>,
    digest: &[u8; 32],
) -> Hash {
    let mut sha = Sha256::new();
    sha.update(previous.0);
    sha.update(group_id.as_bytes());
    sha.update(first.to_be_bytes());
    sha.update(last.to_be_bytes());
    sha.update(recorded_at.timestamp_micros().to_be_bytes());
    sha.update(digest);
    Hash(sha.finalize().into())
}
