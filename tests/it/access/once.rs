//! `Idempotency-Key` is honoured by every POST that creates or charges: sent twice it happens once, with the same answer.

use serde_json::{Value, json};
use uuid::Uuid;

use super::asked::Asked;
use super::operations;
use super::world::World;
use crate::harness::{Answer, App, Options, Place};

/// POSTs that create and charge nothing, or are sent by machines that know no keys.
const WITHOUT: [&str; 6] = [
    "/cart/apply-coupon",
    "/orders/checkout",
    "/payments/webhooks/{gateway}",
    "/users/change-password",
    "/users/forgot-password",
    "/users/reset-password",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_post_that_creates_or_charges_counts_once_for_its_key() {
    let app = App::start_with(Options { process_managers: false, ..Options::default() }).await;
    let place = Place::new("up", &app.database, app.key_folder().parent().unwrap());
    let process = place.start().await;
    let world = World::make(&app, &place).await;
    let document = Answer::of(reqwest::Client::new().get(place.url("/openapi.json"))).await.json();
    let mut wrong = Vec::new();
    for (path, method, operation) in operations(&document) {
        if method != "post" || path.starts_with("/auth/") || WITHOUT.contains(&path.as_str()) {
            continue;
        }
        if !names_the_key(&operation) {
            wrong.push(format!("POST {path} doesn't say that it takes an Idempotency-Key"));
        }
        if let Err(why) = sent_twice(&world, &path, &operation).await {
            wrong.push(format!("POST {path}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    process.stop().await;
    app.stop().await;
}

fn names_the_key(operation: &Value) -> bool {
    operation["parameters"].as_array().into_iter().flatten().any(|it| it["name"] == "Idempotency-Key")
}

async fn sent_twice(world: &World<'_>, path: &str, operation: &Value) -> Result<(), String> {
    let caller = match path {
        "/products" | "/products/{id}/stock" => "seller",
        "/categories" | "/coupons" | "/payments/{id}/refund" => "admin",
        _ => "owner",
    };
    let key = Uuid::now_v7().to_string();
    let asked = Asked::make(world, caller, "post", path, operation).await.under(&key);
    let (first, again) = (asked.send(world).await, asked.send(world).await);
    if !first.status.is_success() {
        return Err(format!("{} {}", first.status, first.text));
    }
    if (first.status, &first.json()["data"]) != (again.status, &again.json()["data"]) {
        return Err(format!("another answer:\n  {}\n  {} {}", first.text, again.status, again.text));
    }
    let other = asked.with(another).send(world).await;
    if other.status == 422 { Ok(()) } else { Err(format!("another body: {} {}", other.status, other.text)) }
}

/// Another request than this.
fn another(body: &mut Value) {
    for (field, other) in [
        ("quantity", json!(2)),
        ("reason", json!("Another reason")),
        ("name", json!("Another name")),
        ("code", json!("ANOTHERCODE")),
        ("street", json!("2 Other St")),
        ("cardToken", json!("tok_mastercard")),
        ("amount", json!("0.01")),
        ("rating", json!(1)),
    ] {
        if let Some(value) = body.get_mut(field) {
            *value = other;
        }
    }
    if let Some(items) = body.get_mut("items") {
        items[0]["quantity"] = json!(2);
    }
}
