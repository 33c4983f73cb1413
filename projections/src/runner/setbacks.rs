//! What a projector makes of what goes wrong, whatever feeds it.

use std::time::Duration;

use domain::with_causes;
use event_store::Head;
use sqlx::PgPool;
use tokio::time::sleep;
use tracing::info;

use super::failure::{self, FeedError};
use crate::read_model::ReadModel;

/// Between two tries after a passing error.
const RETRY: Duration = Duration::from_secs(1);

/// The setbacks of one projector.
pub(super) struct Setbacks<'a> {
    model: &'static dyn ReadModel,
    pool: &'a PgPool,
    /// Where it stood when it lost a connection last.
    lost: Option<Head>,
}

impl<'a> Setbacks<'a> {
    /// None yet.
    pub(super) fn of(model: &'static dyn ReadModel, pool: &'a PgPool) -> Self {
        Self { model, pool, lost: None }
    }

    /// Whether it goes on after one, once that may help: a permanent error ends it. Either is in the log and in status then,
    /// but for a connection that was only lost.
    pub(super) async fn goes_on(&mut self, error: &FeedError, at: Head) -> bool {
        if error.may_go_on_elsewhere(at, &mut self.lost) {
            info!(read_model = self.model.name(), error = with_causes(error), "connects again");
            return true;
        }
        failure::record_live(self.pool, self.model, error).await;
        let passes = error.is_transient();
        if passes {
            sleep(RETRY).await;
        }
        passes
    }
}
