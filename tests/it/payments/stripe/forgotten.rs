//! Stripe forgets its idempotency keys after a day. What is settled later than that moves money once all the same.

use api_contract::Role;
use serde_json::json;

use super::{Shop, pay, status};
use crate::harness::Options;
use crate::payments::{ordered, payment_id};

#[tokio::test]
async fn a_charge_whose_answer_and_key_are_lost_is_found_again() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    let paid = pay(&buyer, &order, "tok_forgotten").await;
    assert_eq!(status(&paid), (200, "succeeded".to_owned()), "{}", paid.text);
    assert_eq!(shop.stripe.charges(), [1]);
    assert_eq!(paid.json()["data"]["transactionId"], "pi_1");
}

#[tokio::test]
async fn an_intent_that_was_cancelled_a_day_ago_is_followed_by_the_next() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    for token in ["tok_threeDSecure2Required", "pm_of_tok_threeDSecure2Required"] {
        let waiting = pay(&buyer, &order, token).await;
        assert_eq!(status(&waiting), (200, "requires_action".to_owned()), "{}", waiting.text);
        shop.stripe.forget_keys();
    }
    let paid = pay(&buyer, &order, "tok_forgotten").await;
    assert_eq!(status(&paid), (200, "succeeded".to_owned()), "{}", paid.text);
    assert_eq!(paid.json()["data"]["transactionId"], "pi_3", "one intent for each that was given up");
    shop.stripe.customer_decides(true);
    assert_eq!(shop.stripe.charges(), [1]);
}

#[tokio::test]
async fn a_refund_whose_answer_and_key_are_lost_is_found_again() {
    let shop = Shop::start_with(Options { at_once: 1, ..Options::default() }).await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_visa").await;
    let admin = shop.app.person(Role::Admin).await;
    let path = format!("/payments/{}/refund", payment_id(&order));
    for amount in [1, 2, 3, 4] {
        shop.stripe.lose_next_refund();
        let part = admin.post(&path, &json!({ "amount": amount })).await;
        assert_eq!(part.json()["data"]["status"], "succeeded", "{}", part.text);
    }
    assert_eq!(shop.stripe.refunds(), [100, 200, 300, 400]);
}
