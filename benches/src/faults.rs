//! Reads that should not have been so: counted, for whoever prints the count, and the first one told.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Error;

/// How many there were.
#[derive(Debug, Default)]
pub struct Faults {
    failed: AtomicUsize,
    back: AtomicUsize,
    first: OnceLock<String>,
}

impl Faults {
    /// A read failed.
    pub fn fail(&self, error: &Error) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let _ = self.first.set(error.to_string());
    }

    /// A read showed less than one that had ended before it began.
    pub fn step_back(&self, what: String) {
        self.back.fetch_add(1, Ordering::Relaxed);
        let _ = self.first.set(what);
    }

    /// How many failed.
    pub fn failed(&self) -> usize {
        self.failed.load(Ordering::Relaxed)
    }

    /// How many stepped back.
    pub fn back(&self) -> usize {
        self.back.load(Ordering::Relaxed)
    }

    /// Refuses if there was one.
    pub fn require_none(&self) -> Result<(), Error> {
        match self.first.get() {
            None => Ok(()),
            Some(first) => {
                let (failed, back) = (self.failed(), self.back());
                Err(format!("{failed} reads failed, {back} stepped back: {first}").into())
            }
        }
    }
}
