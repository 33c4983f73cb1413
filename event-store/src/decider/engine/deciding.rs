//! A command is decided: its events are applied and join the group that fills.

use std::time::Instant;

use super::super::Remembered;
use super::super::decision::{Decision, Made, holds_nul};
use super::super::job::{Pending, Verdict};
use super::super::keys::{KeyState, Taken};
use super::Engine;
use super::filling::{Decided, Outcome};
use crate::sqlstate::UNTRANSLATABLE_CHARACTER;

impl Engine {
    /// Decides one command: its events are applied and join the group that fills.
    pub(super) fn decide(&mut self, mut pending: Pending) {
        if let Some(key) = pending.key {
            match self.keys.get(&key.key) {
                None => {
                    pending.loads = 1;
                    self.loads.ask_key(key.key, pending.order);
                    self.waiting.insert(pending.order, pending);
                    return;
                }
                Some(KeyState::Taken(taken)) => {
                    let outcome = if taken.fingerprint == key.fingerprint {
                        Outcome::Replayed(key.key)
                    } else {
                        Outcome::KeyReused
                    };
                    return self.join(pending, outcome);
                }
                Some(KeyState::Free) => {}
            }
        }
        self.assume_fresh(&pending);
        let mut decision = Decision::new(&mut self.cache, &pending.fresh);
        let began = Instant::now();
        let verdict = pending.job.decide(&mut decision);
        self.meters.decision.record(began.elapsed());
        let (savepoints, made, remembered) = decision.finish();
        match verdict {
            Verdict::NotLoaded(streams) => {
                self.cache.roll_back(savepoints);
                self.forget_fresh(&pending);
                self.load(pending, &streams);
            }
            Verdict::Refused | Verdict::Broken => {
                self.cache.roll_back(savepoints);
                self.forget_fresh(&pending);
                self.join(pending, Outcome::Told(None));
            }
            Verdict::Accepted if made.iter().any(Made::holds_nul) || holds_nul(&pending.metadata_json()) => {
                self.cache.roll_back(savepoints);
                self.forget_fresh(&pending);
                self.join(pending, Outcome::Unstorable(UNTRANSLATABLE_CHARACTER));
            }
            Verdict::Accepted => {
                self.cache.keep(savepoints, self.filling.number, &mut self.filling.touched);
                self.forget_fresh(&pending);
                let last = self.fill(&pending, made, remembered);
                self.join(pending, Outcome::Told(last));
            }
        }
    }

    fn assume_fresh(&mut self, pending: &Pending) {
        for stream in &pending.fresh {
            if !self.cache.knows(stream)
                && !self.loads.underway(stream)
                && let Some(kind) = self.registry.get(stream.aggregate_type)
            {
                self.cache.install(stream.clone(), kind.absent(), 0, true);
            }
        }
    }

    fn forget_fresh(&mut self, pending: &Pending) {
        for stream in &pending.fresh {
            self.cache.forget_assumed(stream);
        }
    }

    /// Puts a decision's events into the group that fills; the place of the last.
    fn fill(&mut self, pending: &Pending, made: Vec<Made>, remembered: Option<Remembered>) -> Option<usize> {
        let last = self.filling.add(pending, made, remembered.as_ref())?;
        if let (Some(key), Some(answer)) = (pending.key, remembered) {
            self.keys.take(key.key, Taken { fingerprint: key.fingerprint, answer });
        }
        Some(last)
    }

    fn join(&mut self, mut pending: Pending, outcome: Outcome) {
        for stream in pending.pins.drain(..) {
            self.cache.unpin(&stream);
        }
        self.filling.commands.push(Decided { pending, outcome });
    }
}
