//! Waiting for what is observed only by asking again.

use std::time::Duration;

use tokio::time::Instant;

/// What takes longer hangs, on the slowest of machines too.
pub const HANGS: Duration = Duration::from_secs(120);

/// Between two questions.
const AGAIN: Duration = Duration::from_millis(10);

/// Asks until the answer is yes.
pub async fn until(what: &str, seen: impl AsyncFn() -> bool) {
    let asking = async {
        while !seen().await {
            tokio::time::sleep(AGAIN).await;
        }
    };
    tokio::time::timeout(HANGS, asking).await.unwrap_or_else(|_| panic!("it takes too long until {what}"));
}

/// Looks until there is something; where there never is, says what was seen instead.
pub async fn seen<T>(what: &str, look: impl AsyncFn() -> Result<T, String>) -> T {
    let deadline = Instant::now() + HANGS;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(instead) => {
                assert!(Instant::now() < deadline, "it takes too long until {what}: {instead}");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}
