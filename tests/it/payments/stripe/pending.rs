//! A refund that stays pending at Stripe is noted, and nothing else waits for it.

use std::time::Duration;

use api_contract::Role;
use event_store::{Checkpoint, Head, Log};
use serde_json::{Value, json};

use super::{Shop, pay, status};
use crate::harness::{Answer, Options, Place, until};
use crate::payments::{ordered, payment_id};

/// A shop with a refund that is pending at Stripe and noted; its order.
async fn with_a_pending_refund() -> (Shop, Value) {
    let shop =
        Shop::start_with(Options { answer_within: Duration::from_millis(300), ..Options::default() }).await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_visa").await;
    shop.app.event(payment_id(&order), "PaymentCaptured").await;
    shop.stripe.make_refunds("pending");
    let admin = shop.app.person(Role::Admin).await;
    let path = format!("/payments/{}/refund", payment_id(&order));
    let answer = admin.post(&path, &json!({ "amount": 1 })).await;
    assert_eq!(status(&answer), (200, "pending".to_owned()), "{}", answer.text);
    until("a refund is noted", async || shop.noted().await == 1).await;
    (shop, order)
}

impl Shop {
    async fn noted(&self) -> i64 {
        let noted = sqlx::query_scalar("SELECT count(*) FROM pending_refunds");
        noted.fetch_one(&self.app.database.pool).await.unwrap()
    }

    async fn checkpoint(&self) -> i64 {
        Checkpoint::named("payments").load(&self.app.database.pool).await.unwrap().position
    }

    async fn settles(&self, order: &Value) {
        self.app.event(payment_id(order), "PaymentRefunded").await;
        until("nothing is noted", async || self.noted().await == 0).await;
        let log = Log::new(self.app.database.pool.clone());
        let events = log.read_stream("payments", payment_id(order)).await.unwrap();
        let settled = events.iter().filter(|event| event.event_type == "PaymentRefunded").count();
        assert_eq!((settled, self.stripe.refunds()), (1, vec![100]));
    }
}

/// Guards against a request that waits in vain, and says then that the money went back.
#[tokio::test]
async fn who_asks_for_a_refund_that_stays_pending_is_told_so_at_once() {
    let shop =
        Shop::start_with(Options { answer_within: Duration::from_secs(3_600), ..Options::default() }).await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_visa").await;
    shop.stripe.make_refunds("pending");
    let admin = shop.app.person(Role::Admin).await;
    let path = format!("/payments/{}/refund", payment_id(&order));
    for _again in 0..2 {
        let answer = admin.post_once("once", &path, &json!({ "amount": 1 })).await;
        assert_eq!(status(&answer), (200, "pending".to_owned()), "{}", answer.text);
        assert_eq!(answer.json()["message"], "The refund is being processed");
    }
    shop.stripe.settle_refunds("succeeded");
    assert_eq!(shop.tell("evt_1", "charge.refund.updated", &order).await.status, 200);
    shop.app.event(payment_id(&order), "PaymentRefunded").await;
    let answer = admin.post_once("once", &path, &json!({ "amount": 1 })).await;
    assert_eq!(answer.json()["message"], "Refund processed successfully", "{}", answer.text);
}

/// Guards against a request that waits in vain because another process than its own asks gateways.
#[tokio::test]
async fn who_asks_elsewhere_for_a_refund_that_stays_pending_is_told_so_too() {
    let shop =
        Shop::start_with(Options { answer_within: Duration::from_secs(3_600), ..Options::default() }).await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_visa").await;
    shop.stripe.make_refunds("pending");
    let elsewhere = shop.beside(false).await;
    let admin = shop.app.person(Role::Admin).await;
    let admin = admin.at(&elsewhere.app);
    let path = format!("/payments/{}/refund", payment_id(&order));
    for _again in 0..2 {
        let answer = admin.post_once("once", &path, &json!({ "amount": 1 })).await;
        assert_eq!(status(&answer), (200, "pending".to_owned()), "{}", answer.text);
        assert_eq!(answer.json()["message"], "The refund is being processed");
    }
}

/// Guards against a start that reads every payment again since a refund that takes days.
#[tokio::test]
async fn a_pending_refund_does_not_hold_the_checkpoint() {
    let (shop, order) = with_a_pending_refund().await;
    let requested = shop.app.head().await;
    until("the checkpoint is beyond the refund", async || shop.checkpoint().await >= requested).await;
    assert_eq!(shop.noted().await, 1);
    assert_eq!(shop.app.events("payments", payment_id(&order)).await.last().unwrap(), "RefundRequested");
}

/// Guards what the checkpoint doesn't any more: that the next process knows of the refund.
#[tokio::test]
async fn a_refund_that_is_noted_is_settled_by_the_next_process() {
    let (shop, order) = with_a_pending_refund().await;
    let requested = shop.app.head().await;
    until("the checkpoint is beyond the refund", async || shop.checkpoint().await >= requested).await;
    shop.app.stop().await;
    shop.stripe.settle_refunds("succeeded");
    sqlx::query("UPDATE pending_refunds SET ask_at = now()").execute(&shop.app.database.pool).await.unwrap();
    shop.beside(true).await.settles(&order).await;
}

/// Guards each moment at which a process may die: before the checkpoint moved on, with the note or before it, and whatever
/// Stripe has forgotten since.
#[tokio::test]
async fn a_process_that_dies_with_a_pending_refund_leaves_it_to_be_made_once() {
    for noted in [true, false] {
        let (shop, order) = with_a_pending_refund().await;
        shop.app.stop().await;
        let pool = &shop.app.database.pool;
        Checkpoint::named("payments").store(pool, &Head::EMPTY).await.unwrap();
        if !noted {
            sqlx::query("DELETE FROM pending_refunds").execute(pool).await.unwrap();
        }
        shop.stripe.forget_keys();
        let next = shop.beside(true).await;
        until("it is noted", async || next.noted().await == 1).await;
        next.stripe.settle_refunds("succeeded");
        next.settles(&order).await;
    }
}

/// Guards against money of a cancelled order that stays where it is, and nobody hears of it.
#[tokio::test]
async fn a_refund_that_nobody_asked_for_and_stripe_refuses_is_counted() {
    let shop = Shop::start_with(Options { process_managers: false, ..Options::default() }).await;
    let home = tempfile::tempdir().unwrap();
    let place = Place::new("command-api", &shop.app.database, home.path())
        .with("DAYBOOK_STRIPE_KEY", "sk_test_daybook")
        .with("DAYBOOK_STRIPE_URL", shop.options.stripe_url.unwrap());
    let manages = place.start().await;
    let failed = async |count: u32| {
        let answer = Answer::of(reqwest::Client::new().get(place.url("/metrics"))).await;
        answer.text.lines().any(|line| line == format!("daybook_refunds_failed_total {count}"))
    };
    assert!(failed(0).await, "an increase from nothing is none");
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_visa").await;
    shop.app.event(payment_id(&order), "PaymentCaptured").await;
    shop.stripe.make_refunds("pending");
    let cancel = format!("/orders/{}/cancel", order["data"]["id"].as_str().unwrap());
    assert_eq!(buyer.post(&cancel, &json!({})).await.status, 200);
    until("the refund is noted", async || shop.noted().await == 1).await;
    shop.stripe.settle_refunds("failed");
    shop.app.event(payment_id(&order), "RefundFailed").await;
    until("it is counted", async || failed(1).await).await;
    manages.stop().await;
}

/// Guards against a refund that waits for the next question, perhaps an hour, when Stripe has told of it already.
#[tokio::test]
async fn a_webhook_settles_a_pending_refund() {
    let (shop, order) = with_a_pending_refund().await;
    shop.app.stop().await;
    let without_managers = shop.beside(false).await;
    let pending = without_managers.tell("evt_1", "charge.refund.updated", &order).await;
    assert_eq!((pending.status.as_u16(), shop.noted().await), (200, 1), "{}", pending.text);
    shop.stripe.settle_refunds("succeeded");
    for event in ["evt_2", "evt_2", "evt_3"] {
        assert_eq!(without_managers.tell(event, "charge.refund.updated", &order).await.status, 200);
    }
    without_managers.settles(&order).await;
}
