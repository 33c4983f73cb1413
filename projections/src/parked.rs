//! Aggregates that a read model can't take for now, and trying them again.
//!
//! A read model parks an aggregate at the first event of it that it can't take, and skips it from there on. Once the
//! fault is mended, a [`retry`] applies what was skipped, in order, and the read model goes on with it as with any
//! other.

use std::collections::BTreeSet;
use std::slice;

use chrono::{DateTime, Utc};
use event_store::{Log, LogError, Recorded};
use serde::Serialize;
use sqlx::{Connection, PgConnection, PgExecutor, PgPool};

use crate::generation::{self, Generation};
use crate::product_search;
use crate::read_model::ReadModel;
use crate::registry;
use crate::runner::connection::connect_to_feed;
use crate::runner::failure::FeedError;
use crate::runner::intake::Intake;
use crate::runner::source::publish;

/// An aggregate that a read model has stopped at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parked {
    /// The generation of the read model, as its checkpoint is called: `order_history@2`.
    pub consumer: String,
    /// The aggregate's type.
    pub aggregate_type: String,
    /// The aggregate's id.
    pub aggregate_id: String,
    /// From this event of its stream on, nothing is in the read model.
    pub sequence: i64,
    /// Where that event is in the log.
    pub position: i64,
    /// What that event is called.
    pub event_type: String,
    /// Why it couldn't be taken.
    pub error: String,
    /// Since when.
    pub parked_at: DateTime<Utc>,
}

/// Which are meant.
#[derive(Clone, Debug, Default)]
pub struct Which {
    /// Of this read model, whatever generation, or of this generation of it (`order_history@2`).
    pub name: Option<String>,
    /// This one: its id, or type and id, `orders/0190c1f0-…`.
    pub aggregate: Option<String>,
}

impl Which {
    /// This one alone, as it is by now.
    pub(crate) fn this(parked: &Parked) -> Self {
        Self {
            name: Some(parked.consumer.clone()),
            aggregate: Some(format!("{}/{}", parked.aggregate_type, parked.aggregate_id)),
        }
    }
}

/// What became of a retry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All that was skipped is applied: so many events.
    Applied(usize),
    /// It is parked still, or again; here is where and why.
    Parked(Parked),
    /// It wasn't parked any more.
    Gone,
    /// Nothing was done: no generation of that number is live. While a replay fills it, nobody can say how far it is.
    NotLive,
    /// Nothing was done: the generation is live for the builds that know this version, and not for this one.
    OtherVersion(i32),
    /// Whoever feeds this index of product search next tries it again; nobody did within a moment.
    Later,
}

/// Why something could not be tried again.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// This build has no such read model.
    #[error("this build has no read model {0}")]
    Unknown(String),
    /// It could not be fed.
    #[error(transparent)]
    Feed(#[from] FeedError),
}

impl From<sqlx::Error> for RetryError {
    fn from(error: sqlx::Error) -> Self {
        Self::Feed(error.into())
    }
}

impl From<LogError> for RetryError {
    fn from(error: LogError) -> Self {
        Self::Feed(error.into())
    }
}

/// What is parked, by consumer and in the order of the log.
pub async fn list(db: impl PgExecutor<'_>, which: &Which) -> Result<Vec<Parked>, sqlx::Error> {
    sqlx::query_as!(
        Parked,
        "SELECT consumer, aggregate_type, aggregate_id, sequence, position, event_type, error, parked_at FROM parked
         WHERE ($1::text IS NULL OR consumer = $1 OR split_part(consumer, '@', 1) = $1)
           AND ($2::text IS NULL OR aggregate_id = $2 OR aggregate_type || '/' || aggregate_id = $2)
         ORDER BY consumer, position",
        which.name.as_deref(),
        which.aggregate.as_deref(),
    )
    .fetch_all(db)
    .await
}

/// Whether this is the name of a read model that this build knows, or of a generation or an index of one.
pub fn is_known(name: &str) -> bool {
    let model = name.split_once('@').map_or(name, |(model, _)| model);
    model == product_search::NAME || registry::find(model).is_some()
}

/// The events of a parked aggregate that are not in the read model.
pub async fn waiting(log: &Log, parked: &Parked) -> Result<Vec<Recorded>, LogError> {
    let (aggregate_type, id) = (&parked.aggregate_type, &parked.aggregate_id);
    log.read_stream_after(aggregate_type, id, parked.sequence - 1, i64::MAX).await
}

/// Applies what was skipped of an aggregate, in order, up to where its read model stands, which waits meanwhile. Where
/// that fails again, the aggregate stays parked: at the event that can't be taken now, and with its error. The pointer
/// is read while the checkpoint is held, as in a step. An index of product search is asked to do so where it is.
pub async fn retry(pool: &PgPool, log: &Log, parked: &Parked) -> Result<Outcome, RetryError> {
    Asked::of(pool, slice::from_ref(parked)).await?.retry(pool, log, parked).await
}

/// What is to be tried again, of which whoever feeds an index of product search was told: it takes many together, and
/// commits them once.
#[derive(Debug)]
pub struct Asked {
    of_indexes: BTreeSet<(String, String, String)>,
}

impl Asked {
    /// Tells whoever feeds the indexes of all of these.
    pub async fn of(pool: &PgPool, parked: &[Parked]) -> Result<Self, sqlx::Error> {
        let of_indexes = parked.iter().filter(|it| product_search::is_index(&it.consumer));
        let of_indexes = product_search::ask(pool, of_indexes).await?;
        Ok(Self { of_indexes })
    }

    /// As [`retry`], for one of these.
    pub async fn retry(&self, pool: &PgPool, log: &Log, parked: &Parked) -> Result<Outcome, RetryError> {
        if !product_search::is_index(&parked.consumer) {
            return retry_here(pool, log, parked).await;
        }
        let key = (parked.consumer.clone(), parked.aggregate_type.clone(), parked.aggregate_id.clone());
        if self.of_indexes.contains(&key) {
            product_search::outcome(pool, log, parked).await
        } else {
            Ok(Outcome::Gone)
        }
    }
}

/// Of a read model in Postgres.
async fn retry_here(pool: &PgPool, log: &Log, parked: &Parked) -> Result<Outcome, RetryError> {
    let (model, generation) = consumer(parked)?;
    let mut db = connect_to_feed(pool).await?;
    let mut tx = db.begin().await?;
    let held = generation::hold(&mut tx, &generation.checkpoint(model.name())).await?;
    if generation::live(&mut *tx, model).await? != Some(generation) {
        return Ok(not_live(&mut tx, model, generation).await?);
    }
    // As it is now, and stays: whoever adds or takes away holds the checkpoint.
    let which = Which::this(parked);
    let now = list(&mut *tx, &which).await?.pop();
    let (Some(held), Some(parked)) = (held, now) else { return Ok(Outcome::Gone) };
    remove(&mut tx, &parked).await?;
    let reached = held.reached(&parked.aggregate_type, &parked.aggregate_id);
    let mut waiting = waiting(log, &parked).await?;
    waiting.retain(|event| event.position <= reached);
    let (events, undecodable) = publish(waiting.iter());
    let intake = Intake { model, generation, events: &events, undecodable: &undecodable };
    let outcome = match intake.apply_and_park(&mut tx).await.map_err(FeedError::from)? {
        0 => Outcome::Applied(events.len()),
        _ => list(&mut *tx, &which).await?.pop().map_or(Outcome::Gone, Outcome::Parked),
    };
    tx.commit().await?;
    Ok(outcome)
}

/// Of a generation that this build doesn't read: whether others do.
async fn not_live(
    db: &mut PgConnection,
    model: &dyn ReadModel,
    generation: Generation,
) -> Result<Outcome, sqlx::Error> {
    let versions = generation::live_versions(db, model.name()).await?;
    let version = versions.into_iter().find(|(_, live)| *live == generation).map(|(version, _)| version);
    Ok(version.map_or(Outcome::NotLive, Outcome::OtherVersion))
}

fn consumer(parked: &Parked) -> Result<(&'static dyn ReadModel, Generation), RetryError> {
    let unknown = || RetryError::Unknown(parked.consumer.clone());
    let (name, generation) = parked.consumer.rsplit_once('@').ok_or_else(unknown)?;
    let generation = generation.parse().map(Generation).map_err(|_| unknown())?;
    Ok((registry::find(name).ok_or_else(unknown)?, generation))
}

async fn remove(db: &mut PgConnection, parked: &Parked) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM parked WHERE consumer = $1 AND aggregate_type = $2 AND aggregate_id = $3",
        parked.consumer,
        parked.aggregate_type,
        parked.aggregate_id,
    )
    .execute(db)
    .await?;
    Ok(())
}
