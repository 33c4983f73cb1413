//! What the decider counts. The handles are made once: looking one up for each command would cost more than deciding some.

use metrics::{Counter, Histogram, counter, histogram};

pub struct Meters {
    /// One run of a decision.
    pub decision: Histogram,
    /// From a group's take-off to its landing in the log.
    pub append: Histogram,
    /// Groups that found the head moved.
    pub moved: Counter,
    commands: Histogram,
    events: Histogram,
}

impl Meters {
    pub fn new() -> Self {
        Self {
            decision: histogram!("daybook_decision_seconds"),
            append: histogram!("daybook_append_seconds"),
            moved: counter!("daybook_appends_moved_total"),
            commands: histogram!("daybook_group_commands"),
            events: histogram!("daybook_group_events"),
        }
    }

    /// A group is on its way.
    #[allow(clippy::cast_precision_loss, reason = "a group is far smaller than 2⁵³")]
    pub fn took_off(&self, commands: usize, events: usize) {
        self.commands.record(commands as f64);
        self.events.record(events as f64);
    }
}
