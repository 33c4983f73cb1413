//! Reading the log ahead of a rebuild's writing.

use event_store::{Head, Log, LogError};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::runner::source::{PublicBatch, decode};

/// Events read together: more than the live projectors do, for nobody waits for a single one.
pub(super) const BATCH: i64 = 20_000;

/// Batches that are read and decoded ahead of the one that is written.
const AHEAD: usize = 2;

/// Reads and decodes ahead of the writing, from a head on. Ends at the log's head.
pub(crate) struct Reader {
    pub(crate) batches: mpsc::Receiver<Result<(PublicBatch, i64), LogError>>,
    task: JoinHandle<()>,
}

impl Reader {
    pub(crate) fn start(log: Log, aggregates: &'static [&'static str], mut at: Head) -> Self {
        let (sender, batches) = mpsc::channel(AHEAD);
        let task = tokio::spawn(async move {
            loop {
                let read = read(&log, at, aggregates).await;
                let next = read.as_ref().ok().map(|(batch, _)| batch.head);
                if next == Some(at) || sender.send(read).await.is_err() {
                    return;
                }
                let Some(next) = next else { return };
                at = next;
            }
        });
        Self { batches, task }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read(log: &Log, at: Head, aggregates: &[&'static str]) -> Result<(PublicBatch, i64), LogError> {
    let head = log.head().await?;
    let read = log.read_after(&at, BATCH).await?;
    Ok((decode(read, aggregates.to_vec()).await, head.position))
}
