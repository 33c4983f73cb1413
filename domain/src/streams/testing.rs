//! Streams in memory, to test decisions in given/when/then.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, LazyLock, Mutex};

use cqrs_es::DomainEvent;

use super::{Halt, StreamId, Streams};
use crate::Decide;
use crate::aggregate::Stored;

/// Streams in memory. A stream that nobody gave is known to have no events, unless the streams are
/// [`cold`](Self::cold).
#[derive(Clone, Default)]
pub struct InMemory {
    streams: BTreeMap<StreamId, Arc<dyn Any + Send + Sync>>,
    /// What is loaded of cold streams; everything is where there is none.
    loaded: Option<BTreeSet<StreamId>>,
    made: Vec<(StreamId, String)>,
    rounds: usize,
}

#[derive(Clone)]
struct Stream<A: Stored> {
    state: A,
    events: Vec<<A as Decide>::Event>,
}

impl<A: Stored> Default for Stream<A> {
    fn default() -> Self {
        Self { state: A::default(), events: Vec::new() }
    }
}

impl<A: Stored> Stream<A> {
    fn push(&mut self, event: <A as Decide>::Event) {
        self.state.evolve(&event);
        self.events.push(event);
    }
}

/// The stream without events of an aggregate, to lend its state out.
fn absent<A: Stored>() -> &'static Stream<A> {
    static ALL: LazyLock<Mutex<BTreeMap<&'static str, &'static (dyn Any + Send + Sync)>>> =
        LazyLock::new(Mutex::default);
    let mut all = ALL.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let any = *all
        .entry(<A as Decide>::TYPE)
        .or_insert_with(|| Box::leak(Box::new(Stream::<A>::default())) as &(dyn Any + Send + Sync));
    typed(any)
}

#[allow(clippy::expect_used, reason = "a stream's id holds the type that it was made with")]
fn typed<A: Stored>(any: &(dyn Any + Send + Sync)) -> &Stream<A> {
    any.downcast_ref().expect("an aggregate's TYPE is its own")
}

impl InMemory {
    /// No streams.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same streams, none of them loaded: each round of loading that a decision needs is counted.
    #[must_use]
    pub fn cold(mut self) -> Self {
        self.loaded = Some(BTreeSet::new());
        self.rounds = 0;
        self
    }

    /// These events have happened.
    #[must_use]
    pub fn given<A: Stored>(mut self, id: impl fmt::Display, events: Vec<<A as Decide>::Event>) -> Self {
        self.append::<A>(&StreamId::of::<A>(id), events);
        self
    }

    /// Makes a decision, loading what it asks for; what a refused one made is dropped.
    pub fn decide<T, E>(
        &mut self,
        mut decision: impl FnMut(&mut Self) -> Result<T, Halt<E>>,
    ) -> Result<T, E> {
        loop {
            let before = self.streams.clone();
            self.made.clear();
            match decision(self) {
                Ok(answer) => return Ok(answer),
                Err(Halt::NotLoaded(streams)) => {
                    self.streams = before;
                    self.rounds += 1;
                    if let Some(loaded) = &mut self.loaded {
                        loaded.extend(streams);
                    }
                }
                Err(Halt::Refused(error)) => {
                    self.streams = before;
                    self.made.clear();
                    return Err(error);
                }
            }
        }
    }

    /// The state of a stream.
    pub fn get<A: Stored>(&self, id: impl fmt::Display) -> A {
        self.stream::<A>(&StreamId::of::<A>(id)).state.clone()
    }

    /// All events of a stream.
    pub fn events<A: Stored>(&self, id: impl fmt::Display) -> Vec<<A as Decide>::Event> {
        self.stream::<A>(&StreamId::of::<A>(id)).events.clone()
    }

    /// Stream and type of each event of the last decision, in order; none if it was refused.
    pub fn made(&self) -> &[(StreamId, String)] {
        &self.made
    }

    /// How often streams had to be loaded since [`cold`](Self::cold).
    pub fn rounds(&self) -> usize {
        self.rounds
    }

    fn stream<A: Stored>(&self, id: &StreamId) -> &Stream<A> {
        match self.streams.get(id) {
            Some(any) => typed(any.as_ref()),
            None => absent(),
        }
    }

    fn append<A: Stored>(&mut self, id: &StreamId, events: Vec<<A as Decide>::Event>) {
        let mut stream = self.stream::<A>(id).clone();
        for event in events {
            stream.push(event);
        }
        self.streams.insert(id.clone(), Arc::new(stream));
    }
}

impl Streams for InMemory {
    fn state<A: Stored, E>(&self, id: impl fmt::Display) -> Result<&A, Halt<E>> {
        let id = StreamId::of::<A>(id);
        self.need(std::slice::from_ref(&id))?;
        Ok(&self.stream::<A>(&id).state)
    }

    fn version<A: Stored, E>(&self, id: impl fmt::Display) -> Result<u64, Halt<E>> {
        let id = StreamId::of::<A>(id);
        self.need(std::slice::from_ref(&id))?;
        Ok(self.stream::<A>(&id).events.len() as u64)
    }

    fn need<E>(&self, streams: &[StreamId]) -> Result<(), Halt<E>> {
        let Some(loaded) = &self.loaded else { return Ok(()) };
        let missing: Vec<StreamId> = streams.iter().filter(|id| !loaded.contains(id)).cloned().collect();
        if missing.is_empty() { Ok(()) } else { Err(Halt::NotLoaded(missing)) }
    }

    fn execute<A: Stored, E: From<<A as Decide>::Error>>(
        &mut self,
        id: impl fmt::Display,
        command: <A as Decide>::Command,
    ) -> Result<(), Halt<E>> {
        let id = StreamId::of::<A>(id);
        let events = self
            .state::<A, E>(&id.aggregate_id)?
            .decide(command)
            .map_err(|error| Halt::Refused(error.into()))?;
        self.made.extend(events.iter().map(|event| (id.clone(), event.event_type())));
        self.append::<A>(&id, events);
        Ok(())
    }
}
