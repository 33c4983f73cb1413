//! A process manager that stands still says so: in the log of its process, and in `daybook status`.

use domain::with_causes;
use event_store::{Checkpoint, Log, Standstill};
use tracing::{error, warn};

use super::ManagerError;

/// Logs why it can't go on, and keeps it for `status` if starting again won't help.
pub(super) async fn record(log: &Log, name: &'static str, failure: &ManagerError) {
    let (checkpoint, cause) = (Checkpoint::named(name), with_causes(failure));
    if !failure.is_final() {
        // It may not even lead; whoever does is not at a standstill.
        warn!(manager = name, error = cause, "a process manager starts again");
        return;
    }
    error!(manager = name, error = cause, "a process manager stands still");
    let stored = async {
        let at = checkpoint.load(log.pool()).await?;
        checkpoint.failed(log.pool(), &at, &cause, Standstill::Failed).await?;
        Ok::<_, event_store::LogError>(())
    };
    if let Err(error) = stored.await {
        warn!(manager = name, error = with_causes(&error), "the failure is not in status");
    }
}
