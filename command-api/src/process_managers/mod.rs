//! What has to be done outside the log because of what is in it.
//!
//! A process manager follows the log from a checkpoint of its own, one process at a time, and does what is due: it
//! asks gateways for money, gives it back, and gives up orders that nobody paid. Whatever it does may be done twice,
//! after a crash, and must then count once.

pub mod aged;
mod failure;
mod forgetting;
mod leadership;
pub mod messages;
mod missed_notices;
pub mod outcomes;
pub mod payments;
pub mod personal;
mod progress;
pub mod reservations;

use std::time::Duration;

use domain::Decide;
use domain::aggregate::parse_event;
use event_store::{LogError, Metadata, Recorded};

/// How many events of the log a process manager looks at in one go; most are none of its business.
const BATCH: i64 = 10_000;

/// How often a process manager shows that it lives, and stores its checkpoint.
const TICK: Duration = Duration::from_secs(1);

/// How long a process manager waits before it starts again after a failure.
const START_AGAIN: Duration = Duration::from_secs(1);

/// Why a process manager can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ManagerError {
    /// The log can't be read, or isn't the one that it was.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Postgres, or the session that has the lead.
    #[error("Postgres failed")]
    Postgres(#[from] sqlx::Error),
    /// An event that no version of its type reads.
    #[error("event {position} cannot be read")]
    Unreadable {
        /// Which.
        position: i64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl ManagerError {
    /// Whether starting again could help: it never does where the log is not the one that it was.
    fn is_final(&self) -> bool {
        match self {
            Self::Log(LogError::Diverged(_) | LogError::BadHash(_) | LogError::Unreadable(..))
            | Self::Unreadable { .. } => true,
            Self::Log(LogError::Postgres(_)) | Self::Postgres(_) => false,
        }
    }
}

/// An event of `A`, read.
fn read<A: Decide>(event: &Recorded) -> Result<A::Event, ManagerError> {
    parse_event::<A>(&A::upcasters(), &event.event_type, &event.event_version, &event.payload)
        .map_err(|source| ManagerError::Unreadable { position: event.position, source })
}

/// What a process manager does because of an event: in the same request's course, led to by that event.
fn because_of(event: &Recorded, actor: &str) -> Metadata {
    let mut metadata = Metadata::default()
        .with(Metadata::ACTOR, actor)
        .with(Metadata::CAUSATION_ID, format!("event:{}", event.event_id));
    let of_event = event.metadata();
    if let Some(correlation_id) = of_event.get(Metadata::CORRELATION_ID) {
        metadata = metadata.with(Metadata::CORRELATION_ID, correlation_id);
    }
    // Who asked for it reads what came of it, as if it was their own.
    if let Some(who) = of_event.get(Metadata::ON_BEHALF_OF).or_else(|| of_event.get(Metadata::ACTOR)) {
        metadata = metadata.with(Metadata::ON_BEHALF_OF, who);
    }
    metadata
}
