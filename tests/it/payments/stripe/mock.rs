//! Daybook's requests against stripe-mock, which checks each one against Stripe's own description of its API, and answers
//! with its examples. It keeps nothing, so only the form is shown here, and that every object can be read.
//!
//! `./dev test` brings it where Go is present and says where in `DAYBOOK_STRIPE_MOCK`. Without it nothing is shown here,
//! unless `DAYBOOK_REQUIRE_STRIPE_MOCK` says that it must be there.

use std::net::TcpListener;
use std::process::Stdio;

use api_contract::Role;
use chrono::Utc;
use command_api::gateway::{
    Asked, Charge, Charged, Gateway as _, GatewayError, GiveBack, GivenBack, Keep, Kept, Pages, Stripe,
};
use domain::Money;
use domain::ids::{PaymentId, RefundId};
use identity::users::{self, NewUser};
use tokio::process::{Child, Command};
use uuid::Uuid;

use super::config;
use crate::harness::{Database, until};

struct Mock {
    _process: Child,
    url: String,
}

async fn start() -> Option<Mock> {
    let Ok(program) = std::env::var("DAYBOOK_STRIPE_MOCK") else {
        assert!(std::env::var("DAYBOOK_REQUIRE_STRIPE_MOCK").is_err(), "DAYBOOK_STRIPE_MOCK is not set");
        #[allow(clippy::print_stderr, reason = "whoever reads the tests is to know what they don't show")]
        {
            eprintln!(
                "SKIPPED: DAYBOOK_STRIPE_MOCK is not set: Stripe's requests are not checked by stripe-mock"
            );
        }
        return None;
    };
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let address = free.to_string();
    let process = Command::new(program)
        .args(["-http-addr", &address])
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    until("stripe-mock listens", async || tokio::net::TcpStream::connect(&address).await.is_ok()).await;
    Some(Mock { _process: process, url: format!("http://{address}") })
}

#[tokio::test]
async fn every_request_is_one_of_stripe_s_and_every_answer_can_be_read() {
    let Some(mock) = start().await else { return };
    let config = config(&mock.url, "sk_test_123");
    let database = Database::new().await;
    let stripe = Stripe::new(&config, "https://shop.example", database.pool.clone());
    let (payment_id, amount) = (PaymentId(Uuid::now_v7()), Money::new(2_000, "USD".parse().unwrap()));
    let asked = Asked { payment_id, attempt: 1, amount };
    // Its examples have a state of their own: that they were taken and read is what is shown.
    for token in ["tok_visa", "pm_card_visa", "cus_1:pm_1"] {
        let charge = Charge { asked, token: token.to_owned(), pages: Pages::default() };
        taken(stripe.charge(&charge).await);
    }
    stripe.look_up(&asked).await.unwrap();
    stripe.give_up(&asked).await.unwrap();
    for may_be_known in [false, true] {
        let (refund_id, charge) = (RefundId(Uuid::now_v7()), "pi_1".to_owned());
        let refund = GiveBack { payment_id, refund_id, charge, amount, captured: amount, may_be_known };
        let refunded = stripe.refund(&refund).await.unwrap();
        assert!(matches!(refunded, GivenBack::Refunded { .. }), "{refunded:?}");
    }
    let new = NewUser {
        email: "ann@example.com".to_owned(),
        username: None,
        password_hash: "none".to_owned(),
        first_name: "Ann".to_owned(),
        last_name: "Roe".to_owned(),
        phone: None,
        roles: vec![Role::Customer],
    };
    let user = users::insert(&database.pool, &new).await.unwrap();
    for token in ["tok_visa", "pm_1"] {
        let kept = stripe.keep(&Keep { user, token, key: Some("m") }).await.unwrap();
        assert!(matches!(kept, Kept::Card { .. }), "{kept:?}");
    }
    for kept in ["cus_1:pm_1", "cus_1"] {
        stripe.forget(kept).await.unwrap();
    }
    for (since, before) in [(None, None), (Some(Utc::now()), Some("evt_1"))] {
        stripe.listed(since, before).await.unwrap();
    }
}

/// The only complaint may be that the example is of another state or amount than what was asked for.
fn taken(answer: Result<Charged, GatewayError>) {
    match answer {
        // The example intent carries such an error of its own; what is wrong with a request has another word.
        Ok(Charged::Declined { code }) => assert_eq!(code, "idempotency_error"),
        Ok(Charged::Captured { .. } | Charged::ActionRequired { .. } | Charged::Pending) => {}
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            let of_example = cause.contains("waits to be confirmed") || cause.contains("another amount");
            assert!(of_example, "{cause}");
        }
    }
}
