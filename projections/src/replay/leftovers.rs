//! The tables of a read model that nobody is to read any more.

use event_store::sqlstate::{self, LOCK_NOT_AVAILABLE};
use sqlx::PgConnection;

use super::ReplayError;
use crate::generation;
use crate::read_model::ReadModel;

/// Drops them; who does so holds the lock of this read model's rebuilds, whose new tables would be dropped too.
///
/// Each by itself and in no transaction: who waits for the last readers of one while it keeps them from another waits in a
/// circle with a query of both. It waits ten seconds for those of a generation: what can't be dropped then stays there to be
/// dropped later.
pub(super) async fn drop_old(db: &mut PgConnection, model: &dyn ReadModel) -> Result<(), ReplayError> {
    sqlx::query("SET lock_timeout = '10s'").execute(&mut *db).await?;
    let dropped = drop_each(&mut *db, model).await;
    sqlx::query("RESET lock_timeout").execute(db).await?;
    dropped
}

async fn drop_each(db: &mut PgConnection, model: &dyn ReadModel) -> Result<(), ReplayError> {
    let mut outcome = Ok(());
    for old in generation::all_but_live(&mut *db, model).await? {
        match generation::drop_one(&mut *db, model, old).await {
            Err(error) if sqlstate::is(&error, LOCK_NOT_AVAILABLE) => outcome = Err(ReplayError::StillRead),
            dropped => dropped?,
        }
    }
    outcome
}
