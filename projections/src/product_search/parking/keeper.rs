//! Looks after what an index that is being fed has parked, and says how far the index is.

use std::path::Path;
use std::time::Duration;

use event_store::Log;
use metrics::gauge;
use tokio::time::Instant;
use tracing::{info, warn};

use super::blocking::blocking;
use super::lot::{self, Lot};
use super::retry::Stream;
use super::telling::Telling;
use crate::product_search::NAME;
use crate::product_search::index::Feed;
use crate::runner::failure::FeedError;
use crate::runner::refused::{Aggregate, Refused};

/// How often we look whether something is to be tried again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often we say that somebody looks after it, though nothing happens.
pub(crate) const TELL_EVERY: Duration = Duration::from_secs(10);

pub(crate) struct Keeper {
    log: Log,
    lot: Lot,
    looked_at: Option<Instant>,
    telling: Telling,
}

impl Keeper {
    /// For the index in a folder, which was just opened: what it has parked is held back from it, and tried again soon.
    pub(crate) async fn open(log: &Log, folder: &Path, feed: &mut Feed) -> Result<Self, FeedError> {
        let lot = Lot::of(log, folder).await?;
        feed.hold(lot.open(feed.head().position).await?);
        lot::forget_the_gone(log.pool()).await?;
        let telling = telling(lot.clone());
        let keeper = Self { log: log.clone(), lot, looked_at: None, telling };
        count(feed);
        Ok(keeper)
    }

    /// The index's place in Postgres.
    pub(crate) fn lot(&self) -> &Lot {
        &self.lot
    }

    /// Keeps what was refused, before anything behind it is shown or committed.
    pub(crate) async fn park(&self, feed: &Feed, refused: &[Refused]) -> Result<(), FeedError> {
        for it in refused {
            self.lot.park(it).await?;
        }
        if !refused.is_empty() {
            count(feed);
        }
        Ok(())
    }

    /// Says where the index is, now or in a moment. That one passes without is no harm.
    pub(crate) async fn tell(&mut self, position: i64) {
        self.telling.tell(position).await;
    }

    /// What is to be tried again, looked for once a second while anything is parked.
    pub(crate) async fn asked(&mut self, feed: &Feed) -> Result<Vec<Aggregate>, FeedError> {
        if feed.parked() == 0 || self.looked_at.is_some_and(|at| at.elapsed() < LOOK_EVERY) {
            return Ok(Vec::new());
        }
        self.looked_at = Some(Instant::now());
        Ok(self.lot.asked().await?)
    }

    /// Reads the streams of these anew.
    pub(crate) async fn try_again(
        &self,
        mut feed: Feed,
        asked: Vec<Aggregate>,
    ) -> Result<(Feed, Tried), FeedError> {
        let mut tried = Tried::default();
        for aggregate in asked {
            let Stream { events, undecodable } =
                Stream::read(&self.log, &aggregate, feed.head().position).await?;
            let again = aggregate.clone();
            let refused;
            (feed, refused) = blocking(move || {
                let refused = feed.reread(&again, &events, &undecodable);
                Ok((feed, refused))
            })
            .await?;
            match refused {
                Some(refused) => tried.refused.push(refused),
                None => tried.taken.push(aggregate),
            }
        }
        Ok((feed, tried))
    }

    /// Keeps what became of it: a commit has all that could be taken.
    pub(crate) async fn settle(&self, feed: &Feed, tried: &Tried) -> Result<(), FeedError> {
        for aggregate in &tried.taken {
            self.lot.release(aggregate).await?;
            info!(
                consumer = NAME,
                aggregate_type = aggregate.0,
                aggregate_id = aggregate.1,
                "the search index has taken what was parked"
            );
        }
        self.park(feed, &tried.refused).await?;
        count(feed);
        Ok(())
    }
}

/// Says it in status.
fn telling(lot: Lot) -> Telling {
    Telling::by(move |position| {
        let lot = lot.clone();
        Box::pin(async move {
            if let Err(error) = lot.tell(position).await {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "the search index's position is not in status"
                );
            }
        })
    })
}

fn count(feed: &Feed) {
    let parked = u32::try_from(feed.parked()).unwrap_or(u32::MAX);
    gauge!("daybook_projection_parked", "model" => NAME).set(parked);
}

/// What became of aggregates that were tried again.
#[derive(Default)]
pub(crate) struct Tried {
    taken: Vec<Aggregate>,
    /// Perhaps at later events than before.
    refused: Vec<Refused>,
}
