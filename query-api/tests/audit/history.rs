//! One order's history, and its state at any moment: by what had been recorded, and by what had occurred.

use event_store::Head;
use serde_json::{Value, json};

use crate::harness::{Database, test};
use crate::shop::Sold;

const SOLD: Sold<'_> = Sold { n: 1, number: "ORD-2010-000001", external_id: Some("536365") };

/// An invoice of 2010, recorded today in two groups: positions 1 to 3, and 4.
async fn imported(database: &Database) -> [Head; 2] {
    let first = vec![
        SOLD.placed("2010-12-01T08:26:00Z"),
        SOLD.paid("2010-12-01T08:26:00Z"),
        SOLD.confirmed("2010-12-01T08:27:00Z"),
    ];
    [database.append(first).await, database.append(vec![SOLD.refunded("2011-03-01T12:00:00.5Z")]).await]
}

fn path(rest: &str) -> String {
    format!("/audit/orders/{}{rest}", SOLD.id())
}

#[tokio::test]
async fn every_event_is_told_with_its_place_its_cause_and_its_group() {
    test(async |database| {
        let [first, second] = imported(database).await;
        let data = database.data(&path("/events")).await;
        assert_eq!(data["totalCount"], 4);
        let items = data["items"].as_array().unwrap();
        let told = |field: &str| items.iter().map(|item| item[field].clone()).collect::<Vec<_>>();
        assert_eq!(told("position"), [1, 2, 3, 4]);
        assert_eq!(told("sequence"), [1, 2, 3, 4]);
        assert_eq!(told("type"), ["OrderPlaced", "OrderPaid", "OrderConfirmed", "OrderRefunded"]);
        assert_eq!(told("version"), ["1.1", "1.0", "1.0", "1.0"]);
        assert_eq!(told("occurredAt")[3], "2011-03-01T12:00:00.500Z");
        assert_eq!(told("actor")[0], "import");
        assert_eq!(told("correlationId")[0], "c-1");
        assert_eq!(told("causationId")[0], Value::Null);
        let (first, second) = (json!(first.hash.to_string()), json!(second.hash.to_string()));
        assert_eq!(told("groupHash"), [first.clone(), first.clone(), first, second]);
        assert_eq!(items[2]["data"], json!({"OrderConfirmed": {}}));
    })
    .await;
}

#[tokio::test]
async fn events_come_in_pages() {
    test(async |database| {
        imported(database).await;
        let data = database.data(&path("/events?pageSize=3&page=2")).await;
        assert_eq!(data["items"].as_array().unwrap().len(), 1);
        assert_eq!(data["items"][0]["sequence"], 4);
        assert_eq!((&data["totalPages"], &data["hasNextPage"]), (&json!(2), &json!(false)));
    })
    .await;
}

#[tokio::test]
async fn the_state_now_and_what_the_last_event_changed() {
    test(async |database| {
        imported(database).await;
        let data = database.data(&path("")).await;
        assert_eq!((&data["aggregateType"], &data["asOf"]), (&json!("orders"), &Value::Null));
        assert_eq!((&data["version"], &data["event"]["position"]), (&json!(4), &json!(4)));
        assert_eq!(data["state"]["captured"], 108_000);
        assert_eq!(data["changes"], json!([{"path": "refunded", "before": 0, "after": 10_800}]));
        assert!(data.get("events").is_none());
    })
    .await;
}

#[tokio::test]
async fn as_of_a_position_is_what_had_been_recorded() {
    test(async |database| {
        imported(database).await;
        let data = database.data(&path("?asOf=2")).await;
        assert_eq!((&data["version"], &data["asOf"]), (&json!(2), &json!({"position": 2})));
        assert_eq!((&data["state"]["paid"], &data["state"]["status"]), (&json!(true), &json!("pending")));
        let changed: Vec<_> = data["changes"].as_array().unwrap().iter().map(|c| c["path"].clone()).collect();
        assert_eq!(changed, ["captured", "paid"]);
        assert_eq!(database.refusal(&path("?asOf=5")).await, (400, "VALIDATION_ERROR".into()));
    })
    .await;
}

#[tokio::test]
async fn as_of_a_time_is_what_had_occurred_years_before_it_was_recorded() {
    test(async |database| {
        imported(database).await;
        let version =
            async |moment: &str| database.data(&path(&format!("?as_of={moment}"))).await["version"].clone();
        assert_eq!(version("2010-12-01T08:26:59Z").await, 2);
        assert_eq!(version("2010-12-01T09:27:00%2B01:00").await, 3);
        assert_eq!(version("2010-12-01").await, 3, "a date is its end");
        assert_eq!(version("2011-03-01T12:00:00.499999Z").await, 3);
        assert_eq!(version("2011-03-01T12:00:00.5Z").await, 4);
    })
    .await;
}

#[tokio::test]
async fn before_it_happened_an_order_has_no_state() {
    test(async |database| {
        imported(database).await;
        for moment in ["2010-11-30", "0"] {
            let data = database.data(&path(&format!("?asOf={moment}"))).await;
            assert_eq!((&data["version"], &data["state"]), (&json!(0), &Value::Null), "{moment}");
            assert_eq!((&data["changes"], &data["event"]), (&json!([]), &Value::Null), "{moment}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_moment_that_is_none_is_refused() {
    test(async |database| {
        imported(database).await;
        for moment in ["yesterday", "-1", "2010-13-01", "99999999999999999999"] {
            let refusal = database.refusal(&path(&format!("?asOf={moment}"))).await;
            assert_eq!(refusal, (400, "VALIDATION_ERROR".into()), "{moment}");
        }
    })
    .await;
}
