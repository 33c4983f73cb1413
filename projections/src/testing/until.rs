//! Waiting for what is observed only by asking again.

use std::fmt::Debug;
use std::time::Duration;

use tokio::time::Instant;

/// What takes longer hangs, on the slowest of machines too.
pub(crate) const HANGS: Duration = Duration::from_secs(120);

/// Asks until the answer is one that is waited for, and answers that. Where it takes too long it says what was answered last.
pub(crate) async fn until<T: Debug>(
    what: &str,
    ask: impl AsyncFn() -> T,
    is_waited_for: impl Fn(&T) -> bool,
) -> T {
    let deadline = Instant::now() + HANGS;
    loop {
        let answer = ask().await;
        if is_waited_for(&answer) {
            return answer;
        }
        assert!(Instant::now() < deadline, "it takes too long until {what}: {answer:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
