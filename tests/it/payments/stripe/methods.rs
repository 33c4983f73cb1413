//! Cards that Stripe keeps for a customer.

use std::time::Duration;

use api_contract::Role;
use command_api::gateway::LONGEST_METHOD;
use domain::Money;
use domain::decisions::{AttemptPayment, attempt_payment};
use event_store::{Decision, Submission};
use futures::future::join_all;
use identity::payment_methods::{self, MOST, NewMethod};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Shop, pay, status};
use crate::harness::{Answer, Options, until};
use crate::payments::{ordered, payment_id};

const PATH: &str = "/payments/methods";

fn card(token: &str) -> Value {
    json!({ "cardToken": token, "paymentGateway": "stripe" })
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn a_stored_card_is_the_customer_s_at_stripe() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let body = json!({ "type": "card", "cardToken": "tok_visa", "paymentGateway": "stripe" });
    let stored = buyer.post("/payments/methods", &body).await;
    assert_eq!(stored.status, 201, "{}", stored.text);
    let data = stored.json()["data"].clone();
    assert_eq!((&data["expiryMonth"], &data["expiryYear"]), (&json!(8), &json!(2031)));
    assert!(
        !stored.text.contains("pm_of_tok_visa") && !stored.text.contains("cus_1"),
        "tokens are ours alone"
    );
    let refused = buyer
        .post("/payments/methods", &json!({ "cardToken": "tok_unknown", "paymentGateway": "stripe" }))
        .await;
    assert_eq!(refused.status, 402, "{}", refused.text);
    let order = ordered(&buyer, &seller).await;
    let paid = pay(&buyer, &order, data["id"].as_str().unwrap()).await;
    assert_eq!(status(&paid), (200, "succeeded".to_owned()), "{}", paid.text);
    let removed = buyer
        .send(Method::DELETE, &format!("/payments/methods/{}", data["id"].as_str().unwrap()), &json!({}))
        .await;
    assert_eq!(removed.status, 204);
}

#[tokio::test]
async fn a_card_that_is_sent_twice_with_its_key_is_kept_once() {
    let shop = Shop::start().await;
    let buyer = shop.app.person(Role::Customer).await;
    let one = buyer.post_once("m", PATH, &card("tok_once_1")).await;
    let two = buyer.post_once("m", PATH, &card("tok_once_1")).await;
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (201, 201), "{}", two.text);
    assert_eq!(one.json()["data"], two.json()["data"]);
    let other = buyer.post_once("m", PATH, &card("tok_once_2")).await;
    assert_eq!(other.status, 422, "{}", other.text);
    assert_eq!(shop.stripe.kept(), ["pm_of_tok_once_1"]);
}

#[tokio::test]
async fn a_card_that_is_sent_many_times_at_once_with_its_key_is_kept_once() {
    let shop = Shop::start().await;
    let buyer = shop.app.person(Role::Customer).await;
    for round in 0..20 {
        let (key, body) = (format!("m-{round}"), card(&format!("tok_once_{round}")));
        let answers = join_all((0..6).map(|_| buyer.post_once(&key, PATH, &body))).await;
        assert_eq!(statuses(&answers), [201; 6], "{answers:?}");
        let ids: Vec<Value> = answers.iter().map(|answer| answer.json()["data"]["id"].clone()).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        assert_eq!(shop.stripe.kept().len(), round + 1);
    }
}

#[tokio::test]
async fn two_cards_that_are_sent_at_once_with_one_key_are_one_card() {
    let shop = Shop::start().await;
    let buyer = shop.app.person(Role::Customer).await;
    let bodies = [card("tok_once_1"), card("tok_once_2")];
    // Both are at Stripe before either is stored here.
    let mut held = shop.app.database.pool.begin().await.unwrap();
    identity::users::hold(&mut held, buyer.id).await.unwrap();
    let sent = join_all(bodies.iter().map(|body| buyer.post_once("m", PATH, body)));
    let release = async {
        until("Stripe keeps both", async || shop.stripe.kept().len() == 2).await;
        held.commit().await.unwrap();
    };
    let (answers, ()) = tokio::join!(sent, release);
    assert_eq!(statuses(&answers), [201, 422], "{answers:?}");
    until("Stripe keeps one", async || shop.stripe.kept().len() == 1).await;
    let stored = payment_methods::all(&shop.app.database.pool, buyer.id).await.unwrap();
    assert_eq!(stored[0].reference, format!("cus_1:{}", shop.stripe.kept()[0]));
}

#[tokio::test]
async fn a_card_that_can_t_be_stored_is_not_kept_at_stripe_either() {
    let shop = Shop::start().await;
    let buyer = shop.app.person(Role::Customer).await;
    let mut held = shop.app.database.pool.begin().await.unwrap();
    for stored in 1..MOST {
        let method = NewMethod {
            gateway: "stripe".to_owned(),
            reference: format!("cus_1:pm_{stored}"),
            r#type: "card",
            brand: "visa".to_owned(),
            last4: "4242".to_owned(),
            expiry_month: 8,
            expiry_year: 2031,
            make_default: false,
        };
        payment_methods::add(&mut held, buyer.id, Uuid::now_v7(), &method).await.unwrap();
    }
    // There is room for one of the two, which only shows when both are at Stripe.
    let bodies = [card("tok_once_1"), card("tok_once_2")];
    let sent = join_all(bodies.iter().map(|body| buyer.post(PATH, body)));
    let release = async {
        until("Stripe keeps both", async || shop.stripe.kept().len() == 2).await;
        held.commit().await.unwrap();
    };
    let (answers, ()) = tokio::join!(sent, release);
    assert_eq!(statuses(&answers), [201, 409], "{answers:?}");
    until("Stripe keeps one", async || shop.stripe.kept().len() == 1).await;
    // By now it is known before Stripe is asked.
    assert_eq!(buyer.post(PATH, &card("tok_once_3")).await.status, 409);
    assert_eq!(shop.stripe.kept().len(), 1);
}

/// Guards against events that name a person as Stripe does.
#[tokio::test]
async fn an_event_names_a_stored_card_by_our_id() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let stored = buyer.post(PATH, &card("tok_visa")).await.json()["data"].clone();
    let order = ordered(&buyer, &seller).await;
    let paid = pay(&buyer, &order, stored["id"].as_str().unwrap()).await;
    assert_eq!(status(&paid), (200, "succeeded".to_owned()), "{}", paid.text);
    let named = "SELECT count(*) FROM events WHERE payload::text ~ 'cus_|pm_'";
    let named: i64 = sqlx::query_scalar(named).fetch_one(&shop.app.database.pool).await.unwrap();
    assert_eq!(named, 0);
}

/// Guards attempts that were stored before events named a card by our id.
#[tokio::test]
async fn an_attempt_that_names_a_card_as_stripe_does_is_charged() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    let attempt = AttemptPayment {
        order_id: order["data"]["id"].as_str().unwrap().parse().unwrap(),
        amount: Money::new(20_998, "USD".parse().unwrap()),
        gateway: "stripe".to_owned(),
        method: "cus_1:pm_of_tok_visa".to_owned(),
        pages: None,
    };
    let decision = move |streams: &mut Decision<'_>| attempt_payment(streams, &attempt).map(|_| ());
    shop.app.decider().await.submit(Submission::default(), decision).await.unwrap();
    shop.app.event(payment_id(&order), "PaymentCaptured").await;
    assert_eq!(shop.stripe.charges(), [1]);
}

/// Guards a customer who removed a card before it was charged, and shows that the attempt comes to an end.
#[tokio::test]
async fn a_card_that_is_removed_before_it_is_charged_is_not_charged() {
    let answer_within = Duration::from_millis(50);
    let options = Options { process_managers: false, answer_within, ..Options::default() };
    let shop = Shop::start_with(options).await;
    let (seller, buyer) = shop.people().await;
    let stored = buyer.post(PATH, &card("tok_visa")).await.json()["data"].clone();
    let (id, order) = (stored["id"].as_str().unwrap(), ordered(&buyer, &seller).await);
    let waiting = pay(&buyer, &order, id).await;
    assert_eq!(status(&waiting), (200, "processing".to_owned()), "{}", waiting.text);
    let removed = buyer.send(Method::DELETE, &format!("{PATH}/{id}"), &json!({})).await;
    assert_eq!(removed.status, 204, "{}", removed.text);
    let managers = shop.beside(true).await;
    managers.app.event(payment_id(&order), "PaymentDeclined").await;
    assert_eq!(shop.stripe.charges(), Vec::<u32>::new());
}

/// Guards the bound of a token: what the schema allows, the body's own bound and what the gateway takes were three.
#[tokio::test]
async fn the_longest_token_that_is_documented_is_taken() {
    let shop = Shop::start().await;
    let buyer = shop.app.person(Role::Customer).await;
    let token = |length: usize| format!("tok_{}", "a".repeat(length - 4));
    let longest = buyer.post(PATH, &card(&token(LONGEST_METHOD))).await;
    assert_eq!(longest.status, 201, "{}", longest.text);
    let longer = buyer.post(PATH, &card(&token(LONGEST_METHOD + 1))).await;
    assert_eq!(longer.status, 400, "{}", longer.text);
}
