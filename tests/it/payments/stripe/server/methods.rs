//! Customers and their cards.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Fields, Stripe, answer, once};

pub(super) async fn customer(
    State(stripe): State<Stripe>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    once(&stripe, &headers, &form, |_| (200, json!({ "id": "cus_1" })))
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
        books.kept.insert(id.clone(), form["customer"].clone());
        (200, card(&id, Some(&form["customer"])))
    })
}

pub(super) async fn detach(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    stripe.books().kept.remove(&id);
    answer(200, &card(&id, None))
}
