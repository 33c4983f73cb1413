//! A replay that is killed or stopped, and read models that nobody feeds.

use std::process::{Output, Stdio};

use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tokio::process::{Child, Command};

use super::owed::sample;
use crate::harness::{Database, Place, until};

/// What `daybook status` says of a consumer, if it shows it.
async fn state(place: &Place, consumer: &str) -> Option<String> {
    let status = place.output(&["status", "--json"]).await;
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    let consumers = status["consumers"].as_array().unwrap();
    let found = consumers.iter().find(|it| it["name"] == consumer)?;
    Some(found["state"].as_str().unwrap().to_owned())
}

/// A replay that can't go on, for nobody may read the log: it is in the midst of its work.
async fn replaying(place: &Place, generation: &str) -> (PgConnection, Child) {
    let mut holder = PgConnection::connect(&place.environment()[1].1).await.unwrap();
    for statement in ["BEGIN", "LOCK TABLE events IN ACCESS EXCLUSIVE MODE"] {
        sqlx::query(statement).execute(&mut holder).await.unwrap();
    }
    let mut command = place.command(&["replay", "order_history"]);
    let replay = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    until("it fills its tables", async || state(place, generation).await.as_deref() == Some("rebuilding"))
        .await;
    (holder, replay)
}

async fn terminated(replay: Child) -> Output {
    let pid = replay.id().unwrap().to_string();
    assert!(Command::new("kill").arg(pid).status().await.unwrap().success());
    replay.wait_with_output().await.unwrap()
}

/// Guards against a lag on every dashboard that grows until the next replay, because somebody killed the last one.
#[tokio::test]
async fn a_stopped_replay_leaves_nothing_and_a_killed_one_is_abandoned() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("query-api", &database, home.path());
    let (holder, replay) = replaying(&place, "order_history@2").await;
    let ended = terminated(replay).await;
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("it was stopped"), "{said}");
    assert_eq!(state(&place, "order_history@2").await, None);
    let tables =
        "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname LIKE 'order\\_history\\_g2\\_%'";
    assert_eq!(sqlx::query_scalar::<_, i64>(tables).fetch_one(&database.pool).await.unwrap(), 0);
    holder.close().await.unwrap();

    let (holder, mut replay) = replaying(&place, "order_history@3").await;
    replay.kill().await.unwrap();
    until("it is abandoned", async || state(&place, "order_history@3").await.as_deref() == Some("abandoned"))
        .await;
    holder.close().await.unwrap();
    let process = place.start().await;
    let lag = r#"daybook_consumer_lag_events{consumer="order_history@3"}"#;
    assert_eq!(sample(&place, lag).await, None);

    let replayed = place.output(&["replay", "order_history"]).await;
    assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
    assert_eq!(state(&place, "order_history@3").await, None);
    process.stop().await;
}

/// Guards against read models that stand still, and are said to follow the log.
#[tokio::test]
async fn what_no_process_feeds_is_told() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("query-api", &database, home.path());
    let process = place.start().await;
    let unfed = r#"daybook_consumer_unfed{consumer="catalog"}"#;
    assert_eq!(sample(&place, unfed).await, Some(1.0));
    assert_eq!(state(&place, "catalog").await.as_deref(), Some("unfed"));
    // This process feeds its own index.
    assert_eq!(sample(&place, r#"daybook_consumer_unfed{consumer="product_search"}"#).await, Some(0.0));

    let elsewhere = tempfile::tempdir().unwrap();
    let projector = Place::new("projector", &database, elsewhere.path());
    let listen = projector.environment().into_iter().find(|(name, _)| *name == "DAYBOOK_LISTEN").unwrap().1;
    let projector = projector.with("DAYBOOK_METRICS_LISTEN", &listen).start().await;
    until("it is fed", async || sample(&place, unfed).await == Some(0.0)).await;
    assert_eq!(state(&place, "catalog").await.as_deref(), Some("following"));
    projector.kill().await;
    until("nobody feeds it", async || sample(&place, unfed).await == Some(1.0)).await;
    process.stop().await;
}
