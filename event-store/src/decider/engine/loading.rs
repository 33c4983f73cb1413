//! A command steps out to load what it needs.

use domain::StreamId;
use tracing::error;

use super::super::job::{Answer, Pending};
use super::super::loads::Loaded;
use super::Engine;

impl Engine {
    /// A command steps out to load what it needs.
    pub(super) fn load(&mut self, mut pending: Pending, streams: &[StreamId]) {
        for stream in streams {
            self.loads.ask(stream, pending.order);
        }
        pending.loads = streams.len();
        self.waiting.insert(pending.order, pending);
    }

    pub(super) fn installed(&mut self, loaded: Loaded) {
        match loaded {
            Loaded::Stream { stream, epoch, found } => {
                let Some((waiting, passed)) = self.loads.arrived(&stream, epoch) else { return };
                let failed = found.is_err();
                match found {
                    Ok((state, sequence)) => {
                        self.cache.install(stream.clone(), state, sequence, false);
                        for event in passed {
                            self.pass(&stream, &event);
                        }
                    }
                    Err(error) => {
                        error!(error = &error as &dyn std::error::Error, %stream, "a stream can't be loaded");
                    }
                }
                for order in waiting {
                    // It may have failed by another of its loads.
                    if let Some(pending) = self.waiting.get_mut(&order) {
                        self.cache.pin(&stream);
                        pending.pins.push(stream.clone());
                    }
                    self.load_ended(order, failed);
                }
            }
            Loaded::Keys { keys, epoch, found } => {
                let Some(waiting) = self.loads.keys_arrived(&keys, epoch) else { return };
                let failed = found.is_err();
                if let Ok(mut found) = found {
                    for key in keys {
                        self.keys.install(key, found.remove(&key));
                    }
                }
                for order in waiting {
                    self.load_ended(order, failed);
                }
            }
        }
        self.decide_waiting();
    }

    /// One of a command's loads has ended; after the last it may be decided.
    fn load_ended(&mut self, order: u64, failed: bool) {
        let Some(pending) = self.waiting.get_mut(&order) else { return };
        pending.loads = pending.loads.saturating_sub(1);
        if pending.loads > 0 && !failed {
            return;
        }
        if let Some(mut pending) = self.waiting.remove(&order) {
            if failed {
                for stream in pending.pins.drain(..) {
                    self.cache.unpin(&stream);
                }
                self.settled(&pending);
                pending.job.answer(Answer::Unavailable);
            } else {
                self.undecided.insert(order, pending);
            }
        }
    }
}
