//! Whatever is sent, the answer is the contract's, and the log doesn't change.

use std::path::Path;
use std::time::Duration;

use api_contract::Role;
use command_api::auth::{KeyConfig, TokenConfig};
use command_api::keys::KeyPair;
use command_api::tokens::Tokens;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, App, Person, Product, address, payment_of};

/// An endpoint, who may use it, and a body that is right.
struct Endpoint<'a> {
    person: &'a Person<'a>,
    method: Method,
    path: String,
    body: Value,
}

/// What is there to be misused.
struct Shop<'a> {
    seller: Person<'a>,
    buyer: Person<'a>,
    admin: Person<'a>,
    product: Product,
    order: Value,
}

async fn shop(app: &App) -> Shop<'_> {
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let admin = app.person(Role::Admin).await;
    let product = seller.product("10.00", 50).await;
    let in_cart = buyer.post("/cart/items", &json!({ "productId": product.id, "quantity": 1 })).await;
    assert_eq!(in_cart.status, 201);
    let order = buyer.order(&[(&product, 1)]).await.json();
    Shop { seller, buyer, admin, product, order }
}

fn endpoints<'a>(shop: &'a Shop<'a>) -> Vec<Endpoint<'a>> {
    let Shop { seller, buyer, admin, product, order } = shop;
    let id = |field: &str| order["data"][field].as_str().unwrap_or_default().to_owned();
    let (order_id, payment_id) = (id("id"), order["data"]["payment"]["id"].as_str().unwrap());
    let of = |person, method, path: String, body| Endpoint { person, method, path, body };
    let items = json!([{ "productId": product.id, "quantity": 1 }]);
    vec![
        of(seller, Method::POST, "/products".into(), json!({ "name": "Lamp", "price": "1.00" })),
        of(seller, Method::POST, format!("/products/{}/stock", product.id), json!({ "quantity": 1 })),
        of(buyer, Method::POST, "/cart/items".into(), json!({ "productId": product.id, "quantity": 1 })),
        of(buyer, Method::PUT, format!("/cart/items/{}", product.id), json!({ "quantity": 2 })),
        of(buyer, Method::POST, "/orders".into(), json!({ "items": items, "shippingAddress": address() })),
        of(buyer, Method::POST, "/orders/checkout".into(), json!({ "items": items })),
        of(buyer, Method::POST, format!("/orders/{order_id}/cancel"), json!({ "reason": "no" })),
        of(admin, Method::PUT, format!("/orders/{order_id}/status"), json!({ "status": "processing" })),
        of(buyer, Method::POST, "/payments/process".into(), payment_of(order, "tok_visa")),
        of(admin, Method::POST, format!("/payments/{payment_id}/refund"), json!({ "amount": "1.00" })),
    ]
}

async fn refused(app: &App, answer: Answer, expected: (u16, &str), what: &str, head: i64) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), expected, "{what}: {}", answer.text);
    assert_eq!(app.head().await, head, "{what} changed the log");
}

#[tokio::test]
async fn a_body_of_another_type_a_nul_or_too_large_is_refused_everywhere() {
    let app = App::start().await;
    let shop = shop(&app).await;
    let head = app.head().await;
    let json = "application/json";
    for Endpoint { person, method, path, body } in endpoints(&shop) {
        let send = |media: &str, text: String| {
            Answer::of(person.request(method.clone(), &path).header("content-type", media).body(text))
        };
        let what = |case: &str| format!("{method} {path}, {case}");
        refused(&app, send(json, "[]".into()).await, (400, "INVALID_FORMAT"), &what("an array"), head).await;
        refused(&app, send(json, "{".into()).await, (400, "INVALID_FORMAT"), &what("half a body"), head)
            .await;
        refused(
            &app,
            send("text/plain", body.to_string()).await,
            (415, "UNSUPPORTED_MEDIA_TYPE"),
            &what("text"),
            head,
        )
        .await;
        let huge = format!(r#"{{"x": "{}"}}"#, "x".repeat(10 << 20));
        refused(&app, send(json, huge).await, (413, "PAYLOAD_TOO_LARGE"), &what("10 MB"), head).await;
        let mut nul = body.clone();
        nul["note"] = json!("a\u{0}b");
        refused(&app, send(json, nul.to_string()).await, (400, "VALIDATION_ERROR"), &what("a NUL"), head)
            .await;
    }
}

#[tokio::test]
async fn every_field_of_a_wrong_type_is_named() {
    let app = App::start().await;
    let shop = shop(&app).await;
    let head = app.head().await;
    for Endpoint { person, method, path, body } in endpoints(&shop) {
        for field in body.as_object().unwrap().keys() {
            let mut wrong = body.clone();
            wrong[field] = if body[field].is_object() { json!([]) } else { json!({ "is": "an object" }) };
            let answer = person.send(method.clone(), &path, &wrong).await;
            let named = answer.json()["errors"][0]["field"].as_str().unwrap_or_default().to_owned();
            assert_eq!(
                (answer.status.as_u16(), named.as_str()),
                (400, field.as_str()),
                "{path}: {}",
                answer.text
            );
            assert_eq!(app.head().await, head);
        }
    }
}

#[tokio::test]
async fn a_field_that_is_missing_is_named() {
    let app = App::start().await;
    let shop = shop(&app).await;
    let head = app.head().await;
    let required: [(usize, &[&str]); 7] = [
        (0, &["name", "price"]),
        (1, &["quantity"]),
        (2, &["productId", "quantity"]),
        (3, &["quantity"]),
        (4, &["shippingAddress"]),
        (7, &["status"]),
        (8, &["orderId", "amount"]),
    ];
    let endpoints = endpoints(&shop);
    for (place, fields) in required {
        let Endpoint { person, method, path, .. } = &endpoints[place];
        let answer = person.send(method.clone(), path, &json!({})).await;
        let errors = answer.json()["errors"].clone();
        let named: Vec<_> = errors.as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert_eq!(named, fields, "{path}");
        refused(&app, answer, (400, "REQUIRED_FIELD"), path, head).await;
    }
}

#[tokio::test]
async fn quantities_have_bounds() {
    let app = App::start().await;
    let shop = shop(&app).await;
    let head = app.head().await;
    for quantity in [json!(0), json!(-1), json!(1_000_000_000_000_u64), json!(1.5), json!("2")] {
        let items = json!([{ "productId": shop.product.id, "quantity": quantity }]);
        let cases = [
            ("/cart/items", json!({ "productId": shop.product.id, "quantity": quantity })),
            ("/orders", json!({ "items": items, "shippingAddress": address() })),
            ("/orders/checkout", json!({ "items": items })),
        ];
        let code = if quantity.is_string() { "INVALID_FORMAT" } else { "VALIDATION_ERROR" };
        for (path, body) in cases {
            refused(&app, shop.buyer.post(path, &body).await, (400, code), path, head).await;
        }
    }
    let stock = format!("/products/{}/stock", shop.product.id);
    for quantity in [json!(0), json!(1_000_000_000_000_u64), json!(-1_000_000_000_000_i64)] {
        let answer = shop.seller.post(&stock, &json!({ "quantity": quantity })).await;
        refused(&app, answer, (400, "VALIDATION_ERROR"), &stock, head).await;
    }
    let price =
        shop.seller.post("/products", &json!({ "name": "Lamp", "price": "1.001", "stock": -1 })).await;
    assert_eq!(price.json()["errors"].as_array().unwrap().len(), 2, "{}", price.text);
    refused(&app, price, (400, "VALIDATION_ERROR"), "a fine price", head).await;
}

#[tokio::test]
async fn ids_that_are_malformed_or_unknown_are_told_apart_in_a_body_and_not_in_a_path() {
    let app = App::start().await;
    let shop = shop(&app).await;
    let head = app.head().await;
    let unknown = Uuid::now_v7().to_string();
    for (id, expected) in [("no-uuid", (400, "INVALID_FORMAT")), (unknown.as_str(), (404, "NOT_FOUND"))] {
        let items = json!([{ "productId": id, "quantity": 1 }]);
        let order = json!({ "items": items, "shippingAddress": address() });
        let mut payment = payment_of(&shop.order, "tok_visa");
        payment["orderId"] = json!(id);
        let mut method = payment_of(&shop.order, id);
        method["paymentMethodId"] = json!(id);
        let stored =
            json!({ "items": [{ "productId": shop.product.id, "quantity": 1 }], "shippingAddressId": id });
        let cases = [
            ("/cart/items", json!({ "productId": id, "quantity": 1 }), "productId"),
            ("/orders", order, "items[0].productId"),
            ("/orders", stored, "shippingAddressId"),
            ("/payments/process", payment, "orderId"),
            ("/payments/process", method, "paymentMethodId"),
        ];
        for (path, body, field) in cases {
            let answer = shop.buyer.post(path, &body).await;
            assert_eq!(answer.json()["errors"][0]["field"], field, "{path}: {}", answer.text);
            refused(&app, answer, expected, path, head).await;
        }
        let paths = [
            (&shop.seller, Method::POST, format!("/products/{id}/stock"), json!({ "quantity": 1 })),
            (&shop.buyer, Method::PATCH, format!("/cart/items/{id}"), json!({ "quantity": 1 })),
            (&shop.buyer, Method::DELETE, format!("/cart/items/{id}"), json!({})),
            (&shop.buyer, Method::POST, format!("/orders/{id}/cancel"), json!({})),
            (&shop.admin, Method::PATCH, format!("/orders/{id}/status"), json!({ "status": "shipped" })),
            (&shop.admin, Method::POST, format!("/payments/{id}/refund"), json!({})),
        ];
        for (person, method, path, body) in paths {
            refused(&app, person.send(method, &path, &body).await, (404, "NOT_FOUND"), &path, head).await;
        }
    }
}

#[tokio::test]
async fn tokens_that_are_missing_expired_foreign_or_unsigned_are_refused_everywhere() {
    let app = App::start().await;
    let shop = shop(&app).await;
    let head = app.head().await;
    let elsewhere = tempfile::tempdir().unwrap();
    let hour = Duration::from_secs(3_600);
    let foreign = token(&app, &shop.admin, elsewhere.path(), hour).await;
    let expired = token(&app, &shop.admin, &app.key_folder(), Duration::ZERO).await;
    while app.verifier.verify(&expired).await.is_ok() {
        tokio::task::yield_now().await;
    }
    // {"alg":"none","typ":"JWT"}
    let claims = shop.admin.token.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
    let cases = [
        (None, "UNAUTHORIZED"),
        (Some(expired), "EXPIRED_TOKEN"),
        (Some(foreign), "INVALID_TOKEN"),
        (Some(unsigned), "INVALID_TOKEN"),
        (Some("nonsense".to_owned()), "INVALID_TOKEN"),
    ];
    for Endpoint { method, path, body, .. } in endpoints(&shop) {
        for (token, code) in &cases {
            let request = app.request(method.clone(), &format!("/api/v1{path}")).json(&body);
            let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
            refused(&app, Answer::of(request).await, (401, *code), &format!("{path} with {code}"), head)
                .await;
        }
    }
}

/// A token that is signed by the key of a folder.
async fn token(app: &App, person: &Person<'_>, folder: &Path, access_ttl: Duration) -> String {
    let key = KeyPair::load(&KeyConfig { key: None, folder: folder.to_owned() }).unwrap();
    let tokens = Tokens::new(key, TokenConfig { access_ttl, refresh_ttl: Duration::from_secs(60) });
    tokens.start_session(&app.database.pool, &person.account).await.unwrap().access_token
}
