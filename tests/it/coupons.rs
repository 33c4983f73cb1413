//! Coupons: created by admins, put into carts, redeemed by orders.

use api_contract::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Options, Person, address, order_of};

fn save20() -> Value {
    json!({ "code": "save20", "discountType": "percentage", "discountValue": 20 })
}

async fn created(admin: &Person<'_>, coupon: Value) {
    let answer = admin.post("/coupons", &coupon).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

async fn apply(buyer: &Person<'_>, code: &str) -> Answer {
    buyer.post("/cart/apply-coupon", &json!({ "couponCode": code })).await
}

/// Status, code and field of a refusal.
fn refusal(answer: &Answer) -> (u16, String, Value) {
    (answer.status.as_u16(), answer.code(), answer.json()["errors"][0]["field"].clone())
}

#[tokio::test]
async fn admins_alone_create_list_and_withdraw_them() {
    let app = App::start_with(Options { queries: true, ..Options::default() }).await;
    let (admin, buyer) = (app.person(Role::Admin).await, app.person(Role::Customer).await);
    assert_eq!(buyer.post("/coupons", &save20()).await.status, 403);
    let made = admin.post_once("k", "/coupons", &save20()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let data = made.json()["data"].clone();
    assert_eq!((&data["code"], &data["discountValue"]), (&json!("SAVE20"), &json!(20)));
    assert_eq!(admin.post_once("k", "/coupons", &save20()).await.json()["data"], data);
    let twice = admin.post("/coupons", &save20()).await;
    assert_eq!(refusal(&twice), (409, "ALREADY_EXISTS".to_owned(), json!("code")));

    let five = json!({ "code": "FIVE", "discount_type": "fixed", "discount_value": "5.5", "minimum_subtotal": 10,
                       "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z", "total_limit": 100,
                       "per_user_limit": 1 });
    created(&admin, five).await;
    let list = admin.get("/coupons?pageSize=1").await;
    assert!(
        list.text.contains(r#""discountValue":5.50,"currency":"USD","minimumSubtotal":10.00"#),
        "{}",
        list.text
    );
    let data = &list.json()["data"];
    assert_eq!((&data["totalCount"], &data["items"][0]["code"]), (&json!(2), &json!("FIVE")));
    assert_eq!(buyer.get("/coupons").await.status, 403);

    assert_eq!(buyer.send(Method::DELETE, "/coupons/FIVE", &json!({})).await.status, 403);
    assert_eq!(admin.send(Method::DELETE, "/coupons/five", &json!({})).await.status, 204);
    assert_eq!(admin.send(Method::DELETE, "/coupons/FIVE", &json!({})).await.status, 404);
    assert_eq!(admin.send(Method::DELETE, "/coupons/NO%20SUCH", &json!({})).await.status, 404);
    assert_eq!(admin.get("/coupons").await.json()["data"]["totalCount"], 1);
}

#[tokio::test]
async fn everything_that_is_wrong_with_one_is_said_at_once() {
    let app = App::start().await;
    let admin = app.person(Role::Admin).await;
    let wrong = json!({ "code": "SAVE 20", "discountType": "percentage", "discountValue": 100.01, "totalLimit": 0,
                        "startsAt": "2026-02-01T00:00:00Z", "endsAt": "2026-01-01T00:00:00Z" });
    let answer = admin.post("/coupons", &wrong).await;
    assert_eq!(answer.status, 400);
    let fields: Vec<_> =
        answer.json()["errors"].as_array().unwrap().iter().map(|it| it["field"].clone()).collect();
    assert_eq!(fields, ["code", "discountValue", "endsAt", "totalLimit"]);
    for (kind, value) in [
        ("percentage", json!(0)),
        ("percentage", json!(0.001)),
        ("fixed", json!("1.001")),
        ("fixed", json!(0)),
    ] {
        let coupon = json!({ "code": "X", "discountType": kind, "discountValue": value });
        let answer = admin.post("/coupons", &coupon).await;
        assert_eq!(
            refusal(&answer),
            (400, "VALIDATION_ERROR".to_owned(), json!("discountValue")),
            "{coupon}"
        );
    }
}

#[tokio::test]
async fn one_that_takes_nothing_off_is_refused_in_cart_preview_and_order() {
    let app = App::start().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("9.99", 10).await;
    assert_eq!(apply(&buyer, "SAVE20").await.status, 404, "before an empty cart is spoken of");
    buyer.post("/cart/items", &json!({ "productId": product.id, "quantity": 1 })).await;
    for (code, more) in [
        ("LATER", json!({ "startsAt": "2099-01-01T00:00:00Z" })),
        ("OVER", json!({ "endsAt": "2020-01-01T00:00:00Z" })),
        ("MORE", json!({ "minimumSubtotal": 10 })),
        ("EURO", json!({ "currency": "EUR" })),
    ] {
        let mut coupon = json!({ "code": code, "discountType": "fixed", "discountValue": 1 });
        coupon.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        created(&admin, coupon).await;
        let mut order = order_of(&[(&product, 1)]);
        order["couponCode"] = json!(code);
        for answer in [
            apply(&buyer, code).await,
            buyer.post("/orders/checkout", &order).await,
            buyer.post("/orders", &order).await,
        ] {
            assert_eq!(refusal(&answer), (409, "CONFLICT".to_owned(), json!("couponCode")), "{code}");
        }
    }
    for (code, expected) in [("NOSUCH", (404, "NOT_FOUND")), ("NO SUCH", (400, "VALIDATION_ERROR"))] {
        let mut order = order_of(&[(&product, 1)]);
        order["couponCode"] = json!(code);
        for answer in [apply(&buyer, code).await, buyer.post("/orders", &order).await] {
            assert_eq!(refusal(&answer), (expected.0, expected.1.to_owned(), json!("couponCode")));
        }
    }
    assert_eq!(app.events("carts", &buyer.id.to_string()).await, ["CartItemAdded"]);
}

#[tokio::test]
async fn a_cart_with_one_that_was_withdrawn_says_so_and_is_not_sold_dearer() {
    let app = App::start_with(Options { queries: true, ..Options::default() }).await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("10.00", 10).await;
    created(&admin, save20()).await;
    buyer.post("/cart/items", &json!({ "productId": product.id, "quantity": 1 })).await;
    let applied = apply(&buyer, "save20").await;
    assert!(
        applied
            .text
            .contains(r#""discountAmount":2.00,"subtotal":10.00,"discount":2.00,"tax":0.40,"total":8.40"#),
        "{}",
        applied.text
    );
    let withdrawn = admin.send(Method::DELETE, "/coupons/SAVE20", &json!({})).await;
    let position = withdrawn.headers["x-event-position"].to_str().unwrap();

    let read =
        buyer.request(Method::GET, "/cart").header("x-min-position", position).header("prefer", "wait=10");
    let cart = Answer::of(read).await;
    let data = cart.json()["data"].clone();
    assert!(
        cart.text.contains(r#""subtotal":10.00,"discount":0.00,"tax":0.50,"total":10.50"#),
        "{}",
        cart.text
    );
    assert_eq!(
        (&data["couponCode"], &data["couponProblem"]),
        (&json!("SAVE20"), &json!("there is no such coupon"))
    );
    assert_eq!(data["changes"], json!(["Coupon SAVE20 takes nothing off: there is no such coupon"]));

    let order = json!({ "shippingAddress": address() });
    let refused = buyer.post("/orders", &order).await;
    assert_eq!(refusal(&refused), (409, "CONFLICT".to_owned(), json!("couponCode")));
    let removed = buyer.send(Method::DELETE, "/cart/coupon", &json!({})).await;
    assert_eq!((removed.status.as_u16(), &removed.json()["data"]["couponCode"]), (200, &Value::Null));
    assert_eq!(buyer.post("/orders", &order).await.status, 201);
}

#[tokio::test]
async fn an_order_that_is_cancelled_gives_its_use_back() {
    let app = App::start().await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("10.00", 10).await;
    created(
        &admin,
        json!({ "code": "ONCE", "discountType": "percentage", "discountValue": 10, "totalLimit": 1 }),
    )
    .await;
    let mut body = order_of(&[(&product, 1)]);
    body["couponCode"] = json!("once");
    let order = buyer.post("/orders", &body).await;
    assert_eq!(order.json()["data"]["couponCode"], "ONCE", "{}", order.text);
    assert_eq!(buyer.post("/orders", &body).await.status, 409);
    let cancel = format!("/orders/{}/cancel", order.json()["data"]["id"].as_str().unwrap());
    assert_eq!(buyer.post(&cancel, &json!({})).await.status, 200);
    assert_eq!(buyer.post("/orders", &body).await.status, 201);
    let events = ["CouponCreated", "CouponRedeemed", "CouponReleased", "CouponRedeemed"];
    assert_eq!(app.events("coupons", "ONCE").await, events);
}
