//! While Postgres is lost, whoever asks is told to come back.

use api_contract::Role;
use serde_json::json;

use crate::harness::{App, Options, order_of, payment_of};

#[tokio::test]
async fn without_postgres_it_is_not_now_and_no_fault_of_ours() {
    let options = Options { process_managers: false, queries: true, ..Options::default() };
    let app = App::start_with(options).await;
    let (admin, seller) = (app.person(Role::Admin).await, app.person(Role::Seller).await);
    let (customer, auditor) = (app.person(Role::Customer).await, app.person(Role::Auditor).await);
    let coupon = json!({ "code": "LOST10", "discountType": "percentage", "discountValue": 10 });
    let product = json!({ "name": "Lost lamp", "price": "9.99", "stock": 3 });
    let created = admin.post_once("coupon", "/coupons", &coupon).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let created = seller.post_once("product", "/products", &product).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let _closing = app.database.pool.close(); // It is closed from here on; what was lent is given back later.

    // The decider knows these keys; what they are answered with is in the log.
    let mut answers = vec![
        ("the coupon again", admin.post_once("coupon", "/coupons", &coupon).await),
        ("the product again", seller.post_once("product", "/products", &product).await),
    ];
    answers.push(("/coupons", admin.get("/coupons").await));
    for path in ["/audit/head", "/audit/ledger"] {
        answers.push((path, auditor.get(path).await));
    }
    for path in ["/orders", "/cart", "/payments/methods", "/users/me", "/users/addresses"] {
        answers.push((path, customer.get(path).await));
    }
    for path in ["/sellers/me/orders", "/sellers/me/stats"] {
        answers.push((path, seller.get(path).await));
    }
    for (what, answer) in answers {
        assert_eq!(answer.status, 503, "{what}: {}", answer.text);
        let is_done = what.ends_with("again");
        assert_eq!(answer.headers.contains_key("retry-after"), !is_done, "{what}");
        assert_eq!(answer.text.contains("This was accepted"), is_done, "{what}: {}", answer.text);
    }
}

/// Guards against a client who is told to try again what is done already, and has no key under which it would count once.
#[tokio::test]
async fn without_postgres_a_command_that_was_taken_says_so() {
    let app = App::start_with(Options { process_managers: false, ..Options::default() }).await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let product = seller.product("9.99", 3).await;
    let order = buyer.order(&[(&product, 1)]).await;
    assert_eq!(order.status, 201, "{}", order.text);
    let cancel = format!("/orders/{}/cancel", order.json()["data"]["id"].as_str().unwrap());
    let _closing = app.database.pool.close(); // It is closed from here on; what was lent is given back later.

    // The decider has the order, and a connection of its own.
    let answer = buyer.post(&cancel, &json!({})).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(answer.text.contains("This was accepted"), "{}", answer.text);
    assert!(!answer.headers.contains_key("retry-after"), "who honours it would do it twice");
    assert!(answer.json()["retryAfter"].is_null(), "{}", answer.text);
    let again = buyer.post(&cancel, &json!({})).await;
    assert_eq!(again.status, 409, "it is done: {}", again.text);
}

/// Guards against a customer who is told that they named no method, because theirs could not be read.
#[tokio::test]
async fn without_postgres_an_order_s_own_method_is_not_taken_for_none() {
    let app = App::start_with(Options { process_managers: false, ..Options::default() }).await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let card = json!({ "cardToken": "tok_visa", "paymentGateway": "simulator" });
    let card = buyer.post("/payments/methods", &card).await;
    assert_eq!(card.status, 201, "{}", card.text);
    let product = seller.product("9.99", 3).await;
    let mut order = order_of(&[(&product, 1)]);
    order["paymentMethodId"] = card.json()["data"]["id"].clone();
    let order = buyer.post("/orders", &order).await;
    assert_eq!(order.status, 201, "{}", order.text);
    let mut payment = payment_of(&order.json(), "");
    payment.as_object_mut().unwrap().remove("paymentMethodId");
    let _closing = app.database.pool.close(); // It is closed from here on; what was lent is given back later.

    let answer = buyer.post("/payments/process", &payment).await;
    assert_eq!(answer.status, 503, "{}", answer.text);
}
