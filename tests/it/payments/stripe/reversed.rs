//! A refund that Stripe made and that fails weeks later: the money came back, and nobody says any more that it went.

use std::time::Duration;

use api_contract::Role;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{SECRET, Shop, WEBHOOKS, pay, status, told};
use crate::harness::{Answer, Options, Person, Place};
use crate::payments::{ordered, payment_id};

/// An order that was paid, and refunded in these parts, or all at once.
async fn refunded(shop: &Shop, (seller, buyer): (&Person<'_>, &Person<'_>), parts: &[&str]) -> Value {
    let order = ordered(buyer, seller).await;
    assert_eq!(pay(buyer, &order, "tok_visa").await.status, 200);
    let bodies = parts.iter().map(|amount| json!({ "amount": amount }));
    let all = parts.is_empty().then(|| json!({}));
    for body in bodies.chain(all) {
        let answer = refund(shop, &order, &body).await;
        assert_eq!(status(&answer), (200, "succeeded".to_owned()), "{}", answer.text);
    }
    order
}

async fn refund(shop: &Shop, order: &Value, body: &Value) -> Answer {
    let admin = shop.app.person(Role::Admin).await;
    admin.post(&format!("/payments/{}/refund", payment_id(order)), body).await
}

/// What is read once everything of now can be.
async fn read(reader: &Person<'_>, path: &str) -> Value {
    let head = reader.app().head().await;
    let request = reader.request(Method::GET, path).header("X-Min-Position", head);
    let answer = Answer::of(request.header("Prefer", "wait=10")).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()["data"].clone()
}

/// What went back, as the payment, the order and the ledger say, and what of it for goods, as the seller's stats say.
async fn gone_back((seller, buyer): (&Person<'_>, &Person<'_>), order: &Value) -> ([Value; 3], Value) {
    let payment = read(buyer, &format!("/payments/{}", payment_id(order))).await;
    let shown = read(buyer, &format!("/orders/{}", order["data"]["id"].as_str().unwrap())).await;
    let auditor = seller.app().person(Role::Auditor).await;
    let ledger = read(&auditor, "/audit/ledger").await;
    let stats = read(seller, "/sellers/me/stats").await;
    let everybody = [
        payment["refundedAmount"].clone(),
        shown["refundedAmount"].clone(),
        ledger["totals"][0]["refunded"].clone(),
    ];
    (everybody, stats["totals"]["USD"]["refunds"].clone())
}

fn all_say(amount: f64, goods: f64) -> ([Value; 3], Value) {
    ([json!(amount), json!(amount), json!(amount)], json!(goods))
}

/// Guards against a customer who never gets the money, while everything says that they did.
#[tokio::test]
async fn a_refund_that_fails_after_it_succeeded_is_undone_everywhere_and_may_be_asked_for_again() {
    let shop = Shop::start_with(Options { queries: true, ..Options::default() }).await;
    let (seller, buyer) = shop.people().await;
    let people = (&seller, &buyer);
    let order = refunded(&shop, people, &[]).await;
    assert_eq!(gone_back(people, &order).await, all_say(209.98, 199.98));

    shop.stripe.settle_refunds("failed");
    for event in ["evt_1", "evt_1", "evt_2"] {
        assert_eq!(shop.tell(event, "refund.failed", &order).await.status, 200);
    }
    let of_payment = shop.app.events("payments", payment_id(&order)).await;
    assert_eq!(of_payment[3..], ["RefundRequested", "PaymentRefunded", "RefundReversed"]);
    let of_order = ["OrderPlaced", "OrderPaid", "OrderConfirmed", "OrderRefunded", "OrderRefundReversed"];
    assert_eq!(shop.app.events("orders", order["data"]["id"].as_str().unwrap()).await, of_order);
    assert_eq!(gone_back(people, &order).await, all_say(0.0, 0.0));
    let payment = read(&buyer, &format!("/payments/{}", payment_id(&order))).await;
    assert_eq!(payment["status"], "succeeded");
    let refund_of = &payment["refunds"][0];
    assert_eq!((&refund_of["status"], &refund_of["failureCode"]), (&json!("failed"), &json!("failed")));

    let again = refund(&shop, &order, &json!({})).await;
    assert_eq!(status(&again), (200, "succeeded".to_owned()), "{}", again.text);
    assert_eq!(gone_back(people, &order).await, all_say(209.98, 199.98));
    assert_eq!(shop.stripe.refunds(), [20_998, 20_998]);
    // The first is still failed at Stripe, and was undone once.
    assert_eq!(shop.tell("evt_3", "charge.refund.updated", &order).await.status, 200);
    assert_eq!(gone_back(people, &order).await, all_say(209.98, 199.98));
}

/// Guards against a reversal for each webhook, and against one that is behind Stripe's first page.
#[tokio::test]
async fn every_refund_that_came_back_is_recorded_once_whoever_is_told() {
    let shop = Shop::start().await;
    let beside = shop.beside(false).await;
    let (seller, buyer) = shop.people().await;
    let order = refunded(&shop, (&seller, &buyer), &["1", "2", "3"]).await;
    assert_eq!(shop.tell("evt_0", "charge.refund.updated", &order).await.status, 200);
    shop.stripe.settle_refunds("canceled");
    let events: Vec<String> = (1..=8).map(|n| format!("evt_{n}")).collect();
    let order = &order;
    let telling = events.iter().zip([&shop, &beside].into_iter().cycle());
    let telling =
        telling.map(|(event, at)| async move { at.tell(event, "refund.updated", order).await.status });
    assert!(join_all(telling).await.iter().all(|status| *status == 200));
    let events = shop.app.events("payments", payment_id(order)).await;
    let count = |event_type: &str| events.iter().filter(|known| *known == event_type).count();
    assert_eq!((count("PaymentRefunded"), count("RefundReversed")), (3, 3));
    let whole = refund(&shop, order, &json!({})).await;
    assert!(whole.text.contains(r#""amount":209.98"#), "{}", whole.text);
}

/// Guards against the one word of a reversal that is taken for nothing, because the refund is not in the log yet.
#[tokio::test]
async fn what_is_told_while_a_refund_is_asked_for_is_told_again() {
    let answer_within = Duration::from_millis(300);
    let shop = Shop::start_with(Options { answer_within, ..Options::default() }).await;
    let (seller, buyer) = shop.people().await;
    let admin = shop.app.person(Role::Admin).await;
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_visa").await;
    shop.app.event(payment_id(&order), "PaymentCaptured").await;
    shop.app.stop().await;
    let without_managers = shop.beside(false).await;
    let path = format!("/payments/{}/refund", payment_id(&order));
    let open = admin.at(&without_managers.app).post(&path, &json!({})).await;
    assert_eq!(status(&open), (200, "pending".to_owned()), "{}", open.text);
    let early = without_managers.tell("evt_1", "refund.failed", &order).await;
    assert_eq!(early.status, 503, "{}", early.text);
    assert!(early.headers.contains_key("retry-after"));

    let managers = shop.beside(true).await;
    managers.app.event(payment_id(&order), "PaymentRefunded").await;
    shop.stripe.settle_refunds("failed");
    assert_eq!(managers.tell("evt_1", "refund.failed", &order).await.status, 200);
    let events = shop.app.events("payments", payment_id(&order)).await;
    assert_eq!(events[3..], ["RefundRequested", "PaymentRefunded", "RefundReversed"]);
}

/// Guards against money that is to go back again, and nobody hears of it.
#[tokio::test]
async fn a_refund_that_came_back_is_counted() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = refunded(&shop, (&seller, &buyer), &["1"]).await;
    let home = tempfile::tempdir().unwrap();
    let place = Place::new("command-api", &shop.app.database, home.path())
        .with("DAYBOOK_STRIPE_KEY", "sk_test_daybook")
        .with("DAYBOOK_STRIPE_URL", shop.options.stripe_url.unwrap())
        .with("DAYBOOK_STRIPE_WEBHOOK_SECRET", SECRET);
    let process = place.start().await;
    let client = reqwest::Client::new();
    let counted = async || {
        let answer = Answer::of(client.get(place.url("/metrics"))).await;
        let name = "daybook_refunds_failed_total ";
        answer.text.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned)).unwrap()
    };
    assert_eq!(counted().await, "0");
    shop.stripe.settle_refunds("failed");
    for event in ["evt_1", "evt_1", "evt_2"] {
        let answer = told(client.post(place.url(WEBHOOKS)), event, "refund.failed", &order).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    assert_eq!(counted().await, "1");
    process.stop().await;
}
