//! Orders that were stored by older builds.

use cqrs_es::DomainEvent;

use super::*;

#[test]
fn an_old_order_is_read_as_todays() {
    let old = r#"{"OrderPlaced":{"number":"ORD-2024-000001","customer_id":null,"lines":[{"product_id":
        "00000000-0000-0000-0000-000000000001","seller_id":"00000000-0000-0000-0000-000000000005","sku":"SKU-1",
        "name":"Product 1","unit_price":9999,"quantity":2}],"currency":"USD","subtotal":19998,"discount":0,
        "tax":1000,"shipping":0,"total":20998,"ship_to_country":"US","shipping_address":null,
        "billing_address":null,"notes":null,"payment_id":"00000000-0000-0000-0000-000000000009",
        "payment_method":"card","expires_at":null}}"#;
    let event = parse_event::<Order>(&Order::upcasters(), "OrderPlaced", "1.0", old).unwrap();
    let today = OrderPlaced {
        number: "ORD-2024-000001".into(),
        ship_to: Region { country: Some("US".into()), region: None },
        expires_at: None,
        ..placed_event()
    };
    assert_eq!(event, OrderEvent::OrderPlaced(Box::new(today)));
    assert_eq!(event.event_version(), "1.1");
}

#[test]
fn todays_order_is_left_alone_by_the_upcaster() {
    let json = serde_json::to_string(&placed()).unwrap();
    for version in ["1.1", "1.1.0"] {
        let event = parse_event::<Order>(&Order::upcasters(), "OrderPlaced", version, &json).unwrap();
        assert_eq!(event, placed());
    }
}
