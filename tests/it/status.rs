//! An order's steps, by staff, by its customer, and by time.

use std::time::Duration;

use api_contract::Role;
use event_store::LogWatch;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Options, Person};

async fn set(person: &Person<'_>, order: &str, body: Value) -> Answer {
    person.send(Method::PUT, &format!("/orders/{order}/status"), &body).await
}

#[tokio::test]
async fn an_order_goes_from_pending_to_delivered_one_step_at_a_time() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let (buyer, admin) = (app.person(Role::Customer).await, app.person(Role::Admin).await);
    let product = seller.product("10.00", 5).await;
    let order = buyer.order(&[(&product, 1)]).await.json();
    let id = order["data"]["id"].as_str().unwrap();

    assert_eq!(set(&buyer, id, json!({ "status": "shipped" })).await.status, 403);
    let early = set(&admin, id, json!({ "status": "shipped" })).await;
    assert_eq!((early.status.as_u16(), early.code().as_str()), (409, "CONFLICT"));
    let paid = set(&admin, id, json!({ "status": "paid", "note": "by bank transfer" })).await;
    assert_eq!(
        (paid.status.as_u16(), &paid.json()["data"]["status"]),
        (200, &json!("confirmed")),
        "{}",
        paid.text
    );
    assert_eq!(set(&admin, id, json!({ "status": "processing" })).await.status, 200);
    let s4 = json!({ "status": "shipped", "note": "Order shipped via FedEx", "trackingNumber": "123456789",
                     "carrier": "FedEx", "estimatedDelivery": "2026-12-05" });
    let shipped = set(&admin, id, s4).await;
    let data = shipped.json()["data"].clone();
    assert_eq!(
        (&data["trackingNumber"], &data["carrier"]),
        (&json!("123456789"), &json!("FedEx")),
        "{}",
        shipped.text
    );
    assert_eq!(data["statusHistory"][3]["note"], "Order shipped via FedEx");
    let late = buyer.post(&format!("/orders/{id}/cancel"), &json!({})).await;
    assert_eq!(late.status, 409, "it was shipped");
    let stale = admin.request(Method::PATCH, &format!("/orders/{id}/status")).header("if-match", "\"1\"");
    assert_eq!(Answer::of(stale.json(&json!({ "status": "delivered" }))).await.status, 412);
    assert_eq!(set(&admin, id, json!({ "status": "delivered" })).await.status, 200);
    let inventory = app.events("inventory", &product.id).await;
    assert_eq!(inventory, ["StockReceived", "StockReserved", "ReservationCommitted"]);
}

#[tokio::test]
async fn a_cancelled_order_gives_stock_and_money_back() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let (buyer, stranger) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 1).await;
    let order = buyer.order(&[(&product, 1)]).await.json();
    buyer.pay(&order, "tok_visa").await;
    let path = format!("/orders/{}/cancel", order["data"]["id"].as_str().unwrap());
    let s4 = json!({ "reason": "Changed my mind" });
    assert_eq!(stranger.post(&path, &s4).await.status, 404);
    let cancelled = buyer.post_once("c", &path, &s4).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    let data = cancelled.json()["data"].clone();
    assert_eq!((&data["status"], &data["cancelReason"]), (&json!("cancelled"), &json!("Changed my mind")));
    assert_eq!(buyer.post_once("c", &path, &s4).await.json()["data"], data);

    let payment = order["data"]["payment"]["id"].as_str().unwrap();
    until(&app, "payments", payment, "PaymentRefunded").await;
    assert_eq!(stranger.order(&[(&product, 1)]).await.status, 201, "its unit is for sale again");
}

#[tokio::test]
async fn an_order_that_nobody_pays_gives_its_stock_back() {
    let app =
        App::start_with(Options { reservation_ttl: Duration::from_millis(300), ..Options::default() }).await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("10.00", 2).await;
    let (kept, lost) =
        (buyer.order(&[(&product, 1)]).await.json(), buyer.order(&[(&product, 1)]).await.json());
    assert_eq!(buyer.pay(&kept, "tok_visa").await.status, 200);
    until(&app, "orders", lost["data"]["id"].as_str().unwrap(), "OrderCancelled").await;
    let inventory = app.events("inventory", &product.id).await;
    assert_eq!(inventory.last().map(String::as_str), Some("ReservationExpired"));
    let kept = app.events("orders", kept["data"]["id"].as_str().unwrap()).await;
    assert_eq!(kept.last().map(String::as_str), Some("OrderConfirmed"));
    assert_eq!(buyer.pay(&lost, "tok_visa").await.status, 409);
}

/// Waits until a stream has an event of a type.
async fn until(app: &App, aggregate_type: &str, id: &str, event_type: &str) {
    let watch = LogWatch::start(app.database.pool.clone());
    let seen = async {
        loop {
            let position = app.head().await;
            if app.events(aggregate_type, id).await.iter().any(|known| known == event_type) {
                return;
            }
            watch.beyond(position).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap();
}
