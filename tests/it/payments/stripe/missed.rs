//! What Stripe told and no webhook brought: it is read in Stripe's list, once an hour.

use api_contract::Role;
use chrono::DateTime;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Shop, pay, status};
use crate::harness::{Options, Person, payment_of, until};
use crate::payments::{ordered, payment_id};

impl Shop {
    /// Waits until Stripe's list was read once, and no more for an hour.
    async fn has_read(&self) {
        let read = "SELECT EXISTS (SELECT FROM gateway_bookmarks WHERE read_at > '-infinity')";
        until("the list was read once", async || {
            sqlx::query_scalar(read).fetch_one(&self.app.database.pool).await.unwrap()
        })
        .await;
    }

    /// An hour has passed since Stripe's list was read.
    async fn hour_passes(&self) {
        self.has_read().await;
        let again = "UPDATE gateway_bookmarks SET read_at = '-infinity'";
        sqlx::query(again).execute(&self.app.database.pool).await.unwrap();
    }

    async fn is_noted(&self, event: &str) -> bool {
        let noted = "SELECT EXISTS (SELECT FROM gateway_notices WHERE gateway = 'stripe' AND id = $1)";
        sqlx::query_scalar(noted).bind(event).fetch_one(&self.app.database.pool).await.unwrap()
    }

    /// Waits until Stripe's list is read up to what happened then.
    async fn reads_until(&self, at: i64) {
        let at = DateTime::from_timestamp(at, 0).unwrap();
        let read =
            "SELECT EXISTS (SELECT FROM gateway_bookmarks WHERE gateway = 'stripe' AND told_until = $1)";
        until("the list is read", async || {
            sqlx::query_scalar(read).bind(at).fetch_one(&self.app.database.pool).await.unwrap()
        })
        .await;
    }

    async fn of_payment(&self, order: &Value) -> Vec<String> {
        self.app.events("payments", payment_id(order)).await
    }
}

/// An order that was paid and refunded.
async fn refunded(shop: &Shop, seller: &Person<'_>, buyer: &Person<'_>) -> Value {
    let order = ordered(buyer, seller).await;
    assert_eq!(status(&pay(buyer, &order, "tok_visa").await), (200, "succeeded".to_owned()));
    let admin = shop.app.person(Role::Admin).await;
    let refund = admin.post(&format!("/payments/{}/refund", payment_id(&order)), &json!({})).await;
    assert_eq!(status(&refund), (200, "succeeded".to_owned()), "{}", refund.text);
    order
}

/// Guards against a customer who never gets the money, because the endpoint was away when Stripe told so.
#[tokio::test]
async fn a_refund_that_fails_after_it_succeeded_is_found_though_no_webhook_came() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = refunded(&shop, &seller, &buyer).await;
    shop.stripe.settle_refunds("failed");
    shop.hour_passes().await;
    shop.app.event(payment_id(&order), "RefundReversed").await;
    let (event, at) = shop.stripe.last_event();
    shop.reads_until(at).await;

    let known = shop.of_payment(&order).await;
    assert_eq!(known[3..], ["RefundRequested", "PaymentRefunded", "RefundReversed"]);
    // The webhook comes after all.
    assert_eq!(shop.tell(&event, "refund.failed", &order).await.status, 200);
    assert_eq!(shop.of_payment(&order).await, known);
}

/// Guards against a second question to Stripe about everything that its webhooks have told.
#[tokio::test]
async fn what_a_webhook_told_is_not_asked_about_again() {
    let shop = Shop::start().await;
    shop.has_read().await; // The list that is read at the start is empty, however slow the machine is.
    let (seller, buyer) = shop.people().await;
    let order = refunded(&shop, &seller, &buyer).await;
    let (event, at) = shop.stripe.happens("refund.updated", payment_id(&order));
    for event in ["evt_listed_0", &event] {
        assert_eq!(shop.tell(event, "refund.updated", &order).await.status, 200);
    }
    let listed = shop.stripe.refunds_listed();
    shop.hour_passes().await;
    shop.reads_until(at).await;
    assert_eq!(shop.stripe.refunds_listed(), listed);
}

/// Guards against what is on Stripe's second page, and against a list that is read from its beginning each time.
#[tokio::test]
async fn the_whole_list_is_read_once_and_then_what_is_new() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let orders = [
        refunded(&shop, &seller, &buyer).await,
        refunded(&shop, &seller, &buyer).await,
        refunded(&shop, &seller, &buyer).await,
    ];
    shop.stripe.settle_refunds("failed");
    shop.hour_passes().await;
    for order in &orders {
        shop.app.event(payment_id(order), "RefundReversed").await;
    }
    let (_, at) = shop.stripe.last_event();
    shop.reads_until(at).await;
    shop.hour_passes().await;
    until("what is new is asked for", async || shop.stripe.events_since().last() == Some(&Some(at - 600)))
        .await;
}

/// Guards against one payment that can't be asked about and keeps all others from being looked at; and against its being
/// forgotten.
#[tokio::test]
async fn what_cannot_be_taken_keeps_nothing_back_and_is_read_again() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = refunded(&shop, &seller, &buyer).await;
    let odd = ordered(&buyer, &seller).await;
    let mut simulated = payment_of(&odd, "tok_threeDSecure2Required");
    simulated["paymentGateway"] = json!("simulator");
    let waits = buyer.post("/payments/process", &simulated).await;
    assert_eq!(status(&waits), (200, "requires_action".to_owned()), "{}", waits.text);
    shop.app.stop().await;

    let (_, at) = shop.stripe.happens("payment_intent.succeeded", payment_id(&odd));
    shop.stripe.settle_refunds("failed");
    let without_simulator = Shop {
        app: shop.app.beside(Options { simulator: false, ..shop.options }).await,
        stripe: shop.stripe.clone(),
        options: shop.options,
    };
    without_simulator.hour_passes().await;
    without_simulator.app.event(payment_id(&order), "RefundReversed").await;
    without_simulator.reads_until(at).await;
}

/// Guards against a list that brings what its webhook is about to bring, and against a bookmark that passes it by.
#[tokio::test]
async fn what_may_still_come_as_a_webhook_is_left_to_it() {
    let shop = Shop::start().await;
    shop.has_read().await;
    let (seller, buyer) = shop.people().await;
    let order = refunded(&shop, &seller, &buyer).await;
    let (old, at) = shop.stripe.happens("refund.updated", payment_id(&order));
    let young = shop.stripe.happens_now("refund.updated", payment_id(&order));
    shop.hour_passes().await;
    shop.reads_until(at).await;
    assert!(shop.is_noted(&old).await && !shop.is_noted(&young).await);
}

/// Guards against a list that is read to its middle and counts as read for an hour.
#[tokio::test]
async fn a_list_that_breaks_off_is_read_again_soon() {
    let shop = Shop::start().await;
    shop.has_read().await;
    let (seller, buyer) = shop.people().await;
    let order = refunded(&shop, &seller, &buyer).await;
    let ids: Vec<String> =
        (0..4).map(|_| shop.stripe.happens("refund.updated", payment_id(&order)).0).collect();
    let (_, at) = shop.stripe.last_event();
    shop.stripe.lose_pages(true);
    shop.hour_passes().await;
    until("the first page is taken", async || shop.is_noted(&ids[3]).await && shop.is_noted(&ids[2]).await)
        .await;
    assert!(!shop.is_noted(&ids[1]).await);
    shop.stripe.lose_pages(false);
    shop.reads_until(at).await;
    assert!(shop.is_noted(&ids[0]).await);
}

/// Guards against another shop's payments, on the same account, that count as missed.
#[tokio::test]
async fn what_is_about_a_payment_of_another_shop_is_no_notice_of_ours() {
    let shop = Shop::start().await;
    shop.has_read().await;
    let (event, at) = shop.stripe.happens("payment_intent.succeeded", &Uuid::now_v7().to_string());
    shop.hour_passes().await;
    shop.reads_until(at).await;
    assert!(!shop.is_noted(&event).await);
}
