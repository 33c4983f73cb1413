//! Paying by Stripe, against a server that behaves like it; and its requests against stripe-mock, which knows Stripe's own
//! description of its API.

mod alone;
mod fine;
mod forgetting;
mod forgotten;
mod keys;
mod late;
mod methods;
mod missed;
mod mock;
mod pending;
mod receipts;
mod refused;
mod reversed;
pub mod server;
mod unsettled;

use std::time::Duration;

use api_contract::Role;
use command_api::config::StripeConfig;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{ordered, payment_id, sign};
use crate::harness::{Answer, App, Options, Person, payment_of};
use server::Stripe;

const SECRET: &str = "whsec_daybook";
const WEBHOOKS: &str = "/api/v1/payments/webhooks/stripe";

/// The way to Stripe at this address, without webhooks.
fn config(url: &str, key: &str) -> StripeConfig {
    let events_every = Duration::from_secs(3_600);
    StripeConfig { url: url.to_owned(), key: key.to_owned(), webhook_secret: None, events_every }
}

struct Shop {
    app: App,
    stripe: Stripe,
    options: Options,
}

impl Shop {
    async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    async fn start_with(options: Options) -> Self {
        let (stripe, url) = Stripe::start().await;
        let stripe_url = Some(&*Box::leak(url.into_boxed_str()));
        let options = Options { stripe_url, ..options };
        Self { app: App::start_with(options).await, stripe, options }
    }

    /// Another process of it, with process managers or without.
    async fn beside(&self, process_managers: bool) -> Self {
        let options = Options { process_managers, ..self.options };
        Self { app: self.app.beside(options).await, stripe: self.stripe.clone(), options }
    }

    async fn people(&self) -> (Person<'_>, Person<'_>) {
        (self.app.person(Role::Seller).await, self.app.person(Role::Customer).await)
    }

    /// Stripe tells of this payment.
    async fn tell(&self, event: &str, kind: &str, order: &Value) -> Answer {
        told(self.app.request(Method::POST, WEBHOOKS), event, kind, order).await
    }
}

/// Stripe tells of this payment by this request.
async fn told(request: RequestBuilder, event: &str, kind: &str, order: &Value) -> Answer {
    let object = json!({ "object": "payment_intent", "metadata": { "payment_id": payment_id(order) } });
    let body = json!({ "id": event, "type": kind, "data": { "object": object } }).to_string();
    let signature = sign(SECRET, &body, 0).await;
    let request = request.header("stripe-signature", signature).header("content-type", "application/json");
    Answer::of(request.body(body)).await
}

async fn pay(buyer: &Person<'_>, order: &Value, token: &str) -> Answer {
    let mut body = payment_of(order, token);
    body["paymentGateway"] = json!("stripe");
    buyer.post("/payments/process", &body).await
}

fn status(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.json()["data"]["status"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_card_pays_once_with_its_receipt_and_is_refunded() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    let paid = pay(&buyer, &order, "tok_visa").await;
    assert_eq!(status(&paid), (200, "succeeded".to_owned()), "{}", paid.text);
    let data = paid.json()["data"].clone();
    assert_eq!(
        (&data["last4"], &data["brand"], &data["paymentGateway"]),
        (&json!("4242"), &json!("visa"), &json!("stripe"))
    );
    assert_eq!(data["receipt"], "https://pay.stripe.example/receipts/pi_1");
    assert_eq!(shop.stripe.charges(), [1]);
    let admin = shop.app.person(Role::Admin).await;
    let refund = format!("/payments/{}/refund", payment_id(&order));
    let part = admin.post(&refund, &json!({ "amount": "9.98" })).await;
    assert_eq!(part.status, 200, "{}", part.text);
    assert_eq!(admin.post(&refund, &json!({})).await.status, 200);
    assert_eq!(shop.stripe.refunds(), [998, 20_000]);
}

#[tokio::test]
async fn a_declined_card_says_why_and_another_one_pays_the_same_intent() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    for (token, why) in [
        ("tok_chargeDeclined", "generic_decline"),
        ("tok_chargeDeclinedInsufficientFunds", "insufficient_funds"),
    ] {
        let declined = pay(&buyer, &order, token).await;
        assert_eq!(declined.status, 402, "{}", declined.text);
        assert!(declined.text.contains(why), "{}", declined.text);
    }
    assert_eq!(status(&pay(&buyer, &order, "pm_card_visa").await), (200, "succeeded".to_owned()));
    assert_eq!(shop.stripe.charges(), [1], "one intent, one charge");
}

#[tokio::test]
async fn an_answer_that_is_lost_late_or_refused_for_now_is_asked_for_again() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    for token in ["tok_answer_lost", "tok_busy", "tok_in_use", "tok_down"] {
        let order = ordered(&buyer, &seller).await;
        let paid = pay(&buyer, &order, token).await;
        assert_eq!(status(&paid), (200, "succeeded".to_owned()), "{token}: {}", paid.text);
    }
    assert_eq!(shop.stripe.charges(), [1, 1, 1, 1]);
}

#[tokio::test]
async fn three_d_secure_is_done_at_the_bank_and_told_by_a_webhook() {
    let shop = Shop::start_with(Options { queries: true, ..Options::default() }).await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    let waiting = pay(&buyer, &order, "tok_threeDSecure2Required").await;
    assert_eq!(status(&waiting), (200, "requires_action".to_owned()), "{}", waiting.text);
    assert_eq!(waiting.json()["data"]["paymentUrl"], "https://hooks.stripe.example/3ds");
    let shown = buyer.get(&format!("/orders/{}", order["data"]["id"].as_str().unwrap())).await;
    assert_eq!(shown.json()["data"]["paymentUrl"], "https://hooks.stripe.example/3ds", "{}", shown.text);
    let logged = "SELECT count(*) FROM events WHERE payload::text LIKE '%hooks.stripe.example%'";
    let logged: i64 = sqlx::query_scalar(logged).fetch_one(&shop.app.database.pool).await.unwrap();
    assert_eq!(logged, 0, "its address may carry a secret");
    shop.stripe.customer_decides(true);
    // In another order than they happened, and twice.
    for (event, kind) in [
        ("evt_3", "payment_intent.succeeded"),
        ("evt_1", "payment_intent.created"),
        ("evt_2", "payment_intent.requires_action"),
        ("evt_3", "payment_intent.succeeded"),
    ] {
        assert_eq!(shop.tell(event, kind, &order).await.status, 200);
    }
    let events = shop.app.events("payments", payment_id(&order)).await;
    assert_eq!(events, ["PaymentOpened", "PaymentAttempted", "PaymentActionRequired", "PaymentCaptured"]);
}

#[tokio::test]
async fn who_fails_at_the_bank_may_try_again() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_threeDSecure2Required").await;
    shop.stripe.customer_decides(false);
    assert_eq!(shop.tell("evt_1", "payment_intent.payment_failed", &order).await.status, 200);
    assert_eq!(shop.app.events("payments", payment_id(&order)).await.last().unwrap(), "PaymentDeclined");
    assert_eq!(status(&pay(&buyer, &order, "tok_visa").await), (200, "succeeded".to_owned()));
    assert_eq!(shop.stripe.charges(), [1]);
}

#[tokio::test]
async fn an_order_that_is_given_up_while_its_customer_is_at_the_bank_is_not_charged() {
    let shop = Shop::start().await;
    let (seller, buyer) = shop.people().await;
    let order = ordered(&buyer, &seller).await;
    pay(&buyer, &order, "tok_threeDSecure2Required").await;
    let cancel = format!("/orders/{}/cancel", order["data"]["id"].as_str().unwrap());
    assert_eq!(buyer.post(&cancel, &json!({})).await.status, 200);
    shop.app.event(payment_id(&order), "PaymentDeclined").await;
    shop.stripe.customer_decides(true);
    assert_eq!(shop.stripe.charges(), Vec::<u32>::new());
}
