//! What Stripe answered under a key it repeats for a day, a failure too, and it refuses the key for anything else. None of
//! that keeps a payment from being settled, and none of it moves money twice.

use std::time::Duration;

use api_contract::Role;
use command_api::gateway::{Charged, Gateway as _, Pages};
use futures::future::join_all;
use serde_json::{Value, json};

use super::alone::{Alone, HOME, declined};
use super::{Shop, pay, status};
use crate::harness::{Options, until};
use crate::payments::{ordered, payment_id};

/// Guards against an attempt that is `processing` for a day, as long as Stripe repeats its failure; and against a second
/// charge where the failed request had charged.
#[tokio::test]
async fn a_charge_whose_failure_is_repeated_is_settled_all_the_same() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    for token in ["tok_fails_once", "tok_fails_paid"] {
        let order = ordered(&buyer, &seller).await;
        let paid = pay(&buyer, &order, token).await;
        assert_eq!(status(&paid), (200, "succeeded".to_owned()), "{token}: {}", paid.text);
    }
    assert_eq!(shop.stripe.charges(), [1, 1]);
    assert_eq!(shop.stripe.next_keys(), 1, "what had charged is found, and not asked for again");
}

/// Guards against a next key after a failure behind which the first request may still be at work.
#[tokio::test]
async fn a_failure_that_is_not_repeated_leads_to_no_other_key() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    let paid = pay(&buyer, &order, "tok_down").await;
    assert_eq!(status(&paid), (200, "succeeded".to_owned()), "{}", paid.text);
    assert_eq!((shop.stripe.charges(), shop.stripe.next_keys()), (vec![1], 0));
}

/// Guards against asking under ever more keys where Stripe fails for hours.
#[tokio::test]
async fn the_keys_of_a_charge_that_always_fails_come_to_an_end() {
    let alone = Alone::start().await;
    let mut used = Vec::new();
    for _ in 0..20 {
        assert!(alone.pay(1, "tok_fails_always").await.is_err());
        used.push(alone.stripe.next_keys());
    }
    assert!(used.windows(2).all(|pair| pair[1] <= pair[0] + 1), "one after the other: {used:?}");
    assert_eq!(used.last(), used.get(used.len() - 2), "{used:?}");
    assert_eq!(alone.stripe.charges(), Vec::<u32>::new());
}

/// A shop with an order that was paid, the order, and where it is refunded.
async fn paid(options: Options) -> (Shop, Value, String) {
    let shop = Shop::start_with(options).await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_visa").await;
    shop.app.event(payment_id(&order), "PaymentCaptured").await;
    let path = format!("/payments/{}/refund", payment_id(&order));
    (shop, order, path)
}

/// Guards against a refund that stays requested for a day; and against a second one where the failed request had made it, or
/// Stripe makes up for it later.
#[tokio::test]
async fn a_refund_whose_failure_is_repeated_is_made_once() {
    let (shop, _, path) = paid(Options::default()).await;
    let admin = shop.app.person(Role::Admin).await;
    for (body, made, refunds) in
        [(json!({ "amount": 2 }), true, vec![200]), (json!({}), false, vec![200, 20_798])]
    {
        shop.stripe.fail_next_refund(made);
        let part = admin.post(&path, &body).await;
        assert_eq!(part.json()["data"]["status"], "succeeded", "{body}: {}", part.text);
        shop.stripe.make_up();
        assert_eq!(shop.stripe.refunds(), refunds);
    }
    assert_eq!(shop.stripe.next_keys(), 1, "what was made is found, and not asked for again");
}

/// Guards against a second key of a refund that can go back twice: Stripe may make up for the failure after any look.
#[tokio::test]
async fn a_part_whose_failure_is_repeated_is_asked_for_by_its_one_key() {
    let answer_within = Duration::from_millis(300);
    let (shop, order, path) = paid(Options { answer_within, ..Options::default() }).await;
    let admin = shop.app.person(Role::Admin).await;
    shop.stripe.fail_next_refund(false);
    let part = admin.post(&path, &json!({ "amount": 1 })).await;
    assert_eq!(status(&part), (200, "pending".to_owned()), "{}", part.text);
    until("it is asked for by the same key", async || shop.stripe.repeated() >= 4).await;
    shop.stripe.make_up();
    shop.app.event(payment_id(&order), "PaymentRefunded").await;
    assert_eq!((shop.stripe.refunds(), shop.stripe.next_keys()), (vec![100], 0));
}

/// Guards against a failed refund in our books whose money went back: Stripe made up for it between the look and the next key,
/// for which nothing was left.
#[tokio::test]
async fn a_refund_that_stripe_makes_up_for_at_the_last_moment_has_gone_back() {
    let (shop, _, path) = paid(Options::default()).await;
    let admin = shop.app.person(Role::Admin).await;
    shop.stripe.fail_next_refund(false);
    shop.stripe.make_up_late();
    let all = admin.post(&path, &json!({})).await;
    assert_eq!(all.json()["data"]["status"], "succeeded", "{}", all.text);
    assert_eq!(shop.stripe.refunds(), [20_998]);
}

/// Guards against an `idempotency_error`, and so an attempt that nothing settles, where the shop has moved or the pages to
/// come back to were erased before Stripe is asked again.
#[tokio::test]
async fn an_attempt_goes_on_when_its_customer_comes_back_elsewhere() {
    let pages = Pages { return_url: Some("https://shop.example/thanks".to_owned()), cancel_url: None };
    for (token, end) in [("tok_decline_lost", declined("generic_decline")), ("tok_paid_lost", captured())] {
        let alone = Alone::start().await;
        let mut charge = alone.charge(1, token);
        charge.pages = pages.clone();
        assert!(alone.gateway(HOME).charge(&charge).await.is_err(), "its answer is lost");
        charge.pages = Pages::default();
        for home in [HOME, "https://elsewhere.example"] {
            assert_eq!(alone.gateway(home).charge(&charge).await.unwrap(), end, "{token} at {home}");
        }
        assert!(alone.stripe.charges().iter().all(|charges| *charges == 1));
    }
}

fn captured() -> Charged {
    Charged::Captured {
        reference: "pi_1".to_owned(),
        brand: Some("visa".to_owned()),
        last4: Some("4242".to_owned()),
        receipt: Some("https://pay.stripe.example/receipts/pi_1".to_owned()),
    }
}

/// Guards what makes all those keys harmless: one intent is paid once, whatever is asked and by however many.
#[tokio::test]
async fn as_many_keys_as_there_are_charge_once() {
    let alone = Alone::start().await;
    let homes: Vec<String> = (0..8).map(|shop| format!("https://shop-{shop}.example")).collect();
    let charge = alone.charge(1, "tok_visa");
    let asked = join_all(homes.iter().map(|home| {
        let (gateway, charge) = (alone.gateway(home), &charge);
        async move { gateway.charge(charge).await.unwrap() }
    }));
    for charged in asked.await {
        assert!(matches!(charged, Charged::Captured { .. }), "{charged:?}");
    }
    assert_eq!(alone.stripe.charges(), [1]);
}
