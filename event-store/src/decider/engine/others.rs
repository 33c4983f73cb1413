//! Other processes are told that the log has grown.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::Notify;
use tracing::warn;

use crate::watch::{self, LogWatch};

/// At most one notice goes to other processes in this time.
const PACE: Duration = Duration::from_millis(5);

/// Tells them once for all groups since the last time, and not in the append: a NOTIFY there takes a lock of the whole
/// cluster at each commit. Nobody waits for the flush of this one's: what is lost with it is found by polling.
pub(super) async fn notify(pool: PgPool, watch: LogWatch, wake: Arc<Notify>) {
    // The engine holds the other end; when it is gone nothing wakes this any more and the last notice is out.
    while Arc::strong_count(&wake) > 1 {
        wake.notified().await;
        let told = sqlx::query("SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)")
            .bind(watch::CHANNEL)
            .bind(watch.position().to_string())
            .execute(&pool)
            .await;
        if let Err(error) = told {
            warn!(
                error = &error as &dyn std::error::Error,
                "the others were not told that the log has grown"
            );
        }
        tokio::time::sleep(PACE).await;
    }
}
