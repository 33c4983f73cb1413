//! A projector that a bug ends: that is said, as any other reason why a read model stands still is.

use sqlx::PgPool;
use tokio::task::JoinSet;

use super::failure::{self, FeedError};
use crate::read_model::ReadModel;

/// Runs a projector to its end. Dropping it ends the projector.
pub(super) async fn watched(
    model: &'static dyn ReadModel,
    pool: PgPool,
    projector: impl Future<Output = ()> + Send + 'static,
) {
    let mut one = JoinSet::new();
    one.spawn(projector);
    if let Some(Err(error)) = one.join_next().await
        && error.is_panic()
    {
        failure::record_live(&pool, model, &FeedError::Task(error)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry;
    use crate::status::{State, status};
    use crate::testing::TestDatabase;

    #[tokio::test]
    async fn a_projector_that_panics_is_one_that_failed_and_no_other_is() {
        let database = TestDatabase::new().await;
        // Its checkpoint is there once it was fed.
        let checkpoints = "INSERT INTO checkpoints (name, position, hash)
                           SELECT name || '@1', 0, decode(repeat('00', 32), 'hex') FROM read_models
                           ON CONFLICT (name) DO NOTHING";
        sqlx::query(checkpoints).execute(&database.app).await.unwrap();
        let catalog = registry::find("catalog").unwrap();
        watched(catalog, database.app.clone(), async { panic!("a bug") }).await;
        watched(registry::find("coupons").unwrap(), database.app.clone(), async {}).await;
        let failed: Vec<_> = status(&database.app, None)
            .await
            .unwrap()
            .into_iter()
            .filter(|it| it.state == State::Failed)
            .map(|it| (it.name, it.error.unwrap()))
            .collect();
        let [(name, error)] = &failed[..] else { panic!("{failed:?}") };
        assert_eq!(name, "catalog");
        assert!(error.starts_with("a part of the feed broke off") && error.contains("a bug"), "{error}");
    }
}
