//! Records of one partition that follow one another.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::public::PublicEvent;
use event_store::relay::{Arrived, NotOurs};
use rdkafka::Message;
use rdkafka::message::BorrowedMessage;

use crate::runner::failure::chain;
use crate::runner::source::Undecodable;

/// A partition of a topic.
pub(super) type Place = (String, i32);

/// Everything of a partition from one offset up to another.
#[derive(Debug)]
pub(super) struct Run {
    /// Its first record's offset, or where its first record would be.
    pub(super) from: i64,
    /// The offset after its last record.
    pub(super) end: i64,
    records: Vec<Record>,
}

#[derive(Debug)]
struct Record {
    offset: i64,
    position: i64,
    event: Result<Box<PublicEvent>, Undecodable>,
}

/// What of some runs is new.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    pub(super) events: Vec<PublicEvent>,
    pub(super) undecodable: Vec<Undecodable>,
}

impl Run {
    /// An empty one that begins here.
    pub(super) fn beginning(from: i64) -> Self {
        Self { from, end: from, records: Vec::new() }
    }

    /// Adds the next record.
    pub(super) fn push(&mut self, message: &BorrowedMessage<'_>) -> Result<(), NotOurs> {
        let arrived = Arrived::read(message)?;
        let event = arrived.decode().map(Box::new).map_err(|error| Undecodable {
            position: arrived.position,
            aggregate_type: arrived.aggregate_type.to_owned(),
            aggregate_id: arrived.aggregate_id.clone(),
            sequence: arrived.sequence,
            event_type: arrived.event_type.clone(),
            error: chain(&error),
        });
        self.records.push(Record { offset: message.offset(), position: arrived.position, event });
        self.end = message.offset() + 1;
        Ok(())
    }

    /// Adds what is new, seen from where the partition stands, to the rest; and the position to which that leads. An
    /// event that the relay wrote twice has a position that was passed before.
    pub(super) fn fresh(self, next_offset: i64, mut position: i64, fresh: &mut Fresh) -> i64 {
        for record in self.records.into_iter().filter(|record| record.offset >= next_offset) {
            if record.position <= position {
                continue;
            }
            position = record.position;
            match record.event {
                Ok(event) => fresh.events.push(*event),
                Err(error) => fresh.undecodable.push(error),
            }
        }
        position
    }
}

#[cfg(test)]
impl Run {
    /// These events as records one after another, from an offset on.
    pub(super) fn of(from: i64, events: impl IntoIterator<Item = PublicEvent>) -> Self {
        let mut run = Self::beginning(from);
        for event in events {
            let (offset, position) = (run.end, event.position);
            run.records.push(Record { offset, position, event: Ok(Box::new(event)) });
            run.end += 1;
        }
        run
    }
}

/// Runs of several partitions, in the order in which everybody locks them.
#[derive(Debug, Default)]
pub(super) struct Runs(pub(super) BTreeMap<Place, Run>);

impl Runs {
    /// When the log took the first of these events.
    pub(super) fn oldest(&self) -> Option<DateTime<Utc>> {
        let first = |run: &Run| run.records.first()?.event.as_ref().ok().map(|event| event.recorded_at);
        self.0.values().filter_map(first).min()
    }

    /// Where each of their partitions stands after them.
    pub(super) fn ends(&self) -> Vec<(Place, i64)> {
        self.0.iter().map(|(place, run)| (place.clone(), run.end)).collect()
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.0.values().map(|run| run.records.len()).sum()
    }
}
