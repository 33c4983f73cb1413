//! A group of decided commands, while it fills and while it is on its way.

use std::sync::Arc;

use domain::StreamId;

use super::super::Remembered;
use super::super::decision::Made;
use super::super::job::Pending;
use super::super::keys;
use crate::append::{Group, NewEvent};

/// A command that was decided and waits for its group.
pub(super) struct Decided {
    pub(super) pending: Pending,
    pub(super) outcome: Outcome,
}

/// What a decided command's caller will be told.
pub(super) enum Outcome {
    /// What the decision came to; with the place in the group of its last event, if it made one.
    Told(Option<usize>),
    /// What was answered to the earlier command with this key.
    Replayed([u8; 32]),
    KeyReused,
    /// Postgres would store what it made, and no reader could read it (SQLSTATE).
    Unstorable(&'static str),
}

impl Decided {
    /// Whether events of it are in the group.
    pub(super) fn writes(&self) -> bool {
        matches!(self.outcome, Outcome::Told(Some(_)))
    }

    /// The key that it took, by what it wrote.
    pub(super) fn took(&self) -> Option<[u8; 32]> {
        self.pending.key.filter(|_| self.writes()).map(|key| key.key)
    }
}

/// A group that fills, or that is on its way.
#[derive(Default)]
pub(super) struct Filling {
    pub(super) number: u64,
    pub(super) commands: Vec<Decided>,
    pub(super) group: Group,
    pub(super) bytes: usize,
    pub(super) touched: Vec<StreamId>,
}

impl Filling {
    /// An empty one.
    pub(super) fn numbered(number: u64) -> Self {
        Self { number, ..Self::default() }
    }

    /// How many of its commands write something.
    pub(super) fn writers(&self) -> usize {
        self.commands.iter().filter(|decided| decided.writes()).count()
    }

    /// Takes out its first command that writes something.
    pub(super) fn take_writer(&mut self) -> Option<Decided> {
        let place = self.commands.iter().position(Decided::writes)?;
        Some(self.commands.remove(place))
    }

    /// Adds a decision's events, with its key and what is remembered for that; the place of the last.
    pub(super) fn add(
        &mut self,
        pending: &Pending,
        made: Vec<Made>,
        remembered: Option<&Remembered>,
    ) -> Option<usize> {
        if made.is_empty() {
            return None;
        }
        let metadata = pending.metadata_json();
        let mut first = None;
        if let (Some(key), Some(remembered)) = (pending.key, remembered) {
            let with_key = keys::write(&pending.metadata, &key, remembered, made.len());
            first = Some(serde_json::to_string(&with_key).unwrap_or_default().into());
            let last = self.group.events.len() + made.len() - 1;
            self.group.keys.push(keys::row(&key, remembered, last));
        }
        for event in made {
            self.bytes += event.payload.len() + metadata.len() + 200;
            self.group.events.push(NewEvent {
                event_id: uuid::Uuid::now_v7(),
                stream: event.stream,
                sequence: event.sequence,
                event_type: event.event_type,
                event_version: event.event_version,
                payload: event.payload,
                metadata: first.take().unwrap_or_else(|| Arc::clone(&metadata)),
            });
        }
        Some(self.group.events.len() - 1)
    }
}
