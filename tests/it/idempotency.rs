//! A command counts once for its key.

use api_contract::Role;
use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::harness::{App, Options, address, order_of, payment_of};

#[tokio::test]
async fn one_key_sent_64_times_at_once_makes_one_order_and_one_answer() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("10.00", 100).await;
    let body = order_of(&[(&product, 1)]);
    let answers = join_all((0..64).map(|_| buyer.post_once("one", "/orders", &body))).await;
    for answer in &answers {
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(answer.json()["data"], answers[0].json()["data"]);
        assert_eq!(answer.headers["x-event-position"], answers[0].headers["x-event-position"]);
        assert_eq!(answer.headers["etag"], answers[0].headers["etag"]);
    }
    assert_eq!(app.streams("orders").await, 1);
}

#[tokio::test]
async fn the_answer_is_the_same_after_a_restart_and_after_the_order_went_on() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("10.00", 100).await;
    let body = order_of(&[(&product, 1)]);
    let first = buyer.post_once("k", "/orders", &body).await;
    assert_eq!(buyer.pay(&first.json(), "tok_visa").await.status, 200);
    let other = app.beside(Options::default()).await;
    let again = buyer.at(&other).post_once("k", "/orders", &body).await;
    assert_eq!((again.status, again.json()["data"].clone()), (first.status, first.json()["data"].clone()));
}

#[tokio::test]
async fn another_body_is_refused_and_another_path_or_user_is_another_key() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let (buyer, other) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 100).await;
    let (one, two) = (order_of(&[(&product, 1)]), order_of(&[(&product, 2)]));
    assert_eq!(buyer.post_once("k", "/orders", &one).await.status, 201);
    let head = app.head().await;
    assert_eq!(buyer.post_once("k", "/orders", &two).await.status, 422);
    assert_eq!(app.head().await, head);
    assert_eq!(other.post_once("k", "/orders", &two).await.status, 201);
    let item = json!({ "productId": product.id, "quantity": 1 });
    assert_eq!(buyer.post_once("k", "/cart/items", &item).await.status, 201);
    assert_eq!(buyer.post_once("k", "/cart/items", &item).await.status, 201);
    assert_eq!(app.events("carts", &buyer.id.to_string()).await, ["CartItemAdded"]);
}

/// Guards against a key that acts twice where its id is spelled in another way.
#[tokio::test]
async fn an_id_in_capitals_is_the_same_path() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let product = seller.product("10.00", 0).await;
    let body = json!({ "quantity": 7 });
    let first = seller.post_once("s", &format!("/products/{}/stock", product.id), &body).await;
    assert!(first.status.is_success(), "{}", first.text);
    let head = app.head().await;
    let encoded = product.id.replace('-', "%2D");
    for id in [product.id.to_uppercase(), encoded] {
        let again = seller.post_once("s", &format!("/products/{id}/stock"), &body).await;
        assert_eq!((again.status, &again.json()["data"]), (first.status, &first.json()["data"]), "{id}");
        assert_eq!(app.head().await, head, "{id}");
    }
}

#[tokio::test]
async fn other_words_for_the_same_body_are_the_same_request() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let one = json!({ "title": "Lamp", "price": 1.5, "stock_quantity": 3 });
    let same = json!({ "stock": 3, "name": "Lamp", "price": "1.50", "unknown": true });
    let made = seller.post_once("p", "/products", &one).await;
    let again = seller.post_once("p", "/products", &same).await;
    assert_eq!((made.status.as_u16(), again.status.as_u16()), (201, 201), "{}", again.text);
    assert_eq!(made.json()["data"], again.json()["data"]);
    assert_eq!(app.streams("products").await, 1);
}

#[tokio::test]
async fn a_refusal_keeps_no_key() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("10.00", 0).await;
    let body = order_of(&[(&product, 1)]);
    assert_eq!(buyer.post_once("k", "/orders", &body).await.status, 409);
    seller.post(&format!("/products/{}/stock", product.id), &json!({ "quantity": 1 })).await;
    assert_eq!(buyer.post_once("k", "/orders", &body).await.status, 201);
}

#[tokio::test]
async fn an_answer_is_given_again_though_what_the_request_named_is_gone() {
    let app = App::start().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let product = seller.product("10.00", 9).await;
    let home = buyer.post("/users/addresses", &address()).await.json()["data"]["id"].clone();
    let card = json!({ "cardToken": "tok_visa", "paymentGateway": "simulator" });
    let card = buyer.post("/payments/methods", &card).await.json()["data"]["id"].clone();
    let order = |quantity: u32| {
        json!({ "items": [{ "productId": product.id, "quantity": quantity }], "shippingAddressId": home,
                "paymentMethodId": card })
    };
    let placed = buyer.post_once("order", "/orders", &order(1)).await;
    assert_eq!(placed.status, 201, "{}", placed.text);
    let mut payment = payment_of(&placed.json(), "tok_visa");
    payment["paymentMethodId"] = card.clone();
    let paid = buyer.post_once("pay", "/payments/process", &payment).await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    for path in [
        format!("/users/addresses/{}", home.as_str().unwrap()),
        format!("/payments/methods/{}", card.as_str().unwrap()),
    ] {
        assert_eq!(buyer.send(Method::DELETE, &path, &json!({})).await.status, 204);
    }

    let again = buyer.post_once("order", "/orders", &order(1)).await;
    assert_eq!((again.status, &again.json()["data"]), (placed.status, &placed.json()["data"]));
    let again = buyer.post_once("pay", "/payments/process", &payment).await;
    assert_eq!((again.status, &again.json()["data"]["id"]), (paid.status, &paid.json()["data"]["id"]));
    assert_eq!(buyer.post_once("order", "/orders", &order(2)).await.status, 422, "another body");
    assert_eq!(buyer.post_once("new", "/orders", &order(1)).await.status, 404, "a new request");
    assert_eq!(app.streams("orders").await, 1);
}
