//! Why an import ends before its file does.

use std::convert::Infallible;
use std::path::PathBuf;

use event_store::Failure;

use super::file::FileError;
use super::rejects::RejectsError;

/// Why an import ended early. What it had imported stays; the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file of rejects.
    #[error(transparent)]
    Rejects(#[from] RejectsError),
    /// Postgres said so.
    #[error("the database failed; what was imported stays, run it again to go on")]
    Postgres(#[from] sqlx::Error),
    /// The decider said so.
    #[error("the log took nothing more ({0}); what was imported stays, run it again to go on")]
    Log(NotAppended),
    /// An event that this build can't read, or a row that was tampered with.
    #[error("what was stored can't be read")]
    Unreadable(#[source] serde_json::Error),
    /// `--rejects` would overwrite the file.
    #[error("--rejects names the file that is imported")]
    RejectsIsFile,
    /// `--shop` is empty or too long.
    #[error("--shop must have 1 to 128 characters")]
    Shop,
    /// A file of products, or its rejects.
    #[error("{path} can't be {what}")]
    Products {
        /// Opened, read or written.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl From<Failure<Infallible>> for ImportError {
    fn from(failure: Failure<Infallible>) -> Self {
        Self::Log(failure.into())
    }
}

/// Why the log took nothing more.
#[derive(Debug, thiserror::Error)]
pub enum NotAppended {
    /// The decider could not have it appended.
    #[error(transparent)]
    Failed(#[from] Failure<Infallible>),
    /// The decider took a command without a key for one that had come before: a bug.
    #[error("an answer of another command")]
    OtherAnswer,
}
