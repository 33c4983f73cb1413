//! What one decision sees and makes.

use std::fmt::Display;

use cqrs_es::DomainEvent;
use domain::aggregate::Stored;
use domain::{Decide, Halt, StreamId, Streams};

use super::Remembered;
use super::cache::{Cache, Savepoint};

/// An event that a decision made, on its way to a group.
#[derive(Debug)]
pub struct Made {
    pub stream: StreamId,
    pub sequence: i64,
    pub event_type: String,
    pub event_version: String,
    pub payload: String,
}

impl Made {
    /// Whether its payload holds a NUL.
    pub fn holds_nul(&self) -> bool {
        holds_nul(&self.payload)
    }
}

/// Whether a string in this JSON holds a NUL: `json` takes it, escaped as it is, and every later reader fails.
pub fn holds_nul(json: &str) -> bool {
    // Behind an odd number of backslashes it is text that only looks like an escape.
    json.match_indices("\\u0000").any(|(at, _)| {
        let before = json.as_bytes().get(..at).unwrap_or_default();
        before.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

/// The states that one decision sees, all at the decider's head, and the events that it has made.
pub struct Decision<'a> {
    cache: &'a mut Cache,
    fresh: &'a [StreamId],
    savepoints: Vec<Savepoint>,
    made: Vec<Made>,
    remembered: Option<Remembered>,
}

impl std::fmt::Debug for Decision<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decision").field("made", &self.made).finish_non_exhaustive()
    }
}

impl<'a> Decision<'a> {
    pub(super) fn new(cache: &'a mut Cache, fresh: &'a [StreamId]) -> Self {
        Self { cache, fresh, savepoints: Vec::new(), made: Vec::new(), remembered: None }
    }

    /// Says what a later command with the same idempotency key is answered. Nothing is kept without a key.
    pub fn remember(&mut self, status: u16, resource: impl Display) {
        self.remembered = Some(Remembered { status, resource: resource.to_string(), position: 0 });
    }

    /// Ends the decision.
    pub(super) fn finish(self) -> (Vec<Savepoint>, Vec<Made>, Option<Remembered>) {
        (self.savepoints, self.made, self.remembered)
    }

    fn known<E>(&self, stream: StreamId) -> Result<(&dyn super::registry::State, i64), Halt<E>> {
        self.cache.get(&stream, self.fresh).ok_or_else(|| Halt::NotLoaded(vec![stream]))
    }
}

impl Streams for Decision<'_> {
    fn state<A: Stored, E>(&self, id: impl Display) -> Result<&A, Halt<E>> {
        let stream = StreamId::of::<A>(id);
        let (state, _) = self.known(stream.clone())?;
        state.as_any().downcast_ref().ok_or_else(|| Halt::NotLoaded(vec![stream]))
    }

    fn version<A: Stored, E>(&self, id: impl Display) -> Result<u64, Halt<E>> {
        let (_, sequence) = self.known(StreamId::of::<A>(id))?;
        Ok(sequence.unsigned_abs())
    }

    fn need<E>(&self, streams: &[StreamId]) -> Result<(), Halt<E>> {
        let missing: Vec<_> =
            streams.iter().filter(|s| self.cache.get(s, self.fresh).is_none()).cloned().collect();
        if missing.is_empty() { Ok(()) } else { Err(Halt::NotLoaded(missing)) }
    }

    fn execute<A: Stored, E: From<<A as Decide>::Error>>(
        &mut self,
        id: impl Display,
        command: <A as Decide>::Command,
    ) -> Result<(), Halt<E>> {
        let stream = StreamId::of::<A>(id);
        let not_loaded = || Halt::NotLoaded(vec![stream.clone()]);
        let events = {
            let (state, _) = self.known(stream.clone())?;
            let state: &A = state.as_any().downcast_ref().ok_or_else(not_loaded)?;
            state.decide(command).map_err(|error| Halt::Refused(error.into()))?
        };
        if events.is_empty() {
            return Ok(());
        }
        if !self.savepoints.iter().any(|savepoint| savepoint.is_of(&stream)) {
            self.savepoints.push(self.cache.savepoint(&stream).ok_or_else(not_loaded)?);
        }
        let (state, sequence) = self.cache.get_mut(&stream).ok_or_else(not_loaded)?;
        let state: &mut A = state.as_any_mut().downcast_mut().ok_or_else(not_loaded)?;
        for event in events {
            *sequence += 1;
            state.evolve(&event);
            self.made.push(Made {
                stream: stream.clone(),
                sequence: *sequence,
                event_type: event.event_type(),
                event_version: event.event_version(),
                // Events are plain data: text, integers, lists. An unserializable one would be refused by Postgres.
                payload: serde_json::to_string(&event).unwrap_or_default(),
            });
        }
        Ok(())
    }
}
