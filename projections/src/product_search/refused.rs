//! An event that the index can't take: it parks its aggregate.

use domain::public::PublicEvent;

use super::AGGREGATES;
use crate::read_model::ApplyError;
use crate::runner::failure::chain;
use crate::runner::source::Undecodable;

/// An aggregate: its type and id.
pub(super) type Aggregate = (String, String);

/// An event that can't be taken, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) aggregate: Aggregate,
    pub(super) sequence: i64,
    pub(super) position: i64,
    pub(super) event_type: String,
    pub(super) error: String,
}

impl Refused {
    pub(super) fn of(event: &PublicEvent, error: &ApplyError) -> Self {
        Self {
            aggregate: (event.aggregate_type.to_owned(), event.aggregate_id.clone()),
            sequence: event.sequence,
            position: event.position,
            event_type: event.data.event_type().to_owned(),
            error: chain(error),
        }
    }

    /// One that this build can't decode; nothing where the search doesn't read such.
    pub(super) fn undecodable(event: &Undecodable) -> Option<Self> {
        event.stops(AGGREGATES).then(|| Self {
            aggregate: (event.aggregate_type.clone(), event.aggregate_id.clone()),
            sequence: event.sequence,
            position: event.position,
            event_type: event.event_type.clone(),
            error: format!("the event at position {} can't be decoded: {}", event.position, event.error),
        })
    }
}
