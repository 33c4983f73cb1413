//! One reading of a gateway's list, from its bookmark on.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{debug, warn};

use super::bookmark::Bookmark;
use super::heeded::Heeded;
use crate::gateway::{Gateway, GatewayError, Notice};
use crate::settlement::{Settlement, Unsettled};

/// How far before its bookmark a list is read again: no gateway says that its list is complete at any moment.
const OVERLAP: TimeDelta = TimeDelta::minutes(10);

/// For how long a webhook may be on its way. Until then it isn't missed, and the list is not what brings its notice.
const ON_ITS_WAY: TimeDelta = TimeDelta::minutes(10);

/// A reading.
pub(super) struct Reading {
    settlement: Settlement,
    name: &'static str,
    gateway: Arc<dyn Gateway>,
    heeded: Heeded,
}

/// Why a list was not read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    /// It didn't come.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// Nothing that is in it can be taken now.
    #[error(transparent)]
    Unsettled(#[from] Unsettled),
    /// The bookmark stays where it was.
    #[error("Postgres failed")]
    Postgres(#[from] sqlx::Error),
}

impl Reading {
    pub(super) fn new(settlement: Settlement, name: &'static str, gateway: Arc<dyn Gateway>) -> Self {
        Self { settlement, name, gateway, heeded: Heeded::default() }
    }

    /// Reads the list to its end, and moves the bookmark. Whatever ends it before: what was found until then is said.
    pub(super) async fn go_on(mut self, bookmark: Bookmark) -> Result<(), Unread> {
        let read = self.heed_all(bookmark.until.map(|until| until - OVERLAP)).await;
        self.report();
        read?;
        Ok(Bookmark::move_to(self.settlement.log.pool(), self.name, self.heeded.until()).await?)
    }

    fn report(&self) {
        let Heeded { missed, left, why, .. } = &self.heeded;
        if *missed > 0 {
            warn!(gateway = self.name, missed, "a gateway told what no webhook brought");
        }
        if *left > 0 {
            let error = why.as_ref().map(|why| why as &dyn std::error::Error);
            warn!(gateway = self.name, left, error, "notices could not be taken, and are read again");
        }
    }

    /// Takes all that was told since then, page by page.
    async fn heed_all(&mut self, since: Option<DateTime<Utc>>) -> Result<(), Unread> {
        let mut before = None::<String>;
        loop {
            let page = self.gateway.listed(since, before.as_deref()).await?;
            for (at, notice) in &page.notices {
                self.heed(*at, notice).await?;
            }
            before = page.notices.last().map(|(_, notice)| notice.id.clone());
            if before.is_none() || !page.has_more {
                return Ok(());
            }
        }
    }

    async fn heed(&mut self, at: DateTime<Utc>, notice: &Notice) -> Result<(), Unsettled> {
        if Utc::now() - at < ON_ITS_WAY {
            // Its webhook has it, or the next reading: the bookmark stays before it.
            return Ok(());
        }
        if self.heeded.is_in_vain(notice.payment_id) {
            self.heeded.leave(at);
            return Ok(());
        }
        match self.settlement.heed(self.name, notice, &notice.because(self.name)).await {
            Ok(is_new) => {
                self.heeded.take(at, is_new);
                Ok(())
            }
            Err(unsettled) => {
                let error = &unsettled as &dyn std::error::Error;
                debug!(gateway = self.name, id = notice.id, error, "a notice could not be taken");
                self.heeded.leave_because(at, notice.payment_id, unsettled)
            }
        }
    }
}
