//! Money of a cancelled order that didn't go back is seen until it did.

use api_contract::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, Database, Options, Person, Place};

/// What `daybook status --json` says is owed.
async fn told(place: &Place) -> Value {
    let output = place.output(&["status", "--json"]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()["owed"].clone()
}

/// Waits until the read model has everything of now.
async fn all_read(buyer: &Person<'_>, order: &str) {
    let head = buyer.app().head().await;
    let read = buyer.request(Method::GET, &format!("/orders/{order}")).header("X-Min-Position", head);
    let answer = Answer::of(read.header("Prefer", "wait=10")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// The sample of this name and these labels.
pub(super) async fn sample(place: &Place, name: &str) -> Option<f64> {
    let answer = Answer::of(reqwest::Client::new().get(place.url("/metrics"))).await;
    let values = answer.text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    values.map(|value| value.parse().unwrap()).next()
}

/// From now on the customer's bank takes what it is given back.
async fn bank_takes_refunds(database: &Database) {
    let mend = "UPDATE simulator_charges SET token = 'tok_visa'";
    sqlx::query(mend).execute(&database.pool).await.unwrap();
}

/// Guards against a customer who never gets the money of a cancelled order, and an operator who is never told.
#[tokio::test]
async fn what_is_owed_of_a_cancelled_order_is_shown_until_it_went_back() {
    let app = App::start_with(Options { queries: true, ..Options::default() }).await;
    let (seller, buyer) = (app.person(Role::Seller).await, app.person(Role::Customer).await);
    let product = seller.product("99.99", 5).await;
    let order = buyer.order(&[(&product, 2)]).await.json();
    let (id, number) = (order["data"]["id"].as_str().unwrap(), &order["data"]["orderNumber"]);
    let payment = order["data"]["payment"]["id"].as_str().unwrap();
    assert_eq!(buyer.pay(&order, "tok_refundFail").await.status, 200);
    assert_eq!(buyer.post(&format!("/orders/{id}/cancel"), &json!({})).await.status, 200);
    app.event(payment, "RefundReversed").await;
    all_read(&buyer, id).await;

    // A process that has counted nothing shows it, too.
    let home = tempfile::tempdir().unwrap();
    let place = Place::new("query-api", &app.database, home.path());
    let process = place.start().await;
    let owed = told(&place).await;
    let [in_dollars] = &owed.as_array().unwrap()[..] else { panic!("{owed}") };
    assert_eq!(
        (&in_dollars["currency"], &in_dollars["orders"], &in_dollars["amount"], &in_dollars["first"]),
        (&json!("USD"), &json!(1), &json!(209.98), &json!([number]))
    );
    let text = String::from_utf8(place.output(&["status"]).await.stdout).unwrap();
    let line = "209.98 USD is still to go back of cancelled orders (1)";
    assert!(text.contains(line) && text.contains(number.as_str().unwrap()), "{text}");
    let in_cents = r#"daybook_refunds_owed_minor_units{currency="USD"}"#;
    assert_eq!(sample(&place, "daybook_refunds_owed").await, Some(1.0));
    assert_eq!(sample(&place, in_cents).await, Some(20_998.0));
    assert!(sample(&place, "daybook_refunds_owed_seconds").await.is_some());

    bank_takes_refunds(&app.database).await;
    let admin = app.person(Role::Admin).await;
    let again = admin.post(&format!("/payments/{payment}/refund"), &json!({})).await;
    assert_eq!(again.status, 200, "{}", again.text);
    all_read(&buyer, id).await;
    assert_eq!(told(&place).await, json!([]));
    assert_eq!(sample(&place, "daybook_refunds_owed").await, Some(0.0));
    assert_eq!(sample(&place, "daybook_refunds_owed_seconds").await, Some(0.0));
    assert_eq!(sample(&place, in_cents).await, Some(0.0), "it is said, and not merely left out");
    process.stop().await;
}
