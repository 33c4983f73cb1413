//! A consumer that is there no more is not shown as one that lags.

use super::owed::sample;
use crate::harness::{Database, Place};

const GAUGES: [&str; 3] =
    ["daybook_consumer_lag_events", "daybook_consumer_lag_seconds", "daybook_consumer_failed"];

/// Guards against a rebuild's lag that is on the dashboard until the process is started anew.
#[tokio::test]
async fn what_a_rebuild_lacked_is_nothing_once_it_is_swapped_in() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path());
    let process = place.start().await;
    let of_rebuild = |gauge: &str| format!(r#"{gauge}{{consumer="order_history@9"}}"#);

    // As it is while a replay fills the new tables: with the whole log before it.
    let mut replay = database.pool.acquire().await.unwrap();
    let lock = "SELECT pg_advisory_lock(hashtextextended('daybook.projections.replay.order_history', 0))";
    sqlx::query(lock).execute(&mut *replay).await.unwrap();
    database
        .execute_as_owner(
            "UPDATE read_models SET rebuilding = 9 WHERE name = 'order_history';
             INSERT INTO checkpoints (name, position, hash)
             VALUES ('order_history@9', 0, decode(repeat('00', 32), 'hex'));
             INSERT INTO consumer_failures (name, position, error) VALUES ('order_history@9', 0, 'damaged')",
        )
        .await;
    for gauge in GAUGES {
        let shown = sample(&place, &of_rebuild(gauge)).await;
        assert!(shown.is_some_and(|value| value > 0.0), "{gauge}: {shown:?}");
    }

    database
        .execute_as_owner(
            "UPDATE read_models SET rebuilding = NULL WHERE name = 'order_history';
             DELETE FROM checkpoints WHERE name = 'order_history@9';
             DELETE FROM consumer_failures WHERE name = 'order_history@9'",
        )
        .await;
    for gauge in GAUGES {
        assert_eq!(sample(&place, &of_rebuild(gauge)).await, Some(0.0), "{gauge}");
        let live = sample(&place, &format!(r#"{gauge}{{consumer="order_history"}}"#)).await;
        assert!(live.is_some(), "{gauge}");
    }
    process.stop().await;
}
