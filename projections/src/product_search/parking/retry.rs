//! Trying again what an index has parked: asking whoever feeds it, and doing it there.
//!
//! The index's feeder reads the aggregate's whole stream anew, up to where the index is. So nothing counts twice,
//! whatever of it was there.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::public::PublicEvent;
use event_store::{Log, LogError};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use crate::arrays::column;
use crate::parked::{self, Outcome, Parked, RetryError, Which};
use crate::product_search::NAME;
use crate::runner::refused::Aggregate;
use crate::runner::source::{Undecodable, publish};

/// A feeder looks once a second and commits what it could take.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whether this is an index of product search, as it is called in `parked`.
pub(crate) fn is_index(consumer: &str) -> bool {
    consumer.split('@').next() == Some(NAME)
}

/// Asks the feeders of indexes to try these again: those that are parked still, by consumer, type and id.
pub(crate) async fn ask(
    pool: &PgPool,
    parked: impl Iterator<Item = &Parked>,
) -> Result<BTreeSet<(String, String, String)>, sqlx::Error> {
    let parked: Vec<_> = parked.collect();
    if parked.is_empty() {
        return Ok(BTreeSet::new());
    }
    let asked = sqlx::query!(
        "UPDATE parked AS p SET retry_asked_at = now()
         FROM unnest($1::text[], $2::text[], $3::text[]) AS asked(consumer, aggregate_type, aggregate_id)
         WHERE (p.consumer, p.aggregate_type, p.aggregate_id) = (asked.consumer, asked.aggregate_type, asked.aggregate_id)
         RETURNING p.consumer, p.aggregate_type, p.aggregate_id",
        &column(&parked, |it| it.consumer.clone()),
        &column(&parked, |it| it.aggregate_type.clone()),
        &column(&parked, |it| it.aggregate_id.clone()),
    );
    let asked = asked.fetch_all(pool).await?;
    Ok(asked.into_iter().map(|row| (row.consumer, row.aggregate_type, row.aggregate_id)).collect())
}

/// Waits for what becomes of one that an index was asked to try again.
pub(crate) async fn outcome(pool: &PgPool, log: &Log, parked: &Parked) -> Result<Outcome, RetryError> {
    let waiting = parked::waiting(log, parked).await?.len();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = sqlx::query!(
            r#"SELECT retry_asked_at IS NOT NULL AS "is_asked!",
                      EXISTS (SELECT FROM search_indexes
                              WHERE name = $1 AND seen_at > now() - interval '30 seconds') AS "is_fed!"
               FROM parked WHERE consumer = $1 AND aggregate_type = $2 AND aggregate_id = $3"#,
            parked.consumer,
            parked.aggregate_type,
            parked.aggregate_id
        );
        match now.fetch_optional(pool).await? {
            None => return Ok(Outcome::Applied(waiting)),
            Some(now) if !now.is_asked => {
                let now = parked::list(pool, &Which::this(parked)).await?.pop();
                return Ok(now.map_or(Outcome::Applied(waiting), Outcome::Parked));
            }
            Some(now) if !now.is_fed || Instant::now() > deadline => return Ok(Outcome::Later),
            Some(_) => sleep(LOOK_EVERY).await,
        }
    }
}

/// A stream up to a position, as far as this build can read it.
pub(super) struct Stream {
    pub(super) events: Vec<PublicEvent>,
    pub(super) undecodable: Vec<Undecodable>,
}

impl Stream {
    pub(super) async fn read(log: &Log, aggregate: &Aggregate, until: i64) -> Result<Self, LogError> {
        let recorded = log.read_stream(&aggregate.0, &aggregate.1).await?;
        let (events, undecodable) = publish(recorded.iter().filter(|event| event.position <= until));
        Ok(Self { events, undecodable })
    }
}
