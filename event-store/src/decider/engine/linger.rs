//! When a group has landed, those who were answered are about to come back. The next group waits for them, so that one
//! commit serves all and not each half of them in turn.

use std::time::{Duration, Instant};

/// At most a quarter of the time that the last flight took, and never longer than this.
const LONGEST: Duration = Duration::from_micros(400);

/// What the next group waits for before it takes off.
pub(super) struct Linger {
    commands: usize,
    until: Instant,
}

impl Linger {
    /// For so many commands, after a flight that took so long.
    pub(super) fn after(flight: Duration, commands: usize) -> Self {
        Self { commands, until: Instant::now() + (flight / 4).min(LONGEST) }
    }

    /// Whether a group of so many commands waits no more.
    pub(super) fn is_over(&self, commands: usize) -> bool {
        commands >= self.commands || Instant::now() >= self.until
    }
}
