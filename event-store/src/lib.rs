//! The log: append, read, subscribe, verify; the decider; the relay to Kafka.
//!
//! The rules that hold here are in `docs/log.md`; each has a test in `tests/rules`.

pub mod append;
pub mod checkpoint;
pub mod connect;
pub mod decider;
pub mod digest;
pub mod fenced;
pub mod head;
pub mod histories;
pub mod log;
pub mod recorded;
pub mod relay;
mod silence;
pub mod snapshot;
pub mod sqlstate;
mod stream;
pub mod streams;
mod tail;
pub mod together;
pub mod verify;
pub mod watch;

pub use checkpoint::{Checkpoint, Standstill};
pub use decider::{Accepted, Decider, Decision, Failure, IdempotencyKey, Remembered, Submission};
pub use head::{Hash, Head};
pub use histories::Histories;
pub use log::{AsOf, Batch, Log, LogError, Told};
pub use recorded::{Metadata, Recorded};
pub use together::{NotAnswered, Question, Together};
pub use watch::LogWatch;
