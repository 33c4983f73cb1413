//! A request can be followed: its correlation id is answered, logged on each line, and stored with each event.

use serde_json::Value;

use super::{Known, order_of};
use crate::harness::{Database, Place};

#[tokio::test]
async fn a_correlation_id_is_in_the_answer_the_log_and_the_events() {
    let (database, home) = (Database::new().await, tempfile::tempdir().unwrap());
    let place = Place::new("up", &database, home.path()).with("DAYBOOK_LOG", "info");
    let process = place.start().await;
    let product = Known::log_in(&place, "seller").await.product(5).await;
    let answer = Known::log_in(&place, "customer").await.post("/orders", &order_of(&product)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.headers["x-correlation-id"], "shop:1.a_b-c");
    let order = answer.json()["data"]["id"].as_str().unwrap().to_owned();
    process.stop().await;

    let stored: Vec<(String, Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT event_type, metadata->>'correlation_id', metadata->>'actor' FROM events
         WHERE position IN (SELECT position FROM events WHERE aggregate_id = $1)
            OR payload::text LIKE '%' || $1 || '%'",
    )
    .bind(&order)
    .fetch_all(&database.pool)
    .await
    .unwrap();
    assert!(stored.len() >= 3, "{stored:?}");
    for (event, correlation, actor) in stored {
        assert_eq!(correlation.as_deref(), Some("shop:1.a_b-c"), "{event}");
        assert!(actor.is_some_and(|actor| actor.starts_with("user:")), "{event}");
    }

    let log = std::fs::read_to_string(place.log()).unwrap();
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    let ours = lines.iter().filter(|line| line["span"]["path"] == "/api/v1/orders");
    let answered: Vec<_> = ours.filter(|line| line["fields"]["message"] == "answered").collect();
    assert_eq!(answered.len(), 1, "{log}");
    assert_eq!(answered[0]["span"]["correlation_id"], "shop:1.a_b-c");
    assert_eq!(answered[0]["fields"]["status"], 201);
    for secret in ["password", "Bearer ", "@daybook", "Springfield"] {
        assert!(!log.contains(secret), "the log tells {secret}");
    }
}
