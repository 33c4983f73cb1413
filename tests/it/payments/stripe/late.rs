//! Who is late with an attempt that was given up does nothing to the one that came after it.

use command_api::gateway::Charged;

use super::alone::{Alone, declined};

const AT_THE_BANK: &str = "tok_threeDSecure2Required";

async fn goes_to_the_bank(alone: &Alone, attempt: u32) {
    let waiting = alone.pay(attempt, AT_THE_BANK).await.unwrap();
    assert!(matches!(waiting, Charged::ActionRequired { .. }), "{waiting:?}");
}

/// Guards the next attempt's intent against whoever gives up the one before too late.
#[tokio::test]
async fn giving_up_an_attempt_late_leaves_the_next_one_s_intent_alone() {
    let alone = Alone::start().await;
    goes_to_the_bank(&alone, 1).await;
    assert_eq!(alone.give_up(1).await, declined("canceled"));
    goes_to_the_bank(&alone, 2).await;
    assert_eq!(alone.give_up(1).await, declined("canceled"));
    alone.stripe.customer_decides(true);
    assert_eq!(alone.stripe.charges(), [1]);
}

/// Guards the same where the next attempt goes on with the intent of the one before, which was declined at the bank.
#[tokio::test]
async fn giving_up_an_attempt_late_leaves_an_intent_alone_that_the_next_one_took() {
    let alone = Alone::start().await;
    goes_to_the_bank(&alone, 1).await;
    alone.stripe.customer_decides(false);
    goes_to_the_bank(&alone, 2).await;
    assert_eq!(alone.give_up(1).await, declined("canceled"));
    alone.stripe.customer_decides(true);
    assert_eq!(alone.stripe.charges(), [1]);
}

#[tokio::test]
async fn giving_up_the_attempt_that_took_an_intent_cancels_it() {
    let alone = Alone::start().await;
    goes_to_the_bank(&alone, 1).await;
    alone.stripe.customer_decides(false);
    goes_to_the_bank(&alone, 2).await;
    assert_eq!(alone.give_up(2).await, declined("canceled"));
    alone.stripe.customer_decides(true);
    assert_eq!(alone.stripe.charges(), Vec::<u32>::new());
}

/// Guards a customer who gave up against whoever charges what they gave up too late.
#[tokio::test]
async fn charging_an_attempt_after_it_was_given_up_charges_nobody() {
    let alone = Alone::start().await;
    goes_to_the_bank(&alone, 1).await;
    assert_eq!(alone.give_up(1).await, declined("canceled"));
    assert_eq!(alone.pay(1, "tok_visa").await.unwrap(), declined("canceled"));
    assert_eq!(alone.stripe.charges(), Vec::<u32>::new());
    // Given up before Stripe was ever asked.
    let alone = Alone::start().await;
    assert_eq!(alone.give_up(1).await, declined("canceled"));
    assert_eq!(alone.pay(1, "tok_visa").await.unwrap(), declined("canceled"));
    assert!(matches!(alone.pay(2, "tok_visa").await.unwrap(), Charged::Captured { .. }));
    assert_eq!(alone.stripe.charges(), [1]);
}

/// Guards the attempt that is under way against a late charge of one before it.
#[tokio::test]
async fn charging_an_attempt_late_does_nothing_to_the_next_one() {
    let alone = Alone::start().await;
    goes_to_the_bank(&alone, 1).await;
    assert_eq!(alone.give_up(1).await, declined("canceled"));
    goes_to_the_bank(&alone, 2).await;
    assert_eq!(alone.pay(1, "tok_visa").await.unwrap(), declined("canceled"));
    assert_eq!(alone.stripe.charges(), Vec::<u32>::new());
    alone.stripe.customer_decides(true);
    assert_eq!(alone.stripe.charges(), [1]);
}
