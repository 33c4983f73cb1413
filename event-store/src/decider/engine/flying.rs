//! A group takes off, and lands.

use std::sync::Arc;
use std::time::Instant;

use domain::StreamId;
use tracing::warn;

use super::super::flight::{Landing, Order};
use super::super::job::{Answer, Pending};
use super::super::keys::KeyState;
use super::super::known::Known;
use super::super::registry::AggregateType;
use super::Engine;
use super::filling::{Filling, Outcome};
use super::linger::Linger;
use super::setbacks::CONTENDED_GROUPS;
use crate::append::Group;
use crate::snapshot;

impl Engine {
    /// Sends the group that is full enough, if none is on its way.
    pub(super) async fn launch(&mut self) {
        if self.in_flight.is_some() || self.locking {
            return;
        }
        self.decide_waiting();
        if self.filling.commands.is_empty() {
            return;
        }
        let order = if self.contended > 0 {
            self.contended -= 1;
            self.locking = true;
            Order::Lock(self.known)
        } else if self.filling.group.events.is_empty() {
            self.take_off();
            Order::Check(self.known)
        } else {
            Order::Append(self.take_off(), self.known)
        };
        // The pilot takes the next order as soon as the last has landed, so this doesn't wait.
        let _ = self.orders.send(order).await;
    }

    /// The group that fills is on its way; another one fills.
    pub(super) fn take_off(&mut self) -> Arc<Group> {
        let next = Filling::numbered(self.filling.number + 1);
        let mut filling = std::mem::replace(&mut self.filling, next);
        let group = Arc::new(std::mem::take(&mut filling.group));
        self.meters.took_off(filling.commands.len(), group.events.len());
        self.in_flight = Some(filling);
        self.took_off = Instant::now();
        group
    }

    pub(super) fn landed(&mut self, landing: Landing) {
        match landing {
            Landing::Done(known) => self.done(known),
            Landing::Moved => {
                self.meters.moved.increment(1);
                self.start_over(None);
                self.contended = CONTENDED_GROUPS;
                self.catch_up();
            }
            Landing::Locked(missed) => self.missed(missed),
            Landing::Unstorable(code) => self.unstorable(&code),
            Landing::Unavailable => self.unavailable(),
        }
        self.decide_waiting();
    }

    /// A group is in the log, or its refusals were decided on the log's end.
    fn done(&mut self, known: Known) {
        let before = self.known.head.position;
        self.known = known;
        let Some(filling) = self.in_flight.take() else { return };
        if known.head.position > before {
            self.meters.append.record(self.took_off.elapsed());
        }
        let commands = filling.commands.len() + self.filling.commands.len();
        self.linger = Some(Linger::after(self.took_off.elapsed(), commands));
        self.watch.advance(known.head.position);
        self.wake.notify_one();
        let positions = |last: Option<usize>| {
            last.and_then(|last| i64::try_from(last).ok())
                .map_or(known.head.position, |last| before + 1 + last)
        };
        for decided in &filling.commands {
            // Positions are known only now.
            if let (Outcome::Told(Some(last)), Some(key)) = (&decided.outcome, decided.pending.key)
                && let Some(KeyState::Taken(taken)) = self.keys.get(&key.key)
            {
                let mut taken = taken.clone();
                taken.answer.position = positions(Some(*last));
                self.keys.settle(key.key, taken);
            }
        }
        for stream in &filling.touched {
            self.cache.commit(stream, filling.number);
            self.snapshot(stream);
        }
        for decided in filling.commands {
            self.settled(&decided.pending);
            let answer = match decided.outcome {
                Outcome::Told(last) => Answer::Decided(positions(last)),
                Outcome::KeyReused => Answer::KeyReused,
                Outcome::Unstorable(code) => Answer::Unstorable(code.to_owned()),
                Outcome::Replayed(key) => match self.keys.get(&key) {
                    Some(KeyState::Taken(taken)) => Answer::Replayed(taken.answer.clone()),
                    // Its own group took it, or the log had it: it can't be free now.
                    Some(KeyState::Free) | None => Answer::Unavailable,
                },
            };
            decided.pending.job.answer(answer);
        }
        self.cache.evict();
    }

    /// A command will be answered: what was remembered for its sake isn't needed any more.
    pub(super) fn settled(&mut self, pending: &Pending) {
        if let Some(key) = pending.key {
            self.keys.forget_free(&key.key);
        }
        self.suspects -= usize::from(pending.suspect);
    }

    fn snapshot(&mut self, stream: &StreamId) {
        if !self.registry.get(stream.aggregate_type).is_some_and(AggregateType::snapshots) {
            return;
        }
        let Some((state, sequence)) = self.cache.grown(stream, snapshot::EVERY) else { return };
        let (registry, pool, stream) = (Arc::clone(&self.registry), self.pool.clone(), stream.clone());
        tokio::spawn(async move {
            if let Some(kind) = registry.get(stream.aggregate_type)
                && let Err(error) = kind.snapshot(&pool, &stream.aggregate_id, state, sequence).await
            {
                warn!(error = &error as &dyn std::error::Error, %stream, "a snapshot was not kept");
            }
        });
    }
}
