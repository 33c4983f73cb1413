//! What may become of a group besides landing: another process was faster, Postgres refuses it, or Postgres isn't there.
//! Whatever was speculative is dropped, and the commands are decided again or told.

use domain::StreamId;
use tracing::{error, warn};

use super::super::flight::{Missed, Order};
use super::super::job::Answer;
use super::super::keys;
use super::Engine;
use super::filling::{Decided, Filling, Outcome};
use crate::append::Group;
use crate::recorded::Recorded;
use crate::sqlstate::Class;

/// After a lost swap this many groups take the log's lock before they are decided: a race that was lost once would
/// be lost again, and an append that fails is a round trip under the lock for nothing.
pub(super) const CONTENDED_GROUPS: u32 = 32;

impl Engine {
    /// Drops everything speculative: each stream and key is again as the log has it, and the commands of the groups
    /// that were on their way and filling wait to be decided again, in the order they came.
    pub(super) fn start_over(&mut self, suspects: Option<u64>) {
        let filling = std::mem::take(&mut self.filling);
        self.filling.number = filling.number + 1;
        // The older group first: its undo holds the older state, and an undo restores the oldest there is.
        for group in self.in_flight.take().into_iter().chain([filling]) {
            for stream in &group.touched {
                self.cache.undo(stream);
            }
            for mut decided in group.commands {
                if let Some(key) = decided.took() {
                    self.keys.give_back(key);
                }
                if suspects == Some(group.number) && !decided.pending.suspect {
                    decided.pending.suspect = true;
                    self.suspects += 1;
                }
                self.undecided.insert(decided.pending.order, decided.pending);
            }
        }
    }

    /// Takes the log's lock to learn what was missed, and decides again under it: a command that lost a race is not
    /// starved.
    pub(super) fn catch_up(&mut self) {
        self.behind = true;
        self.locking = true;
        let _ = self.orders.try_send(Order::Lock(self.known));
    }

    /// The log's lock is held, and what was missed is known.
    pub(super) fn missed(&mut self, missed: Missed) {
        self.locking = false;
        self.behind = false;
        if missed.known.head != self.known.head {
            self.start_over(None);
            if let Some(events) = missed.events {
                for event in &events {
                    self.overtaken(event);
                }
            } else {
                // Too many, or another log: what was known is worth nothing.
                self.cache.clear();
                self.keys.clear();
                self.loads.forget();
            }
            self.known = missed.known;
        }
        // Everything that can be decided is decided now: commands that need a load step out, never under the lock.
        self.decide_waiting();
        let group = self.take_off();
        let _ = missed.group.send(group);
    }

    /// An event of another process passes.
    fn overtaken(&mut self, event: &Recorded) {
        if let Some((key, taken)) = keys::read(&event.metadata, event.position) {
            self.keys.settle(key, taken);
        }
        // Aggregates of types that this decider doesn't know are none of its business.
        let Some(aggregate_type) = self.registry.name(&event.aggregate_type) else { return };
        let stream = StreamId { aggregate_type, aggregate_id: event.aggregate_id.as_str().into() };
        self.loads.pass(&stream, event);
        self.pass(&stream, event);
    }

    pub(super) fn pass(&mut self, stream: &StreamId, event: &Recorded) {
        if let Err(error) = self.cache.pass(&self.registry, stream, event) {
            error!(error = &error as &dyn std::error::Error, %stream, position = event.position, "an event can't be read");
        }
    }

    /// Postgres refused a group. A command that was alone in it is the one; else they are decided again, one to a group.
    pub(super) fn unstorable(&mut self, code: &str) {
        let group = self.in_flight.as_ref();
        let (writers, number) = (group.map_or(0, Filling::writers), group.map(|group| group.number));
        if writers > 1 {
            warn!(code, commands = writers, "Postgres refused a group; its commands go one to a group");
            return self.start_over(number);
        }
        let culprit = self.in_flight.as_mut().and_then(Filling::take_writer);
        self.start_over(None);
        let Some(Decided { mut pending, .. }) = culprit else { return };
        if let Some(key) = pending.key {
            self.keys.give_back(key.key);
        }
        // Perhaps an id that had just been made up was taken after all: look, and decide once more.
        if !pending.fresh.is_empty() && Class::INTEGRITY_CONSTRAINT_VIOLATION.has(code) {
            pending.fresh.clear();
            self.undecided.insert(pending.order, pending);
            return;
        }
        self.settled(&pending);
        pending.job.answer(Answer::Unstorable(code.to_owned()));
    }

    /// A group is certainly not in the log and can't get there for now: its commands are told so, the others are
    /// decided again.
    pub(super) fn unavailable(&mut self) {
        self.locking = false;
        self.behind = false;
        let failed = self.in_flight.take();
        if let Some(group) = &failed {
            // The undo of both groups is taken back at once; the commands that fail are not decided again.
            for stream in &group.touched {
                self.cache.undo(stream);
            }
        }
        let mut failed = failed.map(|group| group.commands).unwrap_or_default();
        if failed.is_empty() {
            // The lock could not be had: those who wait for it have waited long enough.
            failed = std::mem::take(&mut self.filling.commands);
            for stream in std::mem::take(&mut self.filling.touched) {
                self.cache.undo(&stream);
            }
            self.filling.group = Group::default();
            self.filling.bytes = 0;
            let undecided = std::mem::take(&mut self.undecided);
            failed.extend(
                undecided.into_values().map(|pending| Decided { pending, outcome: Outcome::Told(None) }),
            );
        }
        for decided in &failed {
            if let Some(key) = decided.took() {
                self.keys.give_back(key);
            }
        }
        self.start_over(None);
        for mut decided in failed {
            for stream in decided.pending.pins.drain(..) {
                self.cache.unpin(&stream);
            }
            self.settled(&decided.pending);
            decided.pending.job.answer(Answer::Unavailable);
        }
    }
}
