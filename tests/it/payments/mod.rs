//! Paying, failing to, and getting money back.

mod methods;
mod pages;
pub mod stripe;
mod webhooks;

use std::time::Duration;

use api_contract::Role;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Options, Person, payment_of, until};

async fn ordered(buyer: &Person<'_>, seller: &Person<'_>) -> Value {
    let product = seller.product("99.99", 5).await;
    let order = buyer.order(&[(&product, 2)]).await;
    assert_eq!(order.status, 201, "{}", order.text);
    // Money is compared as text: serde_json's numbers are floats, but 209.98 survives them.
    order.json()
}

fn payment_id(order: &Value) -> &str {
    order["data"]["payment"]["id"].as_str().unwrap()
}

/// Signs a webhook in Stripe's form by openssl, which is somebody else's HMAC.
async fn sign(secret: &str, body: &str, seconds_ago: i64) -> String {
    let time = chrono::Utc::now().timestamp() - seconds_ago;
    let openssl = tokio::process::Command::new("bash")
        .args(["-c", r#"printf %s "$0" | openssl dgst -sha256 -hmac "$1" -r | cut -d' ' -f1"#])
        .args([&format!("{time}.{body}"), secret])
        .output()
        .await
        .unwrap();
    format!("t={time},v1={}", String::from_utf8(openssl.stdout).unwrap().trim())
}

async fn charges(app: &App) -> Vec<(String, i64)> {
    sqlx::query_as("SELECT status, amount FROM simulator_charges ORDER BY created_at")
        .fetch_all(&app.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_visa_pays_and_the_order_is_confirmed() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let paid = buyer.pay(&order, "tok_visa").await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    let data = &paid.json()["data"];
    assert_eq!(
        (&data["status"], &data["last4"], &data["brand"]),
        (&json!("succeeded"), &json!("4242"), &json!("visa"))
    );
    assert!(paid.text.contains(r#""amount":209.98"#), "{}", paid.text);
    assert!(data["transactionId"].as_str().unwrap().starts_with("sim_ch_"));
    let id = order["data"]["id"].as_str().unwrap();
    assert_eq!(app.events("orders", id).await, ["OrderPlaced", "OrderPaid", "OrderConfirmed"]);
    let events = app.events("payments", payment_id(&order)).await;
    assert_eq!(events, ["PaymentOpened", "PaymentAttempted", "PaymentCaptured"]);
    assert_eq!(charges(&app).await, [("succeeded".to_owned(), 20_998)]);

    let twice = buyer.pay(&order, "tok_visa").await;
    assert_eq!((twice.status.as_u16(), twice.code().as_str()), (409, "CONFLICT"));
}

/// Guards that what is answered from the decision is what its events tell.
#[tokio::test]
async fn a_payment_is_answered_as_it_is_read_back() {
    let app = App::start_with(Options { queries: true, ..Options::default() }).await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    for (token, status) in [("tok_visa", "succeeded"), ("tok_threeDSecure2Required", "requires_action")] {
        let order = ordered(&buyer, &seller).await;
        let paid = buyer.pay(&order, token).await;
        assert_eq!(paid.status, 200, "{}", paid.text);
        let read = buyer.get(&format!("/payments/{}", payment_id(&order))).await;
        assert_eq!(
            (&paid.json()["data"], &paid.headers["etag"]),
            (&read.json()["data"], &read.headers["etag"])
        );
        assert_eq!(paid.json()["data"]["status"], status);
        let position: i64 = paid.headers["x-event-position"].to_str().unwrap().parse().unwrap();
        assert_eq!(position, app.head().await, "its last event is the log's");
    }
}

/// Guards against a reader who asks for what a repeated answer says, and finds an order that isn't paid, or refunded, yet.
#[tokio::test]
async fn a_payment_that_is_answered_again_names_no_earlier_position() {
    let app = App::start().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let admin = app.person(Role::Admin).await;
    let order = ordered(&buyer, &seller).await;
    let refund = format!("/payments/{}/refund", payment_id(&order));
    for (person, path, body) in [
        (&buyer, "/payments/process", payment_of(&order, "tok_visa")),
        (&admin, refund.as_str(), json!({ "amount": 1 })),
    ] {
        let [first, again] =
            [person.post_once("k", path, &body).await, person.post_once("k", path, &body).await];
        assert_eq!((first.status.as_u16(), again.status.as_u16()), (200, 200), "{}", again.text);
        let position = |answer: &Answer| -> i64 {
            answer.headers["x-event-position"].to_str().unwrap().parse().unwrap()
        };
        assert!(position(&again) >= position(&first), "{path}");
    }
}

/// Guards that answers which are read together are each its asker's.
#[tokio::test]
async fn orders_and_payments_that_are_read_at_the_same_time_are_each_their_own() {
    let app = App::start_with(Options { queries: true, ..Options::default() }).await;
    let seller = app.person(Role::Seller).await;
    let product = seller.product("9.99", 20).await;
    let buyers = join_all((0..8).map(|_| app.person(Role::Customer))).await;
    let one = [(&product, 1)];
    let orders = join_all(buyers.iter().map(|buyer| buyer.order(&one))).await;
    let orders: Vec<Value> = orders.iter().map(Answer::json).collect();
    let reads = (0..64).map(|nth| {
        let (reader, order) = (&buyers[nth % 8], &orders[nth / 8]);
        let (id, payment) = (order["data"]["id"].as_str().unwrap(), payment_id(order));
        async move {
            (reader.get(&format!("/orders/{id}")).await, reader.get(&format!("/payments/{payment}")).await)
        }
    });
    for (nth, (order, payment)) in join_all(reads).await.into_iter().enumerate() {
        let expected = if nth % 8 == nth / 8 { 200 } else { 404 };
        assert_eq!((order.status.as_u16(), payment.status.as_u16()), (expected, expected), "{nth}");
        if expected == 200 {
            let read = (&order.json()["data"]["id"], &payment.json()["data"]["id"]);
            let placed = &orders[nth / 8]["data"];
            assert_eq!(read, (&placed["id"], &placed["payment"]["id"]), "{nth}");
            assert_eq!(order.json()["data"]["shippingAddress"], placed["shippingAddress"], "{nth}");
        }
    }
}

#[tokio::test]
async fn a_declined_payment_may_be_tried_again() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    for token in ["tok_chargeDeclined", "tok_insufficientFunds", "tok_nobody_knows"] {
        let declined = buyer.pay(&order, token).await;
        assert_eq!((declined.status.as_u16(), declined.code().as_str()), (402, "PAYMENT_FAILED"), "{token}");
    }
    assert_eq!(app.events("orders", order["data"]["id"].as_str().unwrap()).await, ["OrderPlaced"]);
    assert_eq!(buyer.pay(&order, "tok_mastercard").await.status, 200);
    let captured = charges(&app).await.into_iter().filter(|(status, _)| status == "succeeded").count();
    assert_eq!(captured, 1);
}

/// Guards that a request which is sent again isn't told what became of an attempt before the one that is under way.
#[tokio::test]
async fn a_declined_payment_that_is_sent_again_waits_for_the_card_that_came_after_it() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let declined = payment_of(&order, "tok_chargeDeclined");
    assert_eq!(buyer.post_once("the first card", "/payments/process", &declined).await.status, 402);
    let again = async {
        let attempts = async || {
            let events = app.events("payments", payment_id(&order)).await;
            events.iter().filter(|event| **event == "PaymentAttempted").count() == 2
        };
        until("the second card is tried", attempts).await;
        buyer.post_once("the first card", "/payments/process", &declined).await
    };
    let (other, again) = tokio::join!(buyer.pay(&order, "tok_webhookDelayed"), again);
    assert_eq!((other.status.as_u16(), again.status.as_u16()), (200, 200), "{}", again.text);
}

#[tokio::test]
async fn a_payment_that_was_in_the_log_when_the_process_died_is_charged_once() {
    let no_managers =
        Options { process_managers: false, answer_within: Duration::from_millis(50), ..Options::default() };
    let app = App::start_with(no_managers).await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let body = payment_of(&order, "tok_visa");
    let open = buyer.post_once("pay", "/payments/process", &body).await;
    assert_eq!(
        (open.status.as_u16(), &open.json()["data"]["status"]),
        (200, &json!("processing")),
        "{}",
        open.text
    );
    assert_eq!(charges(&app).await, []);
    let twice = buyer.pay(&order, "tok_visa").await;
    assert_eq!(twice.status, 409, "an attempt is under way");

    // Two of them, as after a restart that overlaps: one leads.
    let (one, two) = (app.beside(Options::default()).await, app.beside(Options::default()).await);
    let answers = join_all([&one, &two].map(|at| {
        let (buyer, body) = (buyer.at(at), &body);
        async move { buyer.post_once("pay", "/payments/process", body).await }
    }))
    .await;
    for answer in answers {
        assert_eq!((answer.status.as_u16(), &answer.json()["data"]["status"]), (200, &json!("succeeded")));
    }
    assert_eq!(charges(&app).await, [("succeeded".to_owned(), 20_998)]);
}

#[tokio::test]
async fn a_charge_whose_answer_was_lost_is_found_again() {
    let no_managers =
        Options { process_managers: false, answer_within: Duration::from_millis(50), ..Options::default() };
    let app = App::start_with(no_managers).await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let body = payment_of(&order, "tok_visa");
    buyer.post_once("pay", "/payments/process", &body).await;
    // The process charged and died before it could say so.
    sqlx::query(
        "INSERT INTO simulator_charges (key, id, amount, currency, token, status, brand, last4)
         VALUES ($1, 'sim_ch_lost', 20998, 'USD', 'tok_visa', 'succeeded', 'visa', '4242')",
    )
    .bind(format!("{}:1", payment_id(&order)))
    .execute(&app.database.pool)
    .await
    .unwrap();
    let restarted = app.beside(Options::default()).await;
    let paid = buyer.at(&restarted).post_once("pay", "/payments/process", &body).await;
    assert_eq!(paid.json()["data"]["transactionId"], "sim_ch_lost", "{}", paid.text);
    assert_eq!(charges(&app).await.len(), 1);
}

#[tokio::test]
async fn another_process_takes_the_payment_to_its_gateway() {
    let app = App::start().await;
    let elsewhere = app.beside(Options { process_managers: false, ..Options::default() }).await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let paid = buyer.at(&elsewhere).pay(&order, "tok_visa").await;
    assert_eq!(
        (paid.status.as_u16(), &paid.json()["data"]["status"]),
        (200, &json!("succeeded")),
        "{}",
        paid.text
    );
}

#[tokio::test]
async fn an_order_that_was_given_up_meanwhile_is_not_charged() {
    let no_managers =
        Options { process_managers: false, answer_within: Duration::from_millis(50), ..Options::default() };
    let app = App::start_with(no_managers).await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let body = payment_of(&order, "tok_visa");
    buyer.post_once("pay", "/payments/process", &body).await;
    let cancel = format!("/orders/{}/cancel", order["data"]["id"].as_str().unwrap());
    assert_eq!(buyer.post(&cancel, &json!({ "reason": "Changed my mind" })).await.status, 200);
    let managers = app.beside(Options::default()).await;
    let refused = buyer.at(&managers).post_once("pay", "/payments/process", &body).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (402, "PAYMENT_FAILED"),
        "{}",
        refused.text
    );
    assert_eq!(charges(&app).await, []);
}

#[tokio::test]
async fn refunds_in_parts_never_exceed_the_capture() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let (buyer, admin) = (app.person(Role::Customer).await, app.person(Role::Admin).await);
    let order = ordered(&buyer, &seller).await;
    buyer.pay(&order, "tok_visa").await;
    let path = format!("/payments/{}/refund", payment_id(&order));
    assert_eq!(buyer.post(&path, &json!({ "amount": 1 })).await.status, 403);
    let part = admin.post_once("r", &path, &json!({ "amount": 9.98, "reason": "Customer request" })).await;
    assert_eq!(part.status, 200, "{}", part.text);
    let data = part.json()["data"].clone();
    assert_eq!((&data["status"], &data["reason"]), (&json!("succeeded"), &json!("Customer request")));
    let again = admin.post_once("r", &path, &json!({ "amount": 9.98, "reason": "Customer request" })).await;
    assert_eq!(again.json()["data"], data);
    let fine = admin.post(&path, &json!({ "amount": "0.001" })).await;
    assert_eq!(fine.status, 400);
    let over = admin.post(&path, &json!({ "amount": "200.01" })).await;
    assert_eq!((over.status.as_u16(), over.code().as_str()), (409, "CONFLICT"), "{}", over.text);
    let rest = admin.post(&path, &json!({})).await;
    assert!(rest.status == 200 && rest.text.contains(r#""amount":200.00"#), "{}", rest.text);
    for (body, field) in [(json!({}), json!(null)), (json!({ "amount": "0.01" }), json!("amount"))] {
        let none = admin.post(&path, &body).await;
        assert_eq!((none.status.as_u16(), none.code().as_str()), (409, "CONFLICT"), "{}", none.text);
        assert_eq!(none.json()["errors"][0]["field"], field, "{}", none.text);
    }
    let refunded: i64 = sqlx::query_scalar("SELECT sum(amount)::bigint FROM simulator_refunds")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    assert_eq!(refunded, 20_998);
}

#[tokio::test]
async fn a_gateway_that_is_off_or_an_amount_that_is_not_the_order_s_is_400() {
    let app = App::start_with(Options { simulator: false, ..Options::default() }).await;
    let seller = app.person(Role::Seller).await;
    let (buyer, stranger) = (app.person(Role::Customer).await, app.person(Role::Customer).await);
    let order = ordered(&buyer, &seller).await;
    assert_eq!(buyer.pay(&order, "tok_visa").await.status, 400);

    let on = app.beside(Options::default()).await;
    let mut body = payment_of(&order, "tok_visa");
    body["amount"] = json!("209.97");
    let wrong = buyer.at(&on).post("/payments/process", &body).await;
    assert_eq!((wrong.status.as_u16(), wrong.json()["errors"][0]["field"].clone()), (400, json!("amount")));
    assert_eq!(stranger.at(&on).pay(&order, "tok_visa").await.status, 404);
}

#[tokio::test]
async fn an_order_of_nothing_is_confirmed_at_once() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let product = seller.product("0", 5).await;
    let order = buyer.order(&[(&product, 1)]).await;
    assert_eq!((order.status.as_u16(), &order.json()["data"]["status"]), (201, &json!("confirmed")));
    assert_eq!(order.json()["data"]["payment"]["status"], "succeeded");
}
