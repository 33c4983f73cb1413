//! Customers and their cards.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{Fields, Stripe, answer, once, problem};

pub(super) async fn customer(
    State(stripe): State<Stripe>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    once(&stripe, &headers, &form, |books| {
        books.customers_made += 1;
        let id = format!("cus_{}", books.customers_made);
        books.customers.insert(id.clone());
        (200, json!({ "id": id, "object": "customer" }))
    })
}

/// One who was deleted too, as such.
pub(super) async fn retrieve_customer(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    let is_there = stripe.books().customers.contains(&id);
    let mut customer = json!({ "id": id, "object": "customer" });
    if !is_there {
        customer["deleted"] = json!(true);
    }
    answer(200, &customer)
}

/// With their cards.
pub(super) async fn delete(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    let mut books = stripe.books();
    if books.is_deaf {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    if !books.customers.remove(&id) {
        return problem(404, "invalid_request_error", "resource_missing", None);
    }
    books.kept.retain(|_, customer| *customer != id);
    answer(200, &json!({ "id": id, "object": "customer", "deleted": true }))
}

/// A token of a typed card (`tok_once_…`) is used up by this; a test card's is not.
pub(super) async fn create(
    State(stripe): State<Stripe>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    once(&stripe, &headers, &form, |books| {
        let refused = |code| (400, json!({ "error": { "type": "invalid_request_error", "code": code } }));
        let token = &form["card[token]"];
        if token == "tok_unknown" {
            return refused("resource_missing");
        }
        if token.starts_with("tok_once_") && !books.used.insert(token.clone()) {
            return refused("token_already_used");
        }
        (200, card(&format!("pm_of_{token}"), None))
    })
}

fn card(id: &str, customer: Option<&str>) -> Value {
    let card = json!({ "brand": "visa", "last4": "4242", "exp_month": 8, "exp_year": 2031 });
    json!({ "id": id, "type": "card", "customer": customer, "card": card })
}

pub(super) async fn retrieve(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    answer(200, &card(&id, stripe.books().kept.get(&id).map(String::as_str)))
}

pub(super) async fn attach(
    State(stripe): State<Stripe>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    once(&stripe, &headers, &form, |books| {
        if !books.customers.contains(&form["customer"]) {
            let error =
                json!({ "type": "invalid_request_error", "code": "resource_missing", "param": "customer" });
            return (400, json!({ "error": error }));
        }
        books.kept.insert(id.clone(), form["customer"].clone());
        (200, card(&id, Some(&form["customer"])))
    })
}

pub(super) async fn detach(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    let mut books = stripe.books();
    if books.is_deaf {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    // One that is nobody's is refused without a code.
    if books.kept.remove(&id).is_none() {
        return answer(400, &json!({ "error": { "type": "invalid_request_error" } }));
    }
    answer(200, &card(&id, None))
}
