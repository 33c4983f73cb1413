//! What gateways told and nobody heard: an endpoint that was away for days, or that the gateway has switched off. With a tick
//! of the process manager of payments their own lists are read, from a bookmark on; what is in them takes the way of a
//! webhook, and counts once with it.
//!
//! Whoever dies on the way reads again from the bookmark: what was taken is known.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use tokio::task::JoinSet;
use tracing::{error, warn};

use crate::gateway::{Gateway, GatewayError};
use crate::settlement::Settlement;
use crate::settlement::notices::Bookmark;

/// How far before its bookmark a list is read again: no gateway says that its list is complete at any moment.
const OVERLAP: TimeDelta = TimeDelta::minutes(10);

/// For how long a webhook may be on its way before it counts as missed.
const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(10);

/// The lists that are being read; it ends with this.
#[derive(Debug)]
pub(super) struct MissedNotices {
    settlement: Settlement,
    reading: JoinSet<()>,
}

/// Why a list was not read to its end.
#[derive(Debug, thiserror::Error)]
enum Unread {
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    #[error("Postgres failed")]
    Postgres(#[from] sqlx::Error),
}

/// What became of a list.
#[derive(Clone, Copy, Debug, Default)]
struct Heeded {
    /// How much was told in vain: no webhook came.
    missed: usize,
    /// When the newest was told.
    newest: Option<DateTime<Utc>>,
    /// When the oldest was told that couldn't be taken.
    oldest_left: Option<DateTime<Utc>>,
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
        Ok(Self { settlement, reading: JoinSet::new() })
    }

    /// Begins to read the lists that are due. One that can't be read is due again as all are.
    pub(super) async fn go_on(&mut self, session: &mut PgConnection) -> Result<(), sqlx::Error> {
        while let Some(ended) = self.reading.try_join_next() {
            if let Err(failed) = ended {
                error!(error = &failed as &dyn std::error::Error, "reading what a gateway told failed");
            }
        }
        if !self.reading.is_empty() {
            return Ok(());
        }
        for (name, gateway) in self.settlement.gateways.all() {
            let Some(every) = gateway.listed_every() else { continue };
            let Some(bookmark) = Bookmark::take_due(session, name, every).await? else { continue };
            let settlement = self.settlement.clone();
            self.reading.spawn(async move {
                if let Err(unread) = settlement.read_on(name, bookmark).await {
                    let error = &unread as &dyn std::error::Error;
                    warn!(gateway = name, error, "what a gateway told could not be read");
                }
            });
        }
        Ok(())
    }
}

impl Settlement {
    async fn read_on(&self, name: &'static str, bookmark: Bookmark) -> Result<(), Unread> {
        let Some(gateway) = self.gateways.get(name) else { return Ok(()) };
        let since = bookmark.until.map(|until| until - OVERLAP);
        let Heeded { missed, newest, oldest_left } = self.heed_all(name, &**gateway, since).await?;
        if missed > 0 {
            warn!(gateway = name, missed, "a gateway told what no webhook brought");
        }
        if let Some(until) = oldest_left.or(newest) {
            Bookmark::move_to(self.log.pool(), name, until).await?;
        }
        Ok(())
    }

    /// Takes all that a gateway told since then, page by page. What can't be taken keeps nothing else back.
    async fn heed_all(
        &self,
        name: &str,
        gateway: &dyn Gateway,
        since: Option<DateTime<Utc>>,
    ) -> Result<Heeded, GatewayError> {
        let (mut heeded, mut before) = (Heeded::default(), None::<String>);
        loop {
            let page = gateway.listed(since, before.as_deref()).await?;
            for (at, notice) in &page.notices {
                heeded.newest = heeded.newest.max(Some(*at));
                match self.heed(name, notice, &notice.because(name)).await {
                    Ok(is_new) => {
                        let is_missed = is_new && Utc::now() - *at > ON_ITS_WAY;
                        heeded.missed += usize::from(is_missed);
                    }
                    Err(unsettled) => {
                        let error = &unsettled as &dyn std::error::Error;
                        warn!(gateway = name, id = notice.id, error, "a notice could not be taken");
                        // The newest come first.
                        heeded.oldest_left = Some(*at);
                    }
                }
            }
            before = page.notices.last().map(|(_, notice)| notice.id.clone());
            if before.is_none() || !page.has_more {
                return Ok(heeded);
            }
        }
    }
}
