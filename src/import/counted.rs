//! Counting the events of a decision.

use std::fmt::Display;

use domain::aggregate::Stored;
use domain::{Decide, Halt, StreamId, Streams};

/// Streams that count the events that are made by them.
pub struct Counted<'a, S> {
    streams: &'a mut S,
    /// So many.
    pub events: u64,
}

impl<'a, S: Streams> Counted<'a, S> {
    /// Counts from 0.
    pub fn of(streams: &'a mut S) -> Self {
        Self { streams, events: 0 }
    }
}

impl<S: Streams> Streams for Counted<'_, S> {
    fn state<A: Stored, E>(&self, id: impl Display) -> Result<&A, Halt<E>> {
        self.streams.state(id)
    }

    fn version<A: Stored, E>(&self, id: impl Display) -> Result<u64, Halt<E>> {
        self.streams.version::<A, E>(id)
    }

    fn need<E>(&self, streams: &[StreamId]) -> Result<(), Halt<E>> {
        self.streams.need(streams)
    }

    fn execute<A: Stored, E: From<<A as Decide>::Error>>(
        &mut self,
        id: impl Display,
        command: <A as Decide>::Command,
    ) -> Result<(), Halt<E>> {
        let id = id.to_string();
        let before = self.streams.version::<A, E>(&id)?;
        self.streams.execute::<A, E>(&id, command)?;
        self.events += self.streams.version::<A, E>(&id)? - before;
        Ok(())
    }
}
