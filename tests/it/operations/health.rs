//! `/health/*` tells the truth.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::harness::{Answer, Bridge, Database, HANGS, Place, until as observed};

/// Asks until the readiness is this one.
async fn until(place: &Place, status: u16) -> Value {
    let deadline = Instant::now() + HANGS;
    loop {
        let answer = Answer::of(reqwest::Client::new().get(place.url("/health/ready"))).await;
        if answer.status == status {
            return answer.json();
        }
        assert!(Instant::now() < deadline, "it stays {}: {}", answer.status, answer.text);
        // Asking again is how one observes it.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn is_alive(place: &Place) -> bool {
    Answer::of(reqwest::Client::new().get(place.url("/health/live"))).await.status == 200
}

#[tokio::test]
async fn a_process_without_its_database_lives_and_is_not_ready() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let bridge = Bridge::to(&database.urls().0).await;
    let place = Place::new("up", &database, home.path());
    let place = place.with("DATABASE_URL", &bridge.lead(&database.urls().0));
    let process = place.start().await;
    let ready = until(&place, 200).await;
    assert_eq!(ready["status"], "ready");
    for check in ["database", "schema", "decider", "projections"] {
        assert_eq!(ready["checks"][check], json!({ "ok": true }), "{check}");
    }
    bridge.cut();
    let cut = until(&place, 503).await;
    assert_eq!((&cut["status"], &cut["checks"]["database"]["ok"]), (&json!("not_ready"), &json!(false)));
    assert!(!cut.to_string().contains(&database.urls().0), "no secret is told: {cut}");
    assert!(is_alive(&place).await);
    bridge.mend();
    until(&place, 200).await;
    process.stop().await;
}

#[tokio::test]
async fn a_process_is_not_ready_on_a_schema_that_is_too_old() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("command-api", &database, home.path());
    let process = place.start().await;
    let newest = "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    database.execute_as_owner(newest).await;
    let old = until(&place, 503).await;
    assert_eq!(old["checks"]["schema"]["ok"], false, "{old}");
    assert_eq!(old["checks"]["database"]["ok"], true, "{old}");
    assert!(old["checks"].get("projections").is_none(), "it reads none: {old}");
    process.stop().await;
}

#[tokio::test]
async fn a_process_that_reads_is_not_ready_while_a_read_model_has_failed() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path());
    let process = place.start().await;
    sqlx::query("INSERT INTO consumer_failures (name, position, error) SELECT name, position, 'damaged' FROM checkpoints WHERE name LIKE 'order_history@%'")
        .execute(&database.pool)
        .await
        .unwrap();
    let failed = until(&place, 503).await;
    assert_eq!(failed["checks"]["projections"]["ok"], false, "{failed}");
    sqlx::query("DELETE FROM consumer_failures").execute(&database.pool).await.unwrap();
    until(&place, 200).await;
    process.stop().await;
}

/// Guards against a process that answers searches from an index that stopped for good, and says that all is well.
#[tokio::test]
async fn a_process_that_searches_is_not_ready_while_its_own_index_has_failed() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("query-api", &database, home.path());
    let process = place.start().await;
    let fail = async |index: &str| {
        let fail = "INSERT INTO consumer_failures (name, position, error) VALUES ($1, 0, 'damaged')
                    ON CONFLICT (name) DO NOTHING";
        sqlx::query(fail).bind(index).execute(&database.pool).await.unwrap();
    };
    let indexes = async || {
        let names = "SELECT name FROM search_indexes WHERE name <> 'product_search@another'";
        sqlx::query_scalar::<_, String>(names).fetch_all(&database.pool).await.unwrap()
    };
    observed("it has an index", async || indexes().await.len() == 1).await;
    let own = indexes().await.remove(0);

    // Another process's is none of its business.
    database
        .execute_as_owner("INSERT INTO search_indexes (name, position) VALUES ('product_search@another', 0)")
        .await;
    fail("product_search@another").await;
    until(&place, 200).await;
    // When it begins to follow the log it takes away what was said of it before.
    observed("it is not ready", async || {
        fail(&own).await;
        let ready = Answer::of(reqwest::Client::new().get(place.url("/health/ready"))).await;
        ready.status == 503
    })
    .await;
    let failed = until(&place, 503).await;
    assert_eq!(failed["checks"]["projections"]["ok"], false, "{failed}");
    let mend = "DELETE FROM consumer_failures WHERE name = $1";
    sqlx::query(mend).bind(&own).execute(&database.pool).await.unwrap();
    until(&place, 200).await;
    process.stop().await;
}

#[tokio::test]
async fn a_process_that_ends_is_not_ready_and_still_serves() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path()).with("DAYBOOK_DRAIN_DELAY", "6s");
    let process = place.start().await;
    process.terminate().await;
    let ending = until(&place, 503).await;
    assert_eq!(ending["checks"]["process"]["ok"], false, "{ending}");
    let products = Answer::of(reqwest::Client::new().get(place.url("/api/v1/products"))).await;
    assert_eq!(products.status, 200, "who hasn't heard yet is served");
    process.ended().await;
}
