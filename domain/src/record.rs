//! What a stream tells beside its state.

use chrono::{DateTime, Utc};

use crate::Decide;

/// A state with the moments that its stream tells beside it.
pub trait Record: Default {
    /// The aggregate whose stream it is.
    type Of: Decide;

    /// Types of the events with which it begins anew: what came before the last of them doesn't show.
    const ANEW: &'static [&'static str] = &[];

    /// Before the first event that it takes, when there were so many before that don't show.
    fn after(_events: u64) -> Self {
        Self::default()
    }

    /// Takes the stream's next event.
    fn apply(&mut self, event: &<Self::Of as Decide>::Event, at: DateTime<Utc>);
}
