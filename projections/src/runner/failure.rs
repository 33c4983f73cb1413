//! What may go wrong while a read model is fed, and what is worth trying again.

use domain::with_causes;
use event_store::relay::NotOurs;
use event_store::sqlstate::{self, Class, UNDEFINED_FUNCTION, UNDEFINED_TABLE};
use event_store::{Checkpoint, Head, LogError, Standstill};
use rdkafka::error::KafkaError;
use sqlx::PgPool;
use tracing::{error, warn};

use crate::generation;
use crate::product_search::SearchError;
use crate::read_model::{ApplyError, ReadModel};

/// Why a read model could not be fed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// The log could not be read, or isn't the log any more that the checkpoint is of.
    #[error("the log could not be followed")]
    Log(#[from] LogError),
    /// A batch could not be written.
    #[error("a batch could not be applied")]
    Apply(#[from] ApplyError),
    /// Postgres refused something around it.
    #[error("the checkpoint could not be moved")]
    Postgres(#[from] sqlx::Error),
    /// This build can't decode an event.
    #[error("the event at position {position} can't be decoded: {error}")]
    Undecodable {
        /// Where it is.
        position: i64,
        /// Why.
        error: String,
    },
    /// Kafka said so, or could not be asked.
    #[error("Kafka could not be followed")]
    Kafka(#[from] KafkaError),
    /// Kafka has no topics as the relay makes them.
    #[error("Kafka has not the topics that the relay makes: {0}")]
    Topics(String),
    /// Kafka has not all that there is to read.
    #[error(
        "{0} has not everything any more that is to be read: feed it from the log until it has caught up"
    )]
    NotKept(String),
    /// Somebody else wrote to a topic.
    #[error("a topic of events has what is not an event")]
    Stranger(#[from] NotOurs),
    /// The search index failed.
    #[error("the search index could not be fed")]
    Search(#[from] SearchError),
    /// A part of it broke off, by a bug.
    #[error("a part of the feed broke off")]
    Task(#[from] tokio::task::JoinError),
    /// The read model is not in this database, or not in the version that this build knows.
    #[error("the version of the read model that this build knows is not there yet: migrate, then replay it")]
    Missing,
}

impl FeedError {
    /// Whether trying again may help without anybody doing something about it.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Log(LogError::Postgres(error))
            | Self::Apply(ApplyError::Postgres(error))
            | Self::Postgres(error) => is_transient(error),
            Self::Missing
            | Self::Kafka(_)
            | Self::Topics(_)
            | Self::Search(
                SearchError::Busy
                | SearchError::Unusable(_)
                | SearchError::Damaged(_)
                | SearchError::Tantivy(_)
                | SearchError::Io(_),
            ) => true,
            Self::Log(LogError::Diverged(_) | LogError::BadHash(_) | LogError::Unreadable(..))
            | Self::Apply(ApplyError::BadEvent { .. })
            | Self::Search(SearchError::Entry(_) | SearchError::Panicked(_))
            | Self::NotKept(_)
            | Self::Stranger(_)
            | Self::Task(_)
            | Self::Undecodable { .. } => false,
        }
    }
}

impl FeedError {
    /// Whether the connection is gone, and with it the lock: somebody else may be feeding it already. That is said to nobody,
    /// for who feeds it would not know that it has to be taken back; but where nothing is to be had of the next connection
    /// either, which `lost`, where the last one was lost, tells.
    pub(crate) fn may_go_on_elsewhere(&self, at: Head, lost: &mut Option<Head>) -> bool {
        let (Self::Log(LogError::Postgres(error))
        | Self::Apply(ApplyError::Postgres(error))
        | Self::Postgres(error)) = self
        else {
            return false;
        };
        let is_lost = match sqlstate::of(error) {
            Some(said) => sqlstate::is_of_a_lost_server(&said),
            None => matches!(error, sqlx::Error::Io(_) | sqlx::Error::Protocol(_)),
        };
        is_lost && lost.replace(at) != Some(at)
    }

    /// Where Kafka can't be reached or read it goes on by itself, and what was written so far can be read.
    fn standstill(&self) -> Standstill {
        match self {
            Self::Kafka(_) | Self::Topics(_) => Standstill::Waiting,
            Self::Log(_)
            | Self::Apply(_)
            | Self::Postgres(_)
            | Self::Undecodable { .. }
            | Self::NotKept(_)
            | Self::Stranger(_)
            | Self::Search(_)
            | Self::Task(_)
            | Self::Missing => Standstill::Failed,
        }
    }
}

/// Everything but a refusal of the data, or of the statement: then only a table that a replay is about to bring back, or a
/// function that a migration is, where projectors are deployed before it.
fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(_) => sqlstate::of(error).is_none_or(|said| {
            let refused =
                sqlstate::is_of_data(&said) || Class::SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION.has(&said);
            !refused || [UNDEFINED_TABLE, UNDEFINED_FUNCTION].contains(&&*said)
        }),
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => false,
        _ => true,
    }
}

/// Logs why a read model stands still and keeps it for `status`, of the generation that this build feeds. Where it has none
/// there is none to stand still: what an older build feeds is well.
pub(crate) async fn record_live(pool: &PgPool, model: &dyn ReadModel, failure: &FeedError) {
    let Some(generation) = generation::live(pool, model).await.ok().flatten() else {
        warn!(read_model = model.name(), error = with_causes(failure), "a read model can't be fed");
        return;
    };
    let consumer = generation.checkpoint(model.name());
    let at = consumer.load(pool).await.unwrap_or(Head::EMPTY);
    record(pool, &consumer, at, failure).await;
}

/// Logs why a consumer stands still and keeps it for `status`.
pub(crate) async fn record(pool: &PgPool, consumer: &Checkpoint, at: Head, failure: &FeedError) {
    let (name, position) = (consumer.name(), at.position);
    let cause = with_causes(failure);
    if failure.is_transient() {
        warn!(consumer = name, position, error = cause, "a read model can't go on and tries again");
    } else {
        error!(consumer = name, position, error = cause, "a read model stopped");
    }
    keep(pool, consumer, at, failure).await;
}

/// Keeps for `status` why a consumer stands still.
pub(crate) async fn keep(pool: &PgPool, consumer: &Checkpoint, at: Head, failure: &FeedError) {
    let kept = consumer.failed(pool, &at, &with_causes(failure), failure.standstill()).await;
    if let Err(error) = kept {
        warn!(consumer = consumer.name(), error = with_causes(&error), "the failure is not in status");
    }
}

/// The consumer moves again.
pub(crate) async fn clear(pool: &PgPool, consumer: &Checkpoint) -> Result<(), sqlx::Error> {
    consumer.recovered(pool).await
}
