//! Amounts that Stripe can't take to the unit: of a currency with three decimals the last one has to be 0. They are refused
//! before anything is logged, and not rounded.

use api_contract::Role;
use domain::Money;
use domain::decisions::{AttemptPayment, attempt_payment};
use event_store::{Decision, Submission};
use serde_json::{Value, json};

use super::Shop;
use crate::harness::{Answer, Person, Product, payment_of};
use crate::payments::payment_id;

/// An order of one thing at this price in dinars, with 5 % tax.
async fn ordered(buyer: &Person<'_>, seller: &Person<'_>, price: &str) -> Value {
    let thing = json!({ "name": "Lamp", "price": price, "stock": 5, "currency": "KWD" });
    let thing = seller.post("/products", &thing).await;
    assert_eq!(thing.status, 201, "{}", thing.text);
    let product = Product { id: thing.json()["data"]["id"].as_str().unwrap().to_owned() };
    let order = buyer.order(&[(&product, 1)]).await;
    assert_eq!(order.status, 201, "{}", order.text);
    order.json()
}

async fn pay_at(gateway: &str, buyer: &Person<'_>, order: &Value) -> Answer {
    let mut body = payment_of(order, "tok_visa");
    body["paymentGateway"] = json!(gateway);
    body["currency"] = json!("KWD");
    buyer.post("/payments/process", &body).await
}

fn refused_for_its_amount(answer: &Answer) {
    assert_eq!(
        (answer.status.as_u16(), answer.code().as_str()),
        (400, "VALIDATION_ERROR"),
        "{}",
        answer.text
    );
    assert_eq!(answer.json()["errors"][0]["field"], "amount");
    assert!(answer.text.contains("0.010 KWD"), "it says which amounts are taken: {}", answer.text);
}

#[tokio::test]
async fn an_order_that_stripe_can_t_take_to_the_unit_is_not_attempted_there() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller, "1.005").await;
    assert_eq!(order["data"]["total"], json!(1.055));
    refused_for_its_amount(&pay_at("stripe", &buyer, &order).await);
    assert_eq!(shop.app.events("payments", payment_id(&order)).await, ["PaymentOpened"]);
    let elsewhere = pay_at("simulator", &buyer, &order).await;
    assert_eq!(elsewhere.status, 200, "another gateway takes it: {}", elsewhere.text);
}

#[tokio::test]
async fn a_refund_that_stripe_can_t_take_to_the_unit_is_not_requested() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller, "10").await;
    let paid = pay_at("stripe", &buyer, &order).await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    let admin = shop.app.person(Role::Admin).await;
    let path = format!("/payments/{}/refund", payment_id(&order));
    refused_for_its_amount(&admin.post(&path, &json!({ "amount": "1.005" })).await);
    let events = shop.app.events("payments", payment_id(&order)).await;
    assert_eq!(events, ["PaymentOpened", "PaymentAttempted", "PaymentCaptured"]);
    for body in [json!({ "amount": "1.010" }), json!({})] {
        let refunded = admin.post(&path, &body).await;
        assert_eq!(refunded.status, 200, "{}", refunded.text);
    }
    assert_eq!(shop.stripe.refunds(), [1_010, 9_490]);
}

/// Guards attempts that were logged before such an amount was refused.
#[tokio::test]
async fn an_attempt_at_an_amount_that_stripe_can_t_take_to_the_unit_is_declined() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller, "1.005").await;
    let attempt = AttemptPayment {
        order_id: order["data"]["id"].as_str().unwrap().parse().unwrap(),
        amount: Money::new(1_055, "KWD".parse().unwrap()),
        gateway: "stripe".to_owned(),
        method: "tok_visa".to_owned(),
        pages: None,
    };
    let decision = move |streams: &mut Decision<'_>| attempt_payment(streams, &attempt).map(|_| ());
    shop.app.decider().await.submit(Submission::default(), decision).await.unwrap();
    shop.app.event(payment_id(&order), "PaymentDeclined").await;
    let why = "SELECT payload::text FROM events WHERE event_type = 'PaymentDeclined'";
    let why: String = sqlx::query_scalar(why).fetch_one(&shop.app.database.pool).await.unwrap();
    assert!(why.contains("amount_too_fine"), "{why}");
    assert_eq!(shop.stripe.charges(), Vec::<u32>::new());
}
