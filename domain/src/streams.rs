//! How a decision that spans aggregates sees them.

use std::fmt;
use std::sync::Arc;

use crate::aggregate::Stored;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

/// Names one stream of the log: an aggregate's type and id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// `Decide::TYPE` of the aggregate.
    pub aggregate_type: &'static str,
    /// The aggregate's id.
    pub aggregate_id: Arc<str>,
}

impl StreamId {
    /// The stream of `A` with this id.
    pub fn of<A: Stored>(id: impl fmt::Display) -> Self {
        Self { aggregate_type: <A as crate::Decide>::TYPE, aggregate_id: id.to_string().into() }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.aggregate_type, self.aggregate_id)
    }
}

/// Why a decision stopped.
#[derive(Debug, PartialEq, Eq)]
pub enum Halt<E> {
    /// These streams have to be loaded first; the decision is then made again from the start.
    NotLoaded(Vec<StreamId>),
    /// The rules refuse the command. Nothing of it happens.
    Refused(E),
}

impl<E> Halt<E> {
    /// Refuses with another error type.
    pub fn map<F>(self, f: impl FnOnce(E) -> F) -> Halt<F> {
        match self {
            Self::NotLoaded(streams) => Halt::NotLoaded(streams),
            Self::Refused(error) => Halt::Refused(f(error)),
        }
    }
}

/// The states that one decision sees, all at one position of the log, and the events that it makes.
///
/// A decision is made again from the start whenever it may have to be: it must depend on nothing but
/// its arguments and these states.
pub trait Streams {
    /// The state of a stream, with the events that this decision has made so far. A stream without
    /// events is the default state.
    fn state<A: Stored, E>(&self, id: impl fmt::Display) -> Result<&A, Halt<E>>;

    /// How many events a stream has, with those of this decision: the aggregate's version.
    fn version<A: Stored, E>(&self, id: impl fmt::Display) -> Result<u64, Halt<E>>;

    /// Asks for streams together, so that they are loaded at once and not one after another.
    fn need<E>(&self, streams: &[StreamId]) -> Result<(), Halt<E>>;

    /// Decides `command` on a stream's state and keeps its events.
    fn execute<A: Stored, E: From<<A as crate::Decide>::Error>>(
        &mut self,
        id: impl fmt::Display,
        command: <A as crate::Decide>::Command,
    ) -> Result<(), Halt<E>>;
}
