use domain::ids::OrderId;
use domain::inventory::{Inventory, InventoryEvent};
use event_store::{Hash, Recorded};
use query_api::audit::history::{Told, fold};
use query_api::audit::subject::Subject;
use uuid::Uuid;

use super::*;

fn history(events: &[InventoryEvent], as_of: Option<AsOf>) -> History {
    let row = |(sequence, event): (i64, &InventoryEvent)| Recorded {
        position: 40 + sequence,
        recorded_at: "2026-05-01T10:00:00Z".parse().unwrap(),
        event_id: Uuid::nil(),
        sequence,
        aggregate_type: "inventory".to_owned(),
        aggregate_id: "p".to_owned(),
        event_type: "Stock".to_owned(),
        event_version: "1.0".to_owned(),
        payload: serde_json::to_string(event).unwrap(),
        metadata:
            r#"{"actor":"user:\u001b[2J","correlation_id":"c-1","occurred_at":"2010-12-01T08:26:00.000000Z"}"#
                .to_owned(),
    };
    let rows = (1..).zip(events).map(row).zip(events.iter().cloned()).collect();
    let (mut steps, state) = fold::<Inventory>(rows, Told::Every).unwrap();
    for step in &mut steps {
        step.group = Some(Hash([0xab; 32]));
    }
    History { subject: Subject::Inventory, id: "p".to_owned(), as_of, steps, state }
}

#[test]
fn every_event_stands_with_what_it_changed_and_the_state_last() {
    let events = [
        InventoryEvent::StockReceived { quantity: 10, reason: None },
        InventoryEvent::StockReserved { order_id: OrderId(Uuid::nil()), quantity: 4, expires_at: None },
    ];
    let hash = "ab".repeat(32);
    let head = "                  recorded     2026-05-01T10:00:00.000000Z
                  actor        user:\\u{1b}[2J
                  correlation  c-1
                  causation    -";
    assert_eq!(
        Telling(&history(&events, None)).to_string(),
        format!(
            "inventory p

  position   seq  occurred                     event
        41     1  2010-12-01T08:26:00.000000Z  Stock 1.0
{head}
                  group hash   {hash}
                    on_hand: 0 → 10
        42     2  2010-12-01T08:26:00.000000Z  Stock 1.0
{head}
                  group hash   {hash}
                    reservations.00000000-0000-0000-0000-000000000000.quantity = 4
                    reserved: 0 → 4

State after 2 events, in the words of the log, amounts in minor units:
{{
  \"on_hand\": 10,
  \"reservations\": {{
    \"00000000-0000-0000-0000-000000000000\": {{
      \"expires_at\": null,
      \"quantity\": 4
    }}
  }},
  \"reserved\": 4
}}"
        )
    );
}

#[test]
fn before_anything_happened_there_is_nothing_to_tell() {
    assert_eq!(
        Telling(&history(&[], Some(AsOf::Position(3)))).to_string(),
        "inventory p, as it had been recorded up to position 3\n\nNothing had happened by then."
    );
}

struct Shown(Value);

impl Display for Shown {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        appeared(f, "order", &self.0)
    }
}

#[test]
fn a_list_of_objects_appears_item_by_item() {
    let lines =
        serde_json::json!({"placed": {"lines": [{"sku": "A"}, {"sku": "B"}], "tags": [], "notes": null}});
    let expected = [
        "order.placed.lines[0] = {\"sku\":\"A\"}",
        "order.placed.lines[1] = {\"sku\":\"B\"}",
        "order.placed.tags = []",
    ];
    let shown = Shown(lines).to_string();
    assert_eq!(shown.lines().map(str::trim).collect::<Vec<_>>(), expected);
}
