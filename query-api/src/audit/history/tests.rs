use chrono::{DateTime, Utc};
use domain::ids::{OrderId, ProductId};
use domain::inventory::InventoryEvent;
use serde_json::json;

use super::*;

const ORDER: OrderId = OrderId(Uuid::from_u128(7));

fn events() -> Vec<(Recorded, InventoryEvent)> {
    let happened = [
        InventoryEvent::StockReceived { quantity: 10, reason: None },
        InventoryEvent::StockReserved { order_id: ORDER, quantity: 4, expires_at: None },
        InventoryEvent::ReservationCommitted { order_id: ORDER, quantity: 4 },
    ];
    (1..).zip(happened).map(|(sequence, event)| (row(sequence, &event), event)).collect()
}

fn row(sequence: i64, event: &InventoryEvent) -> Recorded {
    Recorded {
        position: 100 + sequence,
        recorded_at: "2026-05-01T10:00:00Z".parse::<DateTime<Utc>>().unwrap(),
        event_id: Uuid::from_u128(sequence.unsigned_abs().into()),
        sequence,
        aggregate_type: Inventory::TYPE.to_owned(),
        aggregate_id: ProductId(Uuid::from_u128(1)).to_string(),
        event_type: "StockReceived".to_owned(),
        event_version: "1.0".to_owned(),
        payload: serde_json::to_string(event).unwrap(),
        metadata: r#"{"actor":"user:7","correlation_id":"c-1","occurred_at":"2010-12-01T08:26:00.000000Z"}"#
            .to_owned(),
    }
}

fn told(step: &Step) -> Vec<(&str, &Value, &Value)> {
    step.changes.iter().map(|change| (change.path.as_str(), &change.before, &change.after)).collect()
}

#[test]
fn every_event_says_what_it_changed() {
    let (steps, state) = fold::<Inventory>(events(), Told::Every).unwrap();
    let held = json!({"quantity": 4, "expires_at": null});
    let reservation = format!("reservations.{ORDER}");
    assert_eq!(told(&steps[0]), [("on_hand", &json!(0), &json!(10))]);
    assert_eq!(
        told(&steps[1]),
        [(reservation.as_str(), &Value::Null, &held), ("reserved", &json!(0), &json!(4))]
    );
    assert_eq!(
        told(&steps[2]),
        [
            ("on_hand", &json!(10), &json!(6)),
            (reservation.as_str(), &held, &Value::Null),
            ("reserved", &json!(4), &json!(0)),
        ]
    );
    assert_eq!(state.unwrap().get(), r#"{"on_hand":6,"reserved":0,"reservations":{}}"#);
}

#[test]
fn of_a_long_stream_only_the_last_event_is_compared() {
    let (every, _) = fold::<Inventory>(events(), Told::Every).unwrap();
    let (last, _) = fold::<Inventory>(events(), Told::Last).unwrap();
    assert!(last[0].changes.is_empty() && last[1].changes.is_empty());
    assert_eq!(last[2].changes, every[2].changes);
}

#[test]
fn nothing_is_no_state() {
    let (steps, state) = fold::<Inventory>(Vec::new(), Told::Every).unwrap();
    assert!(steps.is_empty() && state.is_none());
}

#[test]
fn an_event_is_shown_with_the_text_that_stands_in_the_log() {
    let mut event = row(1, &InventoryEvent::StockReceived { quantity: 10, reason: None });
    event.payload = r#"{ "StockReceived":{"quantity":10, "reason":null}}"#.to_owned();
    let view = EventView::of(&event, Some(Hash([0xab; 32]))).unwrap();
    assert_eq!(
        serde_json::to_string(&view).unwrap(),
        format!(
            concat!(
                r#"{{"position":101,"sequence":1,"eventId":"00000000-0000-0000-0000-000000000001","#,
                r#""type":"StockReceived","version":"1.0","occurredAt":"2010-12-01T08:26:00Z","#,
                r#""recordedAt":"2026-05-01T10:00:00Z","actor":"user:7","correlationId":"c-1","causationId":null,"#,
                r#""groupHash":"{}","data":{{ "StockReceived":{{"quantity":10, "reason":null}}}}}}"#
            ),
            "ab".repeat(32)
        )
    );
}
