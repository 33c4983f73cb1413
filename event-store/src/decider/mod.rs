//! One decider per process: commands are decided one after another, on one task, against aggregates in memory.
//!
//! The decider task does no IO. What a command needs and isn't cached is loaded before, concurrently ([`loads`]);
//! decided events are applied at once and join the group that is filling while the one before it commits
//! ([`flight`]); each answer, a refusal too, goes out when its group is in the log. If another process moved the
//! head, nothing was written: what was missed is applied and the commands are decided again, holding the log's
//! lock. The rules are in `docs/log.md`; the engine's parts name the ones they keep.

mod cache;
mod decision;
mod engine;
mod flight;
mod job;
mod keys;
mod known;
mod loads;
mod meters;
mod registry;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{Halt, StreamId};
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::{Semaphore, TryAcquireError, mpsc, oneshot};
use tokio::task::JoinHandle;

pub use decision::Decision;
pub use registry::Registry;

use crate::recorded::Metadata;
use crate::watch::LogWatch;
use job::{Pending, TypedJob};

/// How much a decider takes on.
#[derive(Clone, Debug)]
pub struct Config {
    /// Commands that have been accepted and not yet answered; one more is [`Failure::Busy`].
    pub max_commands: usize,
    /// The same in bytes of their submissions.
    pub max_bytes: usize,
    /// Events after which a group is closed. A command that makes more has a group alone.
    pub group_events: usize,
    /// Bytes of payload after which a group is closed.
    pub group_bytes: usize,
    /// Aggregates kept in memory.
    pub cache: usize,
    /// How long a group that Postgres can't take for the moment is tried again before its commands fail.
    pub patience: Duration,
    /// How long Postgres may be silent after a statement before its connection is given up. What became of the
    /// statement is then found out on another. Longer than `lock_timeout` ([`crate::connect::appending`]).
    pub silence: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_commands: 8192,
            max_bytes: 64 << 20,
            group_events: 1000,
            group_bytes: 2 << 20,
            cache: 100_000,
            patience: Duration::from_secs(5),
            silence: Duration::from_secs(15),
        }
    }
}

/// A command's idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Digest of user, method, path and key.
    pub key: [u8; 32],
    /// Digest of the parsed body.
    pub fingerprint: [u8; 32],
}

/// What is kept of the answer to a command that had an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The HTTP status.
    pub status: u16,
    /// The id of what was made or changed.
    pub resource: String,
    /// The position of its last event.
    pub position: i64,
}

/// What comes with a command.
#[derive(Clone, Debug, Default)]
pub struct Submission {
    /// Correlation, causation, actor; stored with each event.
    pub metadata: Metadata,
    /// When it happened; now, where nothing is said.
    pub occurred_at: Option<DateTime<Utc>>,
    /// Its idempotency key.
    pub key: Option<IdempotencyKey>,
    /// Streams whose ids the caller has just made up: they need no load. Where that is wrong the log's primary key
    /// notices, and the command is decided again with the stream loaded; but where the command is refused nothing is written
    /// that it could notice, so who isn't sure asks again without.
    pub fresh: Vec<StreamId>,
    /// The command's size in bytes, for the queue's bound.
    pub bytes: usize,
}

/// A command that was taken, with the log as it was when it was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted<R> {
    /// It happened.
    Done {
        /// What its decision returned.
        value: R,
        /// The position of its last event; the head's, where it made none.
        position: i64,
    },
    /// It had happened before, under the same idempotency key.
    Replayed(Remembered),
}

/// Why a command was not taken. Nothing of it happened, but for one that is [`Failure::Unanswered`]: of that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure<E> {
    /// The rules refuse it.
    #[error("refused")]
    Refused(E),
    /// Its idempotency key was used for another body.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// Too many commands are waiting. Try again in a moment.
    #[error("too many commands are waiting")]
    Busy,
    /// The log can't be reached for longer than the decider is patient, and this command is certainly not in it.
    #[error("the log is unavailable")]
    Unavailable,
    /// Postgres can't store what it made (SQLSTATE).
    #[error("the log refused the events (SQLSTATE {0})")]
    Unstorable(String),
    /// The decision panicked: a bug, which the log of this process shows.
    #[error("the decision failed")]
    Broken,
    /// The decider is shutting down, or has ended: it takes no more commands, and didn't take this one.
    #[error("shutting down")]
    Stopped,
    /// The decider took the command and ended by itself before it could answer: it may be in the log.
    #[error("the decider ended before it answered")]
    Unanswered,
}

impl<E> Failure<E> {
    /// What the rules said; the failure as it is where they had no say.
    pub fn refusal(self) -> Result<E, Failure<Infallible>> {
        Err(match self {
            Self::Refused(refusal) => return Ok(refusal),
            Self::KeyReused => Failure::KeyReused,
            Self::Busy => Failure::Busy,
            Self::Unavailable => Failure::Unavailable,
            Self::Unstorable(code) => Failure::Unstorable(code),
            Self::Broken => Failure::Broken,
            Self::Stopped => Failure::Stopped,
            Self::Unanswered => Failure::Unanswered,
        })
    }
}

/// The way to the decider of this process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Decider {
    queue: mpsc::UnboundedSender<Pending>,
    commands: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    max_commands: usize,
    max_bytes: usize,
}

/// The decider's task.
#[derive(Debug)]
pub struct DeciderTask {
    task: JoinHandle<()>,
    commands: Arc<Semaphore>,
    stop: Option<oneshot::Sender<()>>,
}

impl Decider {
    /// Starts the decider. `appending` leads to the primary as the restricted role; `loading` is the pool that
    /// aggregates are loaded by.
    pub async fn start(
        registry: Registry,
        config: Config,
        appending: &PgConnectOptions,
        loading: PgPool,
        watch: LogWatch,
    ) -> Result<(Self, DeciderTask), crate::log::LogError> {
        let (queue, commands) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let this = Self {
            queue,
            commands: Arc::new(Semaphore::new(config.max_commands)),
            bytes: Arc::new(Semaphore::new(config.max_bytes)),
            max_commands: config.max_commands,
            max_bytes: config.max_bytes,
        };
        let engine =
            engine::Engine::start(registry, config, appending.clone(), loading, watch, commands, stopped)
                .await?;
        let task = tokio::spawn(engine.run());
        Ok((this.clone(), DeciderTask { task, commands: this.commands, stop: Some(stop) }))
    }

    /// Whether it decides: not after it was stopped or has ended by itself.
    pub fn runs(&self) -> bool {
        !self.commands.is_closed() && !self.queue.is_closed()
    }

    /// How many commands were accepted and not answered yet.
    pub fn waiting(&self) -> usize {
        self.max_commands.saturating_sub(self.commands.available_permits())
    }

    /// Decides a command and answers once that is in the log.
    ///
    /// `decide` is called again from the start whenever it has to be; it must depend on nothing but what it captured
    /// and the states that it sees. An accepted command runs even if the caller stops waiting.
    pub async fn submit<R, E, F>(&self, submission: Submission, decide: F) -> Result<Accepted<R>, Failure<E>>
    where
        R: Send + 'static,
        E: Send + 'static,
        F: Fn(&mut Decision<'_>) -> Result<R, Halt<E>> + Send + 'static,
    {
        let full = |error: &TryAcquireError| match error {
            TryAcquireError::NoPermits => Failure::Busy,
            TryAcquireError::Closed => Failure::Stopped,
        };
        let place = Arc::clone(&self.commands).try_acquire_owned().map_err(|e| full(&e))?;
        let bytes = u32::try_from(submission.bytes.max(64).min(self.max_bytes)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.bytes).try_acquire_many_owned(bytes).map_err(|e| full(&e))?;
        let (answer, answered) = oneshot::channel();
        let pending = Pending::new(TypedJob::boxed(decide, answer), submission, (place, room));
        self.queue.send(pending).map_err(|_| Failure::Stopped)?;
        answered.await.unwrap_or(Err(Failure::Unanswered))
    }
}

impl DeciderTask {
    /// Takes no more commands, answers those that were accepted, and ends.
    pub async fn drain(mut self) {
        self.commands.close();
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let _ = (&mut self.task).await;
    }

    /// Resolves when the task has ended by itself: another log was found under it, or a bug.
    pub async fn ended(&mut self) {
        let _ = (&mut self.task).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Guards against a client who is told that nothing happened by a decider that ended with the command in its hands.
    #[tokio::test]
    async fn a_command_that_nobody_answered_is_told_from_one_that_nobody_took() {
        let (queue, mut commands) = mpsc::unbounded_channel();
        let (max_commands, max_bytes) = (1, 64);
        let decider = Decider {
            queue,
            commands: Arc::new(Semaphore::new(max_commands)),
            bytes: Arc::new(Semaphore::new(max_bytes)),
            max_commands,
            max_bytes,
        };
        let submit = || decider.submit(Submission::default(), |_: &mut Decision<'_>| Ok::<_, Halt<()>>(()));
        let (unanswered, ()) = tokio::join!(submit(), async { drop(commands.recv().await) });
        assert_eq!(unanswered, Err(Failure::Unanswered));
        drop(commands);
        assert_eq!(submit().await, Err(Failure::Stopped));
    }
}
