//! Which index is shown, and from when on.
//!
//! What has a part of the log alone would say that there are no such products. So a process shows nothing before its
//! index has all that was in the log when it was about to be opened; and then nothing older than what it has shown.

use event_store::{Log, LogError};

use super::NAME;
use super::feed::Feed;
use super::search::Window;
use super::snapshot::Snapshot;
use crate::runner::positions::Positions;

pub(super) struct Showing {
    window: Window,
    positions: Positions,
    /// Where the log ended when the first index was about to be opened.
    from: Option<i64>,
}

impl Showing {
    /// Through this window. What is shown is told there.
    pub(super) fn new(window: Window, positions: Positions) -> Self {
        Self { window, positions, from: None }
    }

    /// What is shown now.
    pub(super) fn now(&self) -> Option<Snapshot> {
        self.window.get()
    }

    /// The position that an index must be beyond for it to be shown instead of what is.
    pub(super) fn farther_than(&self) -> i64 {
        let shown = self.window.get().map(|shown| shown.position);
        shown.unwrap_or_else(|| self.from.map_or(-1, |from| from - 1))
    }

    /// An index is about to be opened. If it is the first one, it has to come to where the log ends now. Without the log none
    /// is opened: reading all of it, to find then that nothing can be fed, would be done again each second.
    pub(super) async fn begin(&mut self, log: &Log) -> Result<(), LogError> {
        let end = log.head().await?.position;
        self.from.get_or_insert(end);
        Ok(())
    }

    /// Shows what is fed, if that has come far enough: an index that a replay has swapped in catches up first, too.
    pub(super) fn show(&self, feed: &Feed) {
        let position = feed.head().position;
        let least = self.window.get().map(|shown| shown.position).or(self.from);
        if least.is_some_and(|least| least <= position) {
            self.window.set(Some(feed.snapshot()));
            self.positions.publish(NAME, position);
        }
    }

    /// Shows nothing until another index has come far enough, which is built anew.
    pub(super) fn start_over(&mut self) {
        self.window.set(None);
        self.from = None;
    }
}
