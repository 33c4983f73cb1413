//! Work that nobody waits for: the merges of the index.

use std::panic::resume_unwind;
use std::thread;

/// By so much it stands back (`nice(2)`): while there is other work it has a tenth of a core's time, else all that is left.
#[cfg(target_os = "linux")]
const STANDS_BACK: i32 = 10;

/// Does something on a thread that stands back behind those that answer requests, and waits for it. The threads that it
/// starts inherit that, which is how those of Tantivy that merge come to it.
pub(super) fn in_background<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let standing_back = || {
        stand_back();
        work()
    };
    thread::scope(|scope| match scope.spawn(standing_back).join() {
        Ok(done) => done,
        Err(panic) => resume_unwind(panic),
    })
}

/// On Linux a thread has a niceness of its own; elsewhere it is the whole process's, which must not stand back.
fn stand_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(STANDS_BACK) {
        tracing::debug!(%error, "merges of the search index don't stand back");
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;

    fn niceness() -> i32 {
        rustix::process::nice(0).unwrap()
    }

    #[test]
    fn what_is_done_in_the_background_and_what_that_starts_stands_back_and_nobody_else_does() {
        let before = niceness();
        let (there, started_there) = in_background(|| (niceness(), thread::spawn(niceness).join().unwrap()));
        // There is no farther back than 19.
        let behind = (before + STANDS_BACK).min(19);
        assert_eq!((there, started_there), (behind, behind));
        assert_eq!(niceness(), before);
    }

    #[test]
    #[should_panic(expected = "a bug")]
    fn a_panic_there_is_one_here() {
        in_background(|| panic!("a bug"));
    }
}
