//! What Stripe doesn't know yet, or doesn't answer, is asked again, and nobody else waits for it.

use std::time::Duration;

use api_contract::Role;
use serde_json::json;

use super::{Shop, pay, status};
use crate::harness::{Answer, Options};
use crate::payments::{ordered, payment_id};

fn impatient() -> Options {
    Options { answer_within: Duration::from_millis(300), ..Options::default() }
}

/// A refund of all of an order, which Stripe makes with this status.
async fn refunded(shop: &Shop, made: &'static str) -> (String, Answer) {
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_visa").await;
    shop.app.event(payment_id(&order), "PaymentCaptured").await;
    shop.stripe.make_refunds(made);
    let admin = shop.app.person(Role::Admin).await;
    let path = format!("/payments/{}/refund", payment_id(&order));
    (payment_id(&order).to_owned(), admin.post(&path, &json!({})).await)
}

#[tokio::test]
async fn a_refund_that_stripe_has_not_made_yet_is_pending_until_it_has() {
    let shop = Shop::start_with(impatient()).await;
    for made in ["pending", "requires_action"] {
        let (payment, answer) = refunded(&shop, made).await;
        assert_eq!(status(&answer), (200, "pending".to_owned()), "{}", answer.text);
        assert_eq!(shop.app.events("payments", &payment).await.last().unwrap(), "RefundRequested");
        shop.stripe.settle_refunds("succeeded");
        shop.app.event(&payment, "PaymentRefunded").await;
    }
    assert_eq!(shop.stripe.refunds(), [20_998, 20_998]);
}

#[tokio::test]
async fn a_refund_that_was_pending_may_fail_in_the_end() {
    let shop = Shop::start_with(impatient()).await;
    for end in ["failed", "canceled"] {
        let (payment, answer) = refunded(&shop, "pending").await;
        assert_eq!(status(&answer), (200, "pending".to_owned()), "{}", answer.text);
        shop.stripe.settle_refunds(end);
        shop.app.event(&payment, "RefundFailed").await;
    }
}

#[tokio::test]
async fn what_stays_unsettled_keeps_no_place_from_others() {
    let shop = Shop::start_with(Options { at_once: 1, ..impatient() }).await;
    let (seller, buyer) = shop.people().await;
    for token in ["tok_processing", "tok_silent"] {
        let order = ordered(&buyer, &seller).await;
        let waiting = pay(&buyer, &order, token).await;
        assert_eq!(status(&waiting), (200, "processing".to_owned()), "{token}: {}", waiting.text);
    }
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_visa").await;
    shop.app.event(payment_id(&order), "PaymentCaptured").await;
    assert_eq!(shop.stripe.charges(), [1]);
}
