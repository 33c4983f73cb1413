//! Trying again what an index has parked: asking whoever feeds it, and doing it there.
//!
//! The index's feeder reads the aggregate's whole stream anew, up to where the index is. So nothing counts twice,
//! whatever of it was there.

use std::time::Duration;

use domain::public::PublicEvent;
use event_store::{Log, LogError};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

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

/// Asks the feeder of an index to try again, and waits for what becomes of it.
pub(crate) async fn ask(pool: &PgPool, log: &Log, parked: &Parked) -> Result<Outcome, RetryError> {
    let waiting = parked::waiting(log, parked).await?.len();
    let asked = sqlx::query!(
        "UPDATE parked SET retry_asked_at = now() WHERE consumer = $1 AND aggregate_type = $2 AND aggregate_id = $3",
        parked.consumer,
        parked.aggregate_type,
        parked.aggregate_id
    );
    if asked.execute(pool).await?.rows_affected() == 0 {
        return Ok(Outcome::Gone);
    }
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
