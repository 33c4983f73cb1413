//! How far the import has come, for whoever watches a terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use super::file::Source;

/// A bar on standard error; nothing where that is not a terminal.
pub struct Progress {
    bar: ProgressBar,
    read: Arc<AtomicU64>,
    before: u64,
}

impl Progress {
    /// Of a reading of the file from the start.
    pub fn reading(source: &Source, what: &'static str) -> Self {
        let form = "{msg:<12} {wide_bar} {bytes}/{total_bytes} {eta}";
        let bar = ProgressBar::new(source.size).with_message(what);
        if let Ok(style) = ProgressStyle::with_template(form) {
            bar.set_style(style);
        }
        let before = source.read.load(Ordering::Relaxed);
        Self { bar, read: Arc::clone(&source.read), before }
    }

    /// Draws it anew.
    pub fn update(&self) {
        self.bar.set_position(self.read.load(Ordering::Relaxed).saturating_sub(self.before));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
