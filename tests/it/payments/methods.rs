//! Stored payment methods: by tokens alone, of one person alone, one the default.

use api_contract::Role;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{ordered, payment_id};
use crate::harness::{App, Options, Person, payment_of};

async fn stored(buyer: &Person<'_>, body: Value) -> Value {
    let answer = buyer.post("/payments/methods", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["data"].clone()
}

async fn defaults(app: &App, buyer: &Person<'_>) -> Vec<(String, bool)> {
    let methods = identity::payment_methods::all(&app.database.pool, buyer.id).await.unwrap();
    methods.into_iter().map(|method| (method.last4, method.is_default)).collect()
}

#[tokio::test]
async fn a_card_is_stored_by_its_token_and_shown_by_its_face() {
    let app = App::start().await;
    let buyer = app.person(Role::Customer).await;
    let card = stored(&buyer, json!({ "type": "card", "cardToken": "tok_visa", "isDefault": true })).await;
    for (field, value) in [
        ("type", json!("card")),
        ("last4", json!("4242")),
        ("brand", json!("visa")),
        ("isDefault", json!(true)),
    ] {
        assert_eq!(card[field], value, "{card}");
    }
    assert!(card["expiryMonth"].is_u64() && card["expiryYear"].is_u64() && card["createdAt"].is_string());
}

#[tokio::test]
async fn no_number_of_a_card_is_taken() {
    let app = App::start().await;
    let buyer = app.person(Role::Customer).await;
    for body in [
        json!({ "type": "card", "cardToken": "4242424242424242" }),
        json!({ "type": "card", "cardToken": "4242 4242 4242 4242" }),
        json!({ "type": "card", "cardToken": "tok_visa", "cardNumber": "4242424242424242" }),
        json!({ "type": "card", "cardToken": "tok_visa", "cvc": "123" }),
        json!({ "type": "cash", "cardToken": "tok_visa" }),
        json!({ "type": "card" }),
    ] {
        assert_eq!(buyer.post("/payments/methods", &body).await.status, 400, "{body}");
    }
    assert_eq!(buyer.post("/payments/methods", &json!({ "cardToken": "tok_of_nobody" })).await.status, 402);
    assert_eq!(defaults(&app, &buyer).await, []);
}

#[tokio::test]
async fn one_is_the_default_whatever_happens_at_the_same_time() {
    let app = App::start().await;
    let buyer = app.person(Role::Customer).await;
    let tokens = ["tok_visa", "tok_mastercard", "tok_amex", "tok_discover", "tok_visa_debit", "tok_visa"];
    join_all(tokens.map(|token| stored(&buyer, json!({ "cardToken": token, "isDefault": true })))).await;
    while let Some((_, is_default)) = defaults(&app, &buyer).await.first() {
        assert!(is_default);
        let all = identity::payment_methods::all(&app.database.pool, buyer.id).await.unwrap();
        assert_eq!(all.iter().filter(|method| method.is_default).count(), 1);
        let path = format!("/payments/methods/{}", all[0].id);
        assert_eq!(buyer.send(Method::DELETE, &path, &json!({})).await.status, 204);
        assert_eq!(buyer.send(Method::DELETE, &path, &json!({})).await.status, 404);
    }
}

#[tokio::test]
async fn an_order_is_paid_by_a_stored_method_of_one_s_own() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let (buyer, stranger) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let card = stored(&buyer, json!({ "cardToken": "tok_mastercard" })).await;
    let id = card["id"].as_str().unwrap();
    let order = ordered(&stranger, &seller).await;
    let refused = stranger.pay(&order, id).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["errors"][0]["field"]),
        (404, &json!("paymentMethodId"))
    );
    let path = format!("/payments/methods/{id}");
    assert_eq!(stranger.send(Method::DELETE, &path, &json!({})).await.status, 404);

    let order = ordered(&buyer, &seller).await;
    let paid = buyer.pay(&order, id).await;
    assert_eq!((paid.status.as_u16(), &paid.json()["data"]["last4"]), (200, &json!("4444")), "{}", paid.text);
    assert!(!paid.text.contains("tok_mastercard"));
}

#[tokio::test]
async fn the_method_that_the_order_was_placed_with_is_the_one_that_is_charged() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let card = stored(&buyer, json!({ "cardToken": "tok_amex" })).await;
    let product = seller.product("99.99", 5).await;
    let mut body = crate::harness::order_of(&[(&product, 1)]);
    body["paymentMethodId"] = card["id"].clone();
    let order = buyer.post("/orders", &body).await;
    assert_eq!(order.status, 201, "{}", order.text);
    let mut body = payment_of(&order.json(), "");
    body.as_object_mut().unwrap().remove("paymentMethodId");
    let paid = buyer.post("/payments/process", &body).await;
    assert_eq!((paid.status.as_u16(), &paid.json()["data"]["last4"]), (200, &json!("8431")), "{}", paid.text);
    let events = app.events("payments", payment_id(&order.json())).await;
    assert_eq!(events.last().unwrap(), "PaymentCaptured");
}

/// Guards against a method that is looked for among those of whoever asks.
#[tokio::test]
async fn an_admin_charges_the_method_that_a_customer_s_order_was_placed_with() {
    let app = App::start().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let (admin, stranger) = (app.person(Role::Admin).await, app.person(Role::Customer).await);
    let card = stored(&buyer, json!({ "cardToken": "tok_amex" })).await;
    let product = seller.product("99.99", 5).await;
    let mut body = crate::harness::order_of(&[(&product, 1)]);
    body["paymentMethodId"] = card["id"].clone();
    let order = buyer.post("/orders", &body).await;
    assert_eq!(order.status, 201, "{}", order.text);
    let named = payment_of(&order.json(), card["id"].as_str().unwrap());
    let mut body = named.clone();
    body.as_object_mut().unwrap().remove("paymentMethodId");
    let refused = stranger.post("/payments/process", &body).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["field"]), (404, &json!("orderId")));
    let refused = admin.post("/payments/process", &named).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.json()["errors"][0]["field"]),
        (404, &json!("paymentMethodId")),
        "who names a method names their own"
    );
    let paid = admin.post("/payments/process", &body).await;
    assert_eq!((paid.status.as_u16(), &paid.json()["data"]["last4"]), (200, &json!("8431")), "{}", paid.text);
}

#[tokio::test]
async fn a_method_that_is_sent_twice_with_its_key_is_stored_once() {
    let app = App::start_with(Options { process_managers: false, ..Options::default() }).await;
    let buyer = app.person(Role::Customer).await;
    let body = json!({ "cardToken": "tok_visa" });
    let (one, two) = (
        buyer.post_once("m", "/payments/methods", &body).await,
        buyer.post_once("m", "/payments/methods", &body).await,
    );
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (201, 201));
    assert_eq!(one.json()["data"], two.json()["data"]);
    assert_eq!(defaults(&app, &buyer).await.len(), 1);
    let other = buyer.post_once("m", "/payments/methods", &json!({ "cardToken": "tok_amex" })).await;
    assert_eq!(other.status, 422);
}
