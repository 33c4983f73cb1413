//! A read with a position sees what was written there, whoever wrote it and whatever feeds the read model.

use event_store::Log;
use serde_json::Value;

use crate::harness::{Answer, Database, Market, OwnTopics, Place, seen};

async fn head(database: &Database) -> i64 {
    Log::new(database.pool.clone()).head().await.unwrap().position
}

/// A list of all orders that is to have a position and waits for it so many seconds: how far it had come, and whether it has
/// an order.
async fn read(place: &Place, reader: &str, position: i64, wait: u32, order: &Value) -> (i64, bool) {
    let request =
        reqwest::Client::new().get(place.url("/api/v1/orders?scope=all&pageSize=100")).bearer_auth(reader);
    let request = request.header("X-Min-Position", position).header("Prefer", format!("wait={wait}"));
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let at = answer.headers["x-projection-position"].to_str().unwrap().parse().unwrap();
    let list = answer.json()["data"]["items"].clone();
    (at, list.as_array().unwrap().iter().any(|it| it["id"] == order["data"]["id"]))
}

/// Reads until the answer has come to the position.
async fn read_at(place: &Place, reader: &str, position: i64, order: &Value) -> bool {
    seen("an answer has come so far", async || {
        let (at, found) = read(place, reader, position, 10, order).await;
        if at >= position { Ok(found) } else { Err(format!("{at} of {position}")) }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_with_a_position_waits_for_what_kafka_feeds() {
    let database = Database::new().await;
    let (topics, homes) = (OwnTopics::new(), [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()]);
    let place = |role, home: usize| {
        Place::new(role, &database, homes[home].path()).with("DAYBOOK_TOPIC_PREFIX", &topics.prefix)
    };
    let shop = place("up", 0).with("DAYBOOK_PROJECTOR_SOURCE", "off");
    let projector = place("projector", 1).saying(&["--from", "kafka"]).watched();
    let (serving, feeding) = tokio::join!(shop.start(), projector.start());
    let market = Market::open(&shop, &database).await;
    let (reader, buyer) = (&market.admin, &market.customers[0]);

    for turn in 0..5 {
        let order = market.order(buyer, turn).await;
        assert!(read_at(&shop, reader, head(&database).await, &order).await, "it is there at once");
    }

    // Where nobody feeds it a read doesn't pretend to have come so far.
    feeding.stop().await;
    let order = market.order(buyer, 5).await;
    let position = head(&database).await;
    let (at, found) = read(&shop, reader, position, 0, &order).await;
    assert!(at < position && !found, "{at} of {position}");
    let (found, feeding) = tokio::join!(read_at(&shop, reader, position, &order), projector.start());
    assert!(found, "it waited for it");
    feeding.stop().await;
    serving.stop().await;
}
