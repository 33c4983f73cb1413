//! A process of a build that knows a new version of a read model.

use crate::harness::{Database, Place, until};

/// Guards against queries that are refused until somebody does by hand what a failover had broken off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_could_not_be_built_at_first_is_built_later() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    // What is live is of an older build.
    database
        .execute_as_owner(
            "ALTER TABLE read_models DROP CONSTRAINT read_models_version_check;
             UPDATE read_models SET version = 0 WHERE name = 'seller_stats'",
        )
        .await;
    // Another replay of it runs: the first try fails.
    let lock = "hashtextextended('daybook.projections.replay.seller_stats', 0)";
    let mut other = database.pool.acquire().await.unwrap();
    sqlx::query(&format!("SELECT pg_advisory_lock({lock})")).execute(&mut *other).await.unwrap();

    let place = Place::new("up", &database, home.path()).with("DAYBOOK_LOG", "daybook=info");
    let process = place.start().await;
    until("the first try fails", async || {
        std::fs::read_to_string(place.log()).unwrap().contains("another process builds its new version")
    })
    .await;
    let live = async || {
        let generation = "SELECT generation FROM read_models WHERE name = 'seller_stats' AND version = 1";
        sqlx::query_scalar::<_, Option<i32>>(generation).fetch_optional(&database.pool).await.unwrap()
    };
    assert_eq!(live().await, None);

    sqlx::query(&format!("SELECT pg_advisory_unlock({lock})")).execute(&mut *other).await.unwrap();
    until("it is built", async || live().await == Some(Some(2))).await;
    process.stop().await;
}
