//! Waiting for what is observed only by asking again.

use std::time::Duration;

/// What takes longer hangs, on the slowest of machines too.
pub const HANGS: Duration = Duration::from_secs(120);

/// Asks until the answer is yes.
pub async fn until(what: &str, seen: impl AsyncFn() -> bool) {
    let asking = async {
        while !seen().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(HANGS, asking).await.unwrap_or_else(|_| panic!("it takes too long until {what}"));
}
