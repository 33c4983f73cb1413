//! Aggregates in memory: the state of the log at the decider's head, and what groups on their way would make of it.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};

use domain::StreamId;

use super::registry::{LoadError, Registry, State};
use crate::recorded::Recorded;

/// A state as it was before a group.
struct Undo {
    group: u64,
    state: Box<dyn State>,
    sequence: i64,
}

/// One aggregate.
struct Entry {
    state: Box<dyn State>,
    sequence: i64,
    /// One for each group on its way that changed it, oldest first.
    undo: VecDeque<Undo>,
    /// The sequence when it was last loaded or snapshotted.
    snapshot: i64,
    /// Commands that wait for it or for others with it.
    pins: u32,
    /// Touched since the eviction's hand last passed.
    touched: Cell<bool>,
    /// Taken for absent because its id had just been made up; nobody has looked.
    assumed: bool,
}

/// What a decision changed in one stream, to be rolled back or kept.
pub struct Savepoint {
    stream: StreamId,
    state: Box<dyn State>,
    sequence: i64,
}

/// The aggregates that the decider knows.
#[derive(Default)]
pub struct Cache {
    entries: HashMap<StreamId, Entry>,
    /// The eviction's clock (CLOCK, second chance).
    hand: VecDeque<StreamId>,
    capacity: usize,
}

impl Cache {
    pub fn new(capacity: usize) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// A stream's state and sequence, if it is known and not just taken for absent.
    pub fn get(&self, stream: &StreamId, fresh: &[StreamId]) -> Option<(&dyn State, i64)> {
        let entry = self.entries.get(stream)?;
        if entry.assumed && entry.sequence == 0 && !fresh.contains(stream) {
            return None;
        }
        entry.touched.set(true);
        Some((&*entry.state, entry.sequence))
    }

    /// A known stream's state, to be changed, and its sequence.
    pub fn get_mut(&mut self, stream: &StreamId) -> Option<(&mut dyn State, &mut i64)> {
        let entry = self.entries.get_mut(stream)?;
        entry.touched.set(true);
        Some((&mut *entry.state, &mut entry.sequence))
    }

    /// Whether a stream is known.
    pub fn knows(&self, stream: &StreamId) -> bool {
        self.entries.contains_key(stream)
    }

    /// Installs what a load found.
    pub fn install(&mut self, stream: StreamId, state: Box<dyn State>, sequence: i64, assumed: bool) {
        let entry = Entry {
            state,
            sequence,
            undo: VecDeque::new(),
            snapshot: sequence,
            pins: 0,
            touched: Cell::new(true),
            assumed,
        };
        if self.entries.insert(stream.clone(), entry).is_none() {
            self.hand.push_back(stream);
        }
    }

    /// Forgets a stream that was only taken for absent and that nothing was written to.
    pub fn forget_assumed(&mut self, stream: &StreamId) {
        if self.entries.get(stream).is_some_and(|e| e.assumed && e.sequence == 0 && e.undo.is_empty()) {
            self.entries.remove(stream);
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.hand.clear();
    }

    pub fn pin(&mut self, stream: &StreamId) {
        if let Some(entry) = self.entries.get_mut(stream) {
            entry.pins += 1;
        }
    }

    pub fn unpin(&mut self, stream: &StreamId) {
        if let Some(entry) = self.entries.get_mut(stream) {
            entry.pins = entry.pins.saturating_sub(1);
        }
    }

    /// What a stream is now, to be rolled back to.
    pub fn savepoint(&self, stream: &StreamId) -> Option<Savepoint> {
        let entry = self.entries.get(stream)?;
        Some(Savepoint { stream: stream.clone(), state: entry.state.boxed_clone(), sequence: entry.sequence })
    }

    /// Takes one decision back.
    pub fn roll_back(&mut self, savepoints: Vec<Savepoint>) {
        for savepoint in savepoints {
            if let Some(entry) = self.entries.get_mut(&savepoint.stream) {
                entry.state = savepoint.state;
                entry.sequence = savepoint.sequence;
            }
        }
    }

    /// Keeps one decision as part of a group.
    pub fn keep(&mut self, savepoints: Vec<Savepoint>, group: u64, touched: &mut Vec<StreamId>) {
        for Savepoint { stream, state, sequence } in savepoints {
            let Some(entry) = self.entries.get_mut(&stream) else { continue };
            if entry.undo.back().is_none_or(|undo| undo.group != group) {
                entry.undo.push_back(Undo { group, state, sequence });
                touched.push(stream);
            }
        }
    }

    /// A group is in the log: what it made of a stream stays.
    pub fn commit(&mut self, stream: &StreamId, group: u64) {
        if let Some(entry) = self.entries.get_mut(stream) {
            entry.assumed = false;
            if entry.undo.front().is_some_and(|undo| undo.group == group) {
                entry.undo.pop_front();
            }
        }
    }

    /// A stream's state as the log has it now, before any group on its way, and its sequence; if it has grown by
    /// `every` events since it was loaded or since this was asked with an answer.
    pub fn grown(&mut self, stream: &StreamId, every: i64) -> Option<(Box<dyn State>, i64)> {
        let entry = self.entries.get_mut(stream)?;
        let (state, sequence) = match entry.undo.front() {
            Some(undo) => (&undo.state, undo.sequence),
            None => (&entry.state, entry.sequence),
        };
        // A state may grow with its stream (open reservations): the next one is due when half as much has come again.
        if sequence - entry.snapshot < every.max(entry.snapshot / 2) {
            return None;
        }
        entry.snapshot = sequence;
        Some((state.boxed_clone(), sequence))
    }

    /// No group on its way will be in the log: a stream is again what the log has.
    pub fn undo(&mut self, stream: &StreamId) {
        if let Some(entry) = self.entries.get_mut(stream)
            && let Some(first) = entry.undo.drain(..).next()
        {
            entry.state = first.state;
            entry.sequence = first.sequence;
        }
        self.forget_assumed(stream);
    }

    /// An event passes that another process appended. A stream that isn't cached doesn't care; a lower or equal
    /// sequence is known; after a gap the stream is forgotten, to be loaded again.
    pub fn pass(
        &mut self,
        registry: &Registry,
        stream: &StreamId,
        event: &Recorded,
    ) -> Result<(), LoadError> {
        let Some(entry) = self.entries.get_mut(stream) else { return Ok(()) };
        let known = event.sequence <= entry.sequence;
        let next = event.sequence == entry.sequence + 1;
        let evolved = match registry.get(stream.aggregate_type) {
            Some(kind) if next => {
                entry.sequence = event.sequence;
                entry.assumed = false;
                kind.evolve(&mut *entry.state, &event.event_type, &event.event_version, &event.payload)
            }
            _ => Ok(()),
        };
        if evolved.is_err() || !(known || next) {
            self.entries.remove(stream);
        }
        evolved
    }

    /// Evicts what was not touched for longest, but nothing that a group on its way or a waiting command needs.
    pub fn evict(&mut self) {
        // An entry goes at the hand's second visit, so that as many visits as this keep up with any group; what can't go
        // yet costs no more than that again.
        let excess = self.hand.len().saturating_sub(self.capacity);
        let mut turns = self.hand.len().min(256 + 4 * excess);
        while self.hand.len() > self.capacity && turns > 0 {
            turns -= 1;
            let Some(stream) = self.hand.pop_front() else { return };
            match self.entries.get_mut(&stream) {
                None => {}
                Some(entry) if entry.touched.get() || entry.pins > 0 || !entry.undo.is_empty() => {
                    entry.touched.set(false);
                    self.hand.push_back(stream);
                }
                Some(_) => {
                    self.entries.remove(&stream);
                }
            }
        }
    }
}

impl Savepoint {
    /// Whether it is this stream's.
    pub fn is_of(&self, stream: &StreamId) -> bool {
        self.stream == *stream
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nothing;

    impl State for Nothing {
        fn boxed_clone(&self) -> Box<dyn State> {
            Box::new(Self)
        }
        fn as_any(&self) -> &dyn std::any::Any {
            self
        }
        fn as_any_mut(&mut self) -> &mut dyn std::any::Any {
            self
        }
    }

    fn stream(id: usize) -> StreamId {
        StreamId { aggregate_type: "nothing", aggregate_id: id.to_string().into() }
    }

    #[test]
    fn stays_within_its_capacity_however_large_the_groups_are() {
        let mut cache = Cache::new(100);
        for group in 0..20 {
            for place in 0..5_000 {
                cache.install(stream(group * 5_000 + place), Box::new(Nothing), 1, false);
            }
            cache.evict();
        }
        assert!(cache.entries.len() <= 10_000, "{} are cached", cache.entries.len());
    }

    #[test]
    fn what_is_read_again_and_again_stays() {
        let mut cache = Cache::new(100);
        cache.install(stream(0), Box::new(Nothing), 1, false);
        for id in 1..5_000 {
            cache.install(stream(id), Box::new(Nothing), 1, false);
            assert!(cache.get(&stream(0), &[]).is_some(), "evicted after {id}");
            cache.evict();
        }
    }

    #[test]
    fn what_waits_or_is_on_its_way_stays() {
        let mut cache = Cache::new(2);
        cache.install(stream(0), Box::new(Nothing), 1, false);
        cache.install(stream(1), Box::new(Nothing), 1, false);
        cache.pin(&stream(0));
        let savepoint = cache.savepoint(&stream(1)).unwrap();
        cache.keep(vec![savepoint], 7, &mut Vec::new());
        for id in 2..1_000 {
            cache.install(stream(id), Box::new(Nothing), 1, false);
            cache.evict();
        }
        assert!(cache.knows(&stream(0)) && cache.knows(&stream(1)));
        cache.unpin(&stream(0));
        cache.commit(&stream(1), 7);
        for id in 1_000..2_000 {
            cache.install(stream(id), Box::new(Nothing), 1, false);
            cache.evict();
        }
        assert!(!cache.knows(&stream(0)) && !cache.knows(&stream(1)));
    }
}
