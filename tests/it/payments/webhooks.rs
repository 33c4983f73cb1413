//! What gateways tell by themselves: signed, late, repeated, reordered, lost.

use api_contract::Role;
use reqwest::Method;
use serde_json::json;

use super::{charges, ordered, payment_id, sign};
use crate::harness::{Answer, App};

async fn sent_by_simulator(app: &App, body: &str, signature: Option<String>) -> Answer {
    let request = app.request(Method::POST, "/api/v1/payments/webhooks/simulator");
    let request = match signature {
        Some(signature) => request.header("simulator-signature", signature),
        None => request,
    };
    Answer::of(request.header("content-type", "application/json").body(body.to_owned())).await
}

/// Signed by the simulator's own secret.
async fn signature(app: &App, body: &str, seconds_ago: i64) -> String {
    let secret: String = sqlx::query_scalar("SELECT secret FROM simulator_secret")
        .fetch_one(&app.database.pool)
        .await
        .unwrap();
    sign(&secret, body, seconds_ago).await
}

#[tokio::test]
async fn who_is_not_the_gateway_is_not_heard() {
    let app = App::start().await;
    let body = json!({"id": "evt_1", "type": "anything.new", "data": {"object": {}}}).to_string();
    let good = signature(&app, &body, 0).await;
    assert_eq!(
        sent_by_simulator(&app, &body, Some(good.clone())).await.status,
        200,
        "an unknown kind is taken"
    );
    assert_eq!(sent_by_simulator(&app, &body, None).await.status, 400);
    assert_eq!(sent_by_simulator(&app, &format!("{body} "), Some(good)).await.status, 400);
    let old = signature(&app, &body, 301).await;
    assert_eq!(sent_by_simulator(&app, &body, Some(old)).await.status, 400);
    let wrong = signature(&app, "[]", 0).await;
    assert_eq!(sent_by_simulator(&app, "[]", Some(wrong)).await.status, 400, "signed, and no event");
    for gateway in ["stripe", "paypal"] {
        assert_eq!(app.post(&format!("/api/v1/payments/webhooks/{gateway}"), &json!({})).await.status, 404);
    }
}

#[tokio::test]
async fn what_a_gateway_tells_late_twice_or_in_another_order_counts_once() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    for token in ["tok_webhookDelayed", "tok_webhookRepeated", "tok_webhookReordered", "tok_webhookLost"] {
        let order = ordered(&buyer, &seller).await;
        let paid = buyer.pay(&order, token).await;
        assert_eq!(
            (paid.status.as_u16(), &paid.json()["data"]["status"]),
            (200, &json!("succeeded")),
            "{token}: {}",
            paid.text
        );
        let events = app.events("payments", payment_id(&order)).await;
        assert_eq!(events, ["PaymentOpened", "PaymentAttempted", "PaymentCaptured"], "{token}");
    }
    assert_eq!(charges(&app).await.len(), 4);
}

#[tokio::test]
async fn a_refund_that_the_simulator_lets_fail_comes_back_and_may_be_asked_for_again() {
    let app = App::start().await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let admin = app.person(Role::Admin).await;
    let order = ordered(&buyer, &seller).await;
    assert_eq!(buyer.pay(&order, "tok_refundFail").await.status, 200);
    let refund = format!("/payments/{}/refund", payment_id(&order));
    admin.post_once("once", &refund, &json!({})).await;
    app.event(payment_id(&order), "RefundReversed").await;
    let known = admin.post_once("once", &refund, &json!({})).await;
    assert_eq!((known.status.as_u16(), known.code().as_str()), (402, "PAYMENT_FAILED"), "{}", known.text);
    admin.post(&refund, &json!({})).await;
    let events = app.events("payments", payment_id(&order)).await;
    assert_eq!(events[3..6], ["RefundRequested", "PaymentRefunded", "RefundReversed"]);
    assert_eq!(events[6..8], ["RefundRequested", "PaymentRefunded"], "and it comes back too");
}

#[tokio::test]
async fn a_charge_whose_answer_never_came_is_asked_for_again_and_made_once() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let paid = buyer.pay(&order, "tok_timeoutAfterCharge").await;
    assert_eq!(paid.json()["data"]["status"], "succeeded", "{}", paid.text);
    assert_eq!(charges(&app).await, [("succeeded".to_owned(), 20_998)]);
}
