//! Whoever has the address of a receipt sees card and amount: it is kept where it can be erased, and not in the log.

use std::sync::Arc;

use api_contract::Role;
use chrono::Utc;
use command_api::accounts;
use domain::StreamId;
use domain::ids::PaymentId;
use domain::payment::Payment;
use event_store::Log;
use event_store::append::{Appended, Group, NewEvent, Sealed, append};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Shop, pay, status};
use crate::harness::{App, Options};
use crate::payments::{ordered, payment_id};

const ADDRESS: &str = "https://pay.stripe.example/receipts/pi_1";

async fn count(app: &App, what: &str) -> i64 {
    sqlx::query_scalar(&format!("SELECT count(*) FROM {what}")).fetch_one(&app.database.pool).await.unwrap()
}

#[tokio::test]
async fn a_receipt_is_shown_stands_in_no_event_and_is_gone_with_its_customer() {
    let shop = Shop::start_with(Options { queries: true, ..Options::default() }).await;
    let (seller, buyer) = shop.people().await;
    let (admin, auditor) = (shop.app.person(Role::Admin).await, shop.app.person(Role::Auditor).await);
    let order = ordered(&buyer, &seller).await;
    let paid = pay(&buyer, &order, "tok_visa").await;
    assert_eq!(status(&paid), (200, "succeeded".to_owned()), "{}", paid.text);
    let path = format!("/payments/{}", payment_id(&order));
    assert_eq!(buyer.get(&path).await.json()["data"]["receipt"], ADDRESS);

    assert_eq!(count(&shop.app, "events WHERE payload::text LIKE '%stripe.example%'").await, 0);
    for path in [format!("/audit{path}"), format!("/audit{path}/events")] {
        let told = auditor.get(&path).await;
        assert!(told.status == 200 && told.text.contains("receipt_id"), "{path}: {}", told.text);
        assert!(!told.text.contains("stripe.example"), "{path}: {}", told.text);
    }

    let passwords = &shop.app.auth.passwords;
    accounts::erase(&shop.app.database.pool, passwords, &buyer.account.email).await.unwrap();
    let shown = admin.get(&path).await;
    assert_eq!(status(&shown), (200, "succeeded".to_owned()), "{}", shown.text);
    assert_eq!(shown.json()["data"].get("receipt"), Some(&Value::Null), "{}", shown.text);
}

#[tokio::test]
async fn a_capture_that_is_told_again_keeps_its_one_receipt() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_threeDSecure2Required").await;
    shop.stripe.customer_decides(true);
    for event in ["evt_1", "evt_2", "evt_3"] {
        assert_eq!(shop.tell(event, "payment_intent.succeeded", &order).await.status, 200);
    }
    assert_eq!(shop.app.events("payments", payment_id(&order)).await.last().unwrap(), "PaymentCaptured");
    assert_eq!(count(&shop.app, "personal WHERE purpose = 'receipt'").await, 1);
}

/// Guards captures that were stored before receipts were kept in `personal`.
#[tokio::test]
async fn a_receipt_that_stands_in_its_event_is_shown() {
    let options = Options { queries: true, process_managers: false, ..Options::default() };
    let shop = Shop::start_with(options).await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    let payment = payment_id(&order);
    let captured = json!({ "PaymentCaptured": {
        "order_id": order["data"]["id"], "amount": 20_998, "currency": "USD", "gateway": "stripe",
        "reference": "pi_1", "brand": "visa", "last4": "4242", "receipt": ADDRESS,
        "split": { "goods": [], "tax": 0, "shipping": 20_998 },
    }});
    happened(&shop.app, payment, "PaymentCaptured", &captured).await;
    let shown = buyer.get(&format!("/payments/{payment}")).await;
    assert_eq!(shown.json()["data"]["receipt"], ADDRESS, "{}", shown.text);
}

/// Appends an event of a payment as it is.
async fn happened(app: &App, payment: &str, event_type: &str, payload: &Value) {
    let log = Log::new(app.database.pool.clone());
    let before = log.read_stream("payments", payment).await.unwrap().last().unwrap().sequence;
    let event = NewEvent {
        event_id: Uuid::now_v7(),
        stream: StreamId::of::<Payment>(payment.parse::<PaymentId>().unwrap()),
        sequence: before + 1,
        event_type: event_type.to_owned(),
        event_version: "1.0".to_owned(),
        payload: payload.to_string(),
        metadata: Arc::from(format!(r#"{{"occurred_at":"{}"}}"#, Utc::now().to_rfc3339())),
    };
    let group = Arc::new(Group { events: vec![event], keys: Vec::new() });
    let sealed = Sealed::new(group, log.head().await.unwrap(), Utc::now(), Utc::now());
    let mut connection = app.database.pool.acquire().await.unwrap();
    assert_eq!(append(&mut connection, &sealed).await.unwrap(), Appended::Here);
}
