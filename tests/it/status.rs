//! An order's steps, by staff, by its sellers and by its customer.

use api_contract::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Person};

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
    assert_eq!(data["statusHistory"][0]["note"], "Order created");
    assert_eq!(data["statusHistory"][1]["note"], "Payment confirmed");
    assert_eq!(data["statusHistory"][2]["note"], "Order is being prepared");
    let last = &data["statusHistory"][3];
    assert_eq!(
        (&last["note"], &last["trackingNumber"]),
        (&json!("Order shipped via FedEx"), &json!("123456789"))
    );
    assert_eq!(data["estimatedDelivery"], "2026-12-05T00:00:00Z");
    assert_eq!(data["shipments"][0]["itemIds"], json!([format!("{id}:1")]));
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
    app.until("payments", payment, "PaymentRefunded").await;
    assert_eq!(stranger.order(&[(&product, 1)]).await.status, 201, "its unit is for sale again");
}

#[tokio::test]
async fn each_seller_ships_the_shops_own_lines() {
    let app = App::start().await;
    let (hers, his) = (app.person(Role::Seller).await, app.person(Role::Seller).await);
    let (buyer, stranger) = (app.person(Role::Customer).await, app.person(Role::Seller).await);
    let admin = app.person(Role::Admin).await;
    let (mug, pot) = (hers.product("10.00", 5).await, his.product("20.00", 5).await);
    let order = buyer.order(&[(&mug, 2), (&pot, 1)]).await.json();
    let id = order["data"]["id"].as_str().unwrap();

    assert_eq!(
        set(&hers, id, json!({ "status": "paid" })).await.status,
        403,
        "money is not a seller's to confirm"
    );
    assert_eq!(buyer.pay(&order, "tok_visa").await.status, 200);
    assert_eq!(set(&stranger, id, json!({ "status": "processing" })).await.status, 404);
    assert_eq!(set(&buyer, id, json!({ "status": "processing" })).await.status, 403);
    let alone = set(&hers, id, json!({ "status": "cancelled" })).await;
    assert_eq!(alone.status, 409, "it has another seller's items");

    assert_eq!(set(&hers, id, json!({ "status": "processing" })).await.status, 200);
    let parcel = json!({ "status": "shipped", "trackingNumber": "H-1", "carrier": "FedEx" });
    let shipped = set(&hers, id, parcel).await;
    let seen = shipped.json()["data"].clone();
    assert_eq!(shipped.status, 200, "{}", shipped.text);
    assert_eq!(
        (&seen["status"], &seen["trackingNumber"]),
        (&json!("shipped"), &json!("H-1")),
        "hers has left"
    );
    assert_eq!(seen["items"].as_array().unwrap().len(), 1, "{seen}");
    assert_eq!(app.events("inventory", &pot.id).await.last().unwrap(), "StockReserved", "his waits");
    let late = buyer.post(&format!("/orders/{id}/cancel"), &json!({})).await;
    assert_eq!((late.status.as_u16(), late.code()), (409, "CONFLICT".to_owned()), "a part has left");

    // Staff takes the rest along, and only the rest.
    for (status, order_is) in
        [("processing", "processing"), ("shipped", "shipped"), ("delivered", "delivered")]
    {
        let step = set(&admin, id, json!({ "status": status, "trackingNumber": "A-2" })).await;
        assert_eq!(step.json()["data"]["status"], order_is, "{}", step.text);
    }
    let told: Vec<_> = app.events("orders", id).await;
    assert_eq!(told.iter().filter(|event| *event == "OrderShipped").count(), 2);
    assert_eq!(app.events("inventory", &pot.id).await.last().unwrap(), "ReservationCommitted");
}

#[tokio::test]
async fn a_seller_of_all_its_items_may_give_an_order_up() {
    let app = App::start().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 1).await;
    let order = buyer.order(&[(&product, 1)]).await.json();
    let id = order["data"]["id"].as_str().unwrap();
    let cancelled = set(&seller, id, json!({ "status": "cancelled", "note": "Broken in the store" })).await;
    assert_eq!(cancelled.json()["data"]["cancelReason"], "Broken in the store", "{}", cancelled.text);
    assert_eq!(set(&seller, id, json!({ "status": "processing" })).await.status, 409);
}

#[tokio::test]
async fn a_note_and_a_day_that_break_a_rule_are_named_together() {
    let app = App::start().await;
    let admin = app.person(Role::Admin).await;
    let nowhere = "0190c1f0-0000-7000-8000-000000000001";
    let wrong = json!({ "status": "lost", "note": " ", "carrier": 7, "estimatedDelivery": "soon" });
    let refused = set(&admin, nowhere, wrong).await;
    let errors = refused.json()["errors"].as_array().unwrap().clone();
    let fields: Vec<_> = errors.iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(
        (refused.status.as_u16(), fields),
        (400, vec!["status", "note", "carrier", "estimatedDelivery"])
    );
    assert_eq!(set(&admin, nowhere, json!({ "status": "shipped" })).await.status, 404);
}

#[tokio::test]
async fn a_delivery_that_no_calendar_has_is_refused() {
    let app = App::start().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 5).await;
    let order = buyer.order(&[(&product, 1)]).await.json();
    assert_eq!(buyer.pay(&order, "tok_visa").await.status, 200);
    let id = order["data"]["id"].as_str().unwrap();
    for day in ["9999-12-31T23:59:59-14:00", "0000-01-01", "0000-01-01T00:00:00Z"] {
        let refused = set(&seller, id, json!({ "status": "shipped", "estimatedDelivery": day })).await;
        let field = refused.json()["errors"][0]["field"].clone();
        assert_eq!((refused.status.as_u16(), field), (400, json!("estimatedDelivery")), "{day}");
    }
}
