//! Why a read model could not be rebuilt.

use crate::runner::failure::FeedError;

/// Why a read model could not be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such read model.
    #[error("there is no read model of this name; those there are: {0}")]
    Unknown(String),
    /// It is being rebuilt already.
    #[error("another replay of it is running")]
    Running,
    /// Another version is live than the one that was said.
    #[error("the live version of it is {live}, not {expected}")]
    OtherVersion {
        /// What is live.
        live: i32,
        /// What should be.
        expected: i32,
    },
    /// A build of this version can't make what a newer one has changed.
    #[error("version {newer} of it is there; this build knows version {ours}")]
    Superseded {
        /// What is there.
        newer: i32,
        /// What this build knows.
        ours: i32,
    },
    /// It is not an old version.
    #[error("version {0} of it is not one that another has superseded")]
    NotSuperseded(i32),
    /// It is a process's index.
    #[error("a process feeds version {0} of it: stop that first")]
    StillFed(i32),
    /// The newer version is not yet as far as the old one.
    #[error("version {0} of it is not yet as far as the old one: try again when it is")]
    Behind(i32),
    /// Old tables could not be dropped.
    #[error(
        "its old tables are being read, perhaps by a backup, so they can't be dropped yet: try again later"
    )]
    StillRead,
    /// Somebody stopped it.
    #[error("it was stopped, and what it had made is dropped")]
    Stopped,
    /// Its tables could not be made or swapped.
    #[error("the new tables could not be made or swapped in")]
    Postgres(#[from] sqlx::Error),
    /// It could not be filled.
    #[error("the new tables could not be filled")]
    Feed(#[from] FeedError),
}
