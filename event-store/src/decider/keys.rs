//! Idempotency keys: which are taken, with what answer, and which are in flight.
//!
//! A key travels in the metadata of its command's first event, so the events of other processes bring theirs.

use std::collections::{HashMap, VecDeque};

use super::{IdempotencyKey, Remembered};
use crate::append::NewKey;
use crate::recorded::Metadata;

/// Names in the metadata.
const KEY: &str = "idempotency_key";
const FINGERPRINT: &str = "idempotency_fingerprint";
const STATUS: &str = "idempotency_status";
const RESOURCE: &str = "idempotency_resource";
/// How many events the command made, so that the first tells the position of the last.
const EVENTS: &str = "idempotency_events";

/// How many taken keys are remembered in memory; the others are looked up.
const CAPACITY: usize = 100_000;

/// A key that is taken, in the log or by a group that isn't yet.
#[derive(Clone, Debug)]
pub struct Taken {
    pub fingerprint: [u8; 32],
    pub answer: Remembered,
}

/// What is known of a key.
#[derive(Clone, Debug)]
pub enum KeyState {
    /// Nobody has used it up to the decider's head.
    Free,
    Taken(Taken),
}

/// The keys that the decider knows about, as of its head.
#[derive(Debug, Default)]
pub struct Keys {
    known: HashMap<[u8; 32], KeyState>,
    settled: VecDeque<[u8; 32]>,
}

impl Keys {
    /// What is known of a key; nothing if it has to be looked up.
    pub fn get(&self, key: &[u8; 32]) -> Option<&KeyState> {
        self.known.get(key)
    }

    /// Installs what a look-up found, unless an event has said more since.
    pub fn install(&mut self, key: [u8; 32], found: Option<Taken>) {
        match found {
            Some(taken) => self.settle(key, taken),
            None => {
                self.known.entry(key).or_insert(KeyState::Free);
            }
        }
    }

    /// Takes a key for a group that is not in the log yet.
    pub fn take(&mut self, key: [u8; 32], taken: Taken) {
        self.known.insert(key, KeyState::Taken(taken));
    }

    /// The group that took it will not be in the log.
    pub fn give_back(&mut self, key: [u8; 32]) {
        self.known.insert(key, KeyState::Free);
    }

    /// A key's command is in the log.
    pub fn settle(&mut self, key: [u8; 32], taken: Taken) {
        self.known.insert(key, KeyState::Taken(taken));
        self.settled.push_back(key);
        if self.settled.len() > CAPACITY
            && let Some(oldest) = self.settled.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// Forgets a free key: its command was refused, and what others do with it is not followed any more.
    pub fn forget_free(&mut self, key: &[u8; 32]) {
        if matches!(self.known.get(key), Some(KeyState::Free)) {
            self.known.remove(key);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.known.clear();
        self.settled.clear();
    }
}

/// Writes a key into the metadata of its command's first event.
pub fn write(metadata: &Metadata, key: &IdempotencyKey, remembered: &Remembered, events: usize) -> Metadata {
    metadata
        .clone()
        .with(KEY, hex::encode(key.key))
        .with(FINGERPRINT, hex::encode(key.fingerprint))
        .with(STATUS, remembered.status.to_string())
        .with(RESOURCE, &remembered.resource)
        .with(EVENTS, events.to_string())
}

/// Reads a key out of an event's metadata. `position` is the event's: the first of its command's.
pub fn read(metadata: &str, position: i64) -> Option<([u8; 32], Taken)> {
    if !metadata.contains(KEY) {
        return None;
    }
    let metadata: Metadata = serde_json::from_str(metadata).ok()?;
    let bytes = |name| hex::decode(metadata.get(name)?).ok()?.try_into().ok();
    let answer = Remembered {
        status: metadata.get(STATUS)?.parse().ok()?,
        resource: metadata.get(RESOURCE)?.to_owned(),
        position: position + metadata.get(EVENTS)?.parse::<i64>().ok()? - 1,
    };
    Some((bytes(KEY)?, Taken { fingerprint: bytes(FINGERPRINT)?, answer }))
}

/// The key's row, its position to be filled in when the group has its place.
pub fn row(key: &IdempotencyKey, remembered: &Remembered, last_event: usize) -> NewKey {
    NewKey {
        key: key.key,
        fingerprint: key.fingerprint,
        status: i16::try_from(remembered.status).unwrap_or(i16::MAX),
        resource: remembered.resource.clone(),
        last_event,
    }
}
