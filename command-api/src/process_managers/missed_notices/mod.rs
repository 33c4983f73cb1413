//! What gateways told and nobody heard: an endpoint that was away for days, or that the gateway has switched off. With a tick
//! of the process manager of payments their own lists are read, from a bookmark on; what is in them takes the way of a
//! webhook, and counts once with it.
//!
//! A list counts as read when it was read to its end. Whoever dies on the way, or gets no answer, reads again from the
//! bookmark, and soon: what was taken is known.

mod bookmark;
mod heeded;
mod reading;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sqlx::PgConnection;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{error, warn};

use self::bookmark::Bookmark;
use self::reading::Reading;
use crate::settlement::Settlement;

/// How long the first and the last wait is after a list could not be read; each is twice the one before.
const READ_AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(600));

/// The lists that are being read; it ends with this.
#[derive(Debug)]
pub(super) struct MissedNotices {
    settlement: Settlement,
    /// Each says whose list it read.
    reading: JoinSet<(&'static str, bool)>,
    /// Of those that were not read to the end the last time.
    again: BTreeMap<&'static str, Again>,
}

/// When a list may be read again.
#[derive(Clone, Copy, Debug)]
struct Again {
    wait: Duration,
    at: Instant,
}

impl MissedNotices {
    /// No list is being read yet.
    pub(super) async fn begin(
        session: &mut PgConnection,
        settlement: Settlement,
    ) -> Result<Self, sqlx::Error> {
        for (name, gateway) in settlement.gateways.all() {
            if gateway.listed_every().is_some() {
                Bookmark::put(session, name).await?;
            }
        }
        Ok(Self { settlement, reading: JoinSet::new(), again: BTreeMap::new() })
    }

    /// Begins to read the lists that are due.
    pub(super) async fn go_on(&mut self, session: &mut PgConnection) -> Result<(), sqlx::Error> {
        while let Some(ended) = self.reading.try_join_next() {
            match ended {
                Ok((name, true)) => {
                    self.again.remove(name);
                }
                // It may have taken its time.
                Ok((name, false)) => self.put_off(name),
                Err(failed) => {
                    error!(error = &failed as &dyn std::error::Error, "reading what a gateway told failed");
                }
            }
        }
        if !self.reading.is_empty() {
            return Ok(());
        }
        let settlement = self.settlement.clone();
        for (name, gateway) in settlement.gateways.all() {
            let Some(every) = gateway.listed_every() else { continue };
            if self.again.get(name).is_some_and(|again| Instant::now() < again.at) {
                continue;
            }
            let Some(bookmark) = Bookmark::due(session, name, every).await? else { continue };
            let wait = self.again.get(name).map_or(READ_AGAIN.0, |again| READ_AGAIN.1.min(again.wait * 2));
            self.again.insert(name, Again { wait, at: Instant::now() + wait });
            let reading = Reading::new(settlement.clone(), name, Arc::clone(gateway));
            self.reading.spawn(async move { (name, is_read(name, reading, bookmark).await) });
        }
        Ok(())
    }

    /// The wait begins now.
    fn put_off(&mut self, name: &str) {
        if let Some(again) = self.again.get_mut(name) {
            again.at = Instant::now() + again.wait;
        }
    }
}

async fn is_read(name: &str, reading: Reading, bookmark: Bookmark) -> bool {
    let Err(unread) = reading.go_on(bookmark).await else { return true };
    let error = &unread as &dyn std::error::Error;
    warn!(gateway = name, error, "what a gateway told could not be read to the end");
    false
}
