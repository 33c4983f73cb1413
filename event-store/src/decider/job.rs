//! A command whose types are known to its caller alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use domain::{Halt, StreamId};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::decision::Decision;
use super::{Accepted, Failure, IdempotencyKey, Remembered, Submission};
use crate::recorded::Metadata;

/// What a decision came to.
#[derive(Debug)]
pub enum Verdict {
    Accepted,
    Refused,
    Broken,
    NotLoaded(Vec<StreamId>),
}

/// What a command's caller is told.
#[derive(Clone, Debug)]
pub enum Answer {
    /// What its last decision came to, with the position that goes with it.
    Decided(i64),
    Replayed(Remembered),
    KeyReused,
    Unavailable,
    Unstorable(String),
}

/// A command.
pub trait Job: Send {
    /// Decides it, keeping the result for [`Job::answer`].
    fn decide(&mut self, decision: &mut Decision<'_>) -> Verdict;
    /// Tells its caller.
    fn answer(self: Box<Self>, answer: Answer);
}

/// A command with its types.
pub struct TypedJob<F, R, E> {
    decide: F,
    decided: Result<R, Failure<E>>,
    caller: oneshot::Sender<Result<Accepted<R>, Failure<E>>>,
}

impl<F, R, E> TypedJob<F, R, E>
where
    R: Send + 'static,
    E: Send + 'static,
    F: Fn(&mut Decision<'_>) -> Result<R, Halt<E>> + Send + 'static,
{
    pub fn boxed(decide: F, caller: oneshot::Sender<Result<Accepted<R>, Failure<E>>>) -> Box<dyn Job> {
        Box::new(Self { decide, decided: Err(Failure::Stopped), caller })
    }
}

impl<F, R, E> Job for TypedJob<F, R, E>
where
    R: Send,
    E: Send,
    F: Fn(&mut Decision<'_>) -> Result<R, Halt<E>> + Send,
{
    fn decide(&mut self, decision: &mut Decision<'_>) -> Verdict {
        // A panic in one decision must not end the process' decider. What it had changed is rolled back.
        let (decided, verdict) = match catch_unwind(AssertUnwindSafe(|| (self.decide)(decision))) {
            Ok(Ok(value)) => (Ok(value), Verdict::Accepted),
            Ok(Err(Halt::Refused(error))) => (Err(Failure::Refused(error)), Verdict::Refused),
            Ok(Err(Halt::NotLoaded(streams))) => (Err(Failure::Stopped), Verdict::NotLoaded(streams)),
            Err(_panic) => (Err(Failure::Broken), Verdict::Broken),
        };
        self.decided = decided;
        verdict
    }

    fn answer(self: Box<Self>, answer: Answer) {
        let result = match answer {
            Answer::Decided(position) => self.decided.map(|value| Accepted::Done { value, position }),
            Answer::Replayed(remembered) => Ok(Accepted::Replayed(remembered)),
            Answer::KeyReused => Err(Failure::KeyReused),
            Answer::Unavailable => Err(Failure::Unavailable),
            Answer::Unstorable(code) => Err(Failure::Unstorable(code)),
        };
        // The caller may have gone; the command counts all the same.
        let _ = self.caller.send(result);
    }
}

/// A command that has not been answered.
pub struct Pending {
    pub job: Box<dyn Job>,
    /// Its place in the order of arrival; given by the engine.
    pub order: u64,
    pub key: Option<IdempotencyKey>,
    /// Streams that its caller has just made up.
    pub fresh: Vec<StreamId>,
    /// Streams that may not be evicted until it is decided.
    pub pins: Vec<StreamId>,
    /// How many loads it still waits for.
    pub loads: usize,
    /// Whether it was in a group that Postgres refused.
    pub suspect: bool,
    /// The metadata of its events.
    pub metadata: Metadata,
    /// Its place in the queue, and its bytes there, until it is answered.
    _room: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending")
            .field("order", &self.order)
            .field("pins", &self.pins)
            .finish_non_exhaustive()
    }
}

impl Pending {
    pub fn new(
        job: Box<dyn Job>,
        submission: Submission,
        room: (OwnedSemaphorePermit, OwnedSemaphorePermit),
    ) -> Self {
        let occurred_at = submission.occurred_at.unwrap_or_else(chrono::Utc::now);
        let metadata = submission
            .metadata
            .with(Metadata::OCCURRED_AT, occurred_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
        Self {
            job,
            order: 0,
            key: submission.key,
            fresh: submission.fresh,
            pins: Vec::new(),
            loads: 0,
            suspect: false,
            metadata,
            _room: room,
        }
    }

    /// The metadata of its events as JSON.
    pub fn metadata_json(&self) -> Arc<str> {
        // A map of strings always is JSON.
        serde_json::to_string(&self.metadata).unwrap_or_default().into()
    }
}
