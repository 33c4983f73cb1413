//! The simulator's pages: a person pays by a card, confirms (3-D Secure), and reads the receipt.

use api_contract::Role;
use serde_json::{Value, json};

use super::{charges, ordered, payment_id};
use crate::harness::{Answer, App, Options, Person, payment_of};

const WITH_3DS: &str = "tok_threeDSecure2Required";

fn leads_to(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.headers["location"].to_str().unwrap()
}

/// The address of the page where the customer is to act.
async fn to_be_confirmed(buyer: &Person<'_>, order: &Value) -> String {
    let waiting = buyer.pay(order, WITH_3DS).await;
    assert_eq!(waiting.status, 200, "{}", waiting.text);
    let data = &waiting.json()["data"];
    assert_eq!(data["status"], "requires_action");
    data["paymentUrl"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_approves_has_paid_when_the_browser_is_back_at_the_shop() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let url = to_be_confirmed(&buyer, &order).await;
    let page = app.open(&url).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("209.98 USD") && page.text.contains("Approve"), "{}", page.text);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' https://example.com"), "{policy}");

    let clicked = app.submit(&url, &[("decision", "approve")]).await;
    assert_eq!(leads_to(&clicked), "https://example.com/payment/success");
    let events = app.events("payments", payment_id(&order)).await;
    assert_eq!(events, ["PaymentOpened", "PaymentAttempted", "PaymentActionRequired", "PaymentCaptured"]);
    // Back at the shop its client asks again, and again nothing is charged.
    let back = buyer.pay(&order, WITH_3DS).await;
    assert_eq!(back.status, 409, "the order is paid: {}", back.text);
    assert!(!app.open(&url).await.text.contains("Approve"), "it can't be clicked twice");
    assert_eq!(charges(&app).await, [("succeeded".to_owned(), 20_998)]);
}

#[tokio::test]
async fn who_declines_has_not_paid_and_may_try_again() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let url = to_be_confirmed(&buyer, &order).await;
    let clicked = app.submit(&url, &[("decision", "decline")]).await;
    assert_eq!(leads_to(&clicked), "https://example.com/payment/cancel");
    let events = app.events("payments", payment_id(&order)).await;
    assert_eq!(events.last().unwrap(), "PaymentDeclined");
    let paid = buyer.pay(&order, "tok_visa").await;
    assert_eq!((paid.status.as_u16(), &paid.json()["data"]["status"]), (200, &json!("succeeded")));
}

#[tokio::test]
async fn the_client_that_asks_again_finds_what_the_customer_did_without_any_webhook() {
    // Nobody is at this address, so no webhook comes.
    let app = App::start_with(Options { webhooks: false, ..Options::default() }).await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let body = payment_of(&order, WITH_3DS);
    let waiting = buyer.post_once("pay", "/payments/process", &body).await;
    let url = waiting.json()["data"]["paymentUrl"].as_str().unwrap().replace("http://127.0.0.1:1", app.url());
    let still = buyer.post("/payments/process", &body).await;
    assert_eq!(still.json()["data"]["status"], "requires_action", "{}", still.text);
    app.submit(&url, &[("decision", "approve")]).await;
    let done = buyer.post_once("pay", "/payments/process", &body).await;
    assert_eq!(
        (done.status.as_u16(), &done.json()["data"]["status"]),
        (200, &json!("succeeded")),
        "{}",
        done.text
    );
    assert_eq!(charges(&app).await.len(), 1);
}

#[tokio::test]
async fn another_card_ends_the_attempt_that_waits_for_the_customer() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let url = to_be_confirmed(&buyer, &order).await;
    let paid = buyer.pay(&order, "tok_visa").await;
    assert_eq!(
        (paid.status.as_u16(), &paid.json()["data"]["status"]),
        (200, &json!("succeeded")),
        "{}",
        paid.text
    );
    // The page is still open in another tab.
    app.submit(&url, &[("decision", "approve")]).await;
    let expected = [("declined".to_owned(), 20_998), ("succeeded".to_owned(), 20_998)];
    assert_eq!(charges(&app).await, expected);
}

#[tokio::test]
async fn an_order_that_is_given_up_ends_the_attempt_that_waits_for_the_customer() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let url = to_be_confirmed(&buyer, &order).await;
    let cancel = format!("/orders/{}/cancel", order["data"]["id"].as_str().unwrap());
    assert_eq!(buyer.post(&cancel, &json!({})).await.status, 200);
    app.event(payment_id(&order), "PaymentDeclined").await;
    assert_eq!(charges(&app).await, [("declined".to_owned(), 20_998)]);
    assert!(!app.open(&url).await.text.contains("Approve"));
}

#[tokio::test]
async fn a_person_pays_an_order_on_the_page_of_its_link() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let url = order["data"]["paymentUrl"].as_str().unwrap();
    let page = app.open(url).await;
    assert!(page.status == 200 && page.text.contains("209.98 USD"), "{}", page.text);
    let declined = app.submit(url, &[("card", "tok_chargeDeclined")]).await;
    assert!(declined.text.contains("card_declined"), "{}", declined.text);
    let confirm = app.submit(url, &[("card", WITH_3DS)]).await;
    let confirm = leads_to(&confirm).to_owned();
    let done = app.submit(&confirm, &[("decision", "approve")]).await;
    assert!(done.text.contains("succeeded"), "{}", done.text);
    app.event(payment_id(&order), "PaymentCaptured").await;
    let paid = app.open(url).await;
    assert!(paid.text.contains("succeeded"), "{}", paid.text);
    let id = order["data"]["id"].as_str().unwrap();
    assert_eq!(app.events("orders", id).await, ["OrderPlaced", "OrderPaid", "OrderConfirmed"]);
    assert_eq!(app.submit(url, &[("card", "tok_webhookLost")]).await.status, 400, "not a card of the page");
    assert_eq!(app.open(&format!("{}/simulator/pay/{id}", app.url())).await.status, 404);
}

#[tokio::test]
async fn a_payment_has_a_receipt_for_people() {
    let app = App::start().await;
    let seller = app.person(Role::Seller).await;
    let buyer = app.person(Role::Customer).await;
    let order = ordered(&buyer, &seller).await;
    let paid = buyer.pay(&order, "tok_visa").await.json();
    let receipt = app.open(paid["data"]["receipt"].as_str().unwrap()).await;
    assert!(receipt.text.contains("209.98 USD") && receipt.text.contains("4242"), "{}", receipt.text);
    let logged = "SELECT count(*) FROM events WHERE payload::text LIKE '%/receipts/%'";
    let logged: i64 = sqlx::query_scalar(logged).fetch_one(&app.database.pool).await.unwrap();
    assert_eq!(logged, 0, "it is the customer's");
}
