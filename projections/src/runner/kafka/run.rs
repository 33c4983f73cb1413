//! Records of one partition that follow one another.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::public::PublicEvent;
use domain::with_causes;
use event_store::relay::{Arrived, NotOurs};
use rdkafka::Message;
use rdkafka::message::BorrowedMessage;

use crate::read_model::ReadModel;
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

/// Where a partition stands: what is below is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) next_offset: i64,
    /// In the log.
    pub(super) position: i64,
}

/// From where to where partitions move, each in its place.
#[derive(Debug, Default)]
pub(super) struct Moves {
    pub(super) topics: Vec<String>,
    pub(super) partitions: Vec<i32>,
    pub(super) begins: Vec<i64>,
    pub(super) ends: Vec<i64>,
    /// In the log.
    pub(super) positions: Vec<i64>,
}

/// What of some runs is new.
#[derive(Debug, Default)]
pub(super) struct Fresh {
    pub(super) events: Vec<PublicEvent>,
    pub(super) undecodable: Vec<Undecodable>,
    /// How many of the events and of the undecodable ones are each run's.
    counts: Vec<(usize, usize)>,
}

impl Fresh {
    /// What of it is new still, seen from where the partitions have come to meanwhile.
    pub(super) fn since(self, stood: &[Stand]) -> Self {
        let (mut events, mut undecodable) = (self.events.into_iter(), self.undecodable.into_iter());
        let mut still = Self::default();
        for ((some, others), stood) in self.counts.into_iter().zip(stood) {
            let new = |position: i64| position > stood.position;
            still.events.extend(events.by_ref().take(some).filter(|it| new(it.position)));
            still.undecodable.extend(undecodable.by_ref().take(others).filter(|it| new(it.position)));
        }
        still
    }
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
            error: with_causes(&error),
        });
        self.records.push(Record { offset: message.offset(), position: arrived.position, event });
        self.end = message.offset() + 1;
        Ok(())
    }

    /// Adds what is new, seen from where the partition stood, to the rest. An event that the relay wrote twice has a position
    /// that was passed before.
    fn fresh(self, stood: Stand, fresh: &mut Fresh) {
        let before = (fresh.events.len(), fresh.undecodable.len());
        let mut position = stood.position;
        for record in self.records.into_iter().filter(|record| record.offset >= stood.next_offset) {
            if record.position <= position {
                continue;
            }
            position = record.position;
            match record.event {
                Ok(event) => fresh.events.push(*event),
                Err(error) => fresh.undecodable.push(error),
            }
        }
        fresh.counts.push((fresh.events.len() - before.0, fresh.undecodable.len() - before.1));
    }

    /// The farthest position of its events in the log.
    fn position(&self) -> i64 {
        self.records.iter().map(|record| record.position).max().unwrap_or(0)
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

    /// From where to where their partitions move by them, in their order.
    pub(super) fn moves(&self) -> Moves {
        let mut moves = Moves::default();
        for ((topic, partition), run) in &self.0 {
            moves.topics.push(topic.clone());
            moves.partitions.push(*partition);
            moves.begins.push(run.from);
            moves.ends.push(run.end);
            moves.positions.push(run.position());
        }
        moves
    }

    /// Whether any of them may change a row of a read model, or park an aggregate.
    pub(super) fn concern(&self, model: &dyn ReadModel) -> bool {
        self.0.values().flat_map(|run| &run.records).any(|record| match &record.event {
            Ok(event) => model.concerns(event),
            Err(undecodable) => undecodable.stops(model.aggregates()),
        })
    }

    /// What is new of them, seen from where their partitions stood, in their order.
    pub(super) fn fresh(self, stood: &[Stand]) -> Fresh {
        let mut fresh = Fresh::default();
        for (run, stood) in self.0.into_values().zip(stood) {
            run.fresh(*stood, &mut fresh);
        }
        fresh
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
