//! What Stripe answered under a key it repeats for a day, a failure too, and it refuses the key for anything else. None of
//! that keeps a payment from being settled, and none of it moves money twice.

use api_contract::Role;
use command_api::gateway::{Charged, Gateway as _, Pages};
use futures::future::join_all;
use serde_json::json;

use super::alone::{Alone, HOME, declined};
use super::{Shop, pay, status};
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

/// Guards against a refund that stays requested for a day, and against a second one where the failed request had made it.
#[tokio::test]
async fn a_refund_whose_failure_is_repeated_is_made_once() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_visa").await;
    let admin = shop.app.person(Role::Admin).await;
    let path = format!("/payments/{}/refund", payment_id(&order));
    for (amount, made) in [(1, false), (2, true)] {
        shop.stripe.fail_next_refund(made);
        let part = admin.post(&path, &json!({ "amount": amount })).await;
        assert_eq!(part.json()["data"]["status"], "succeeded", "made {made}: {}", part.text);
    }
    assert_eq!((shop.stripe.refunds(), shop.stripe.next_keys()), (vec![100, 200], 1));
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
