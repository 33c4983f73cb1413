//! Which index is shown, and from when on.
//!
//! What has a part of the log alone would say that there are no such products. So a process shows nothing before its
//! index has all that was in the log when it was about to be opened; and then nothing older than what it has shown.

use std::sync::{Arc, PoisonError, RwLock};

use event_store::{Log, LogError};

use crate::product_search::NAME;
use crate::product_search::index::{Feed, Snapshot};
use crate::runner::positions::Positions;

/// What is shown now, shared by those who ask and the one who feeds.
#[derive(Clone, Default)]
pub(crate) struct Window(Arc<RwLock<Option<Snapshot>>>);

impl Window {
    pub(crate) fn get(&self) -> Option<Snapshot> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set(&self, shown: Option<Snapshot>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = shown;
    }
}

pub(crate) struct Showing {
    window: Window,
    positions: Positions,
    /// Where the log ended when the first index was about to be opened.
    from: Option<i64>,
}

impl Showing {
    /// Through this window. What is shown is told there.
    pub(crate) fn new(window: Window, positions: Positions) -> Self {
        Self { window, positions, from: None }
    }

    /// What is shown now.
    pub(super) fn now(&self) -> Option<Snapshot> {
        self.window.get()
    }

    /// The position that an index must be beyond for it to be shown instead of what is.
    pub(crate) fn farther_than(&self) -> i64 {
        let shown = self.window.get().map(|shown| shown.position);
        shown.unwrap_or_else(|| self.from.map_or(-1, |from| from - 1))
    }

    /// An index is about to be opened. If it is the first one, it has to come to where the log ends now. Without the log none
    /// is opened: reading all of it, to find then that nothing can be fed, would be done again each second.
    pub(crate) async fn begin(&mut self, log: &Log) -> Result<(), LogError> {
        let end = log.head().await?.position;
        self.from.get_or_insert(end);
        Ok(())
    }

    /// Shows what is fed, if that has come far enough: an index that a replay has swapped in catches up first, too.
    pub(crate) fn show(&self, feed: &Feed) {
        let position = feed.head().position;
        let least = self.window.get().map(|shown| shown.position).or(self.from);
        if least.is_some_and(|least| least <= position) {
            self.window.set(Some(feed.snapshot()));
            self.positions.publish(NAME, position);
        }
    }

    /// Shows nothing until another index has come far enough, which is built anew.
    pub(crate) fn start_over(&mut self) {
        self.window.set(None);
        self.from = None;
    }
}
