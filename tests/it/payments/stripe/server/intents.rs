//! `PaymentIntents`.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::events::happened;
use super::{Books, Fields, Stripe, answer, cut, failed, garbled, once, problem};

/// Less than this is charged to nobody.
const LEAST: i64 = 50;

pub(super) async fn create(
    State(stripe): State<Stripe>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    if form["amount"].parse::<i64>().unwrap() < LEAST {
        return problem(400, "invalid_request_error", "amount_too_small", None);
    }
    once(&stripe, &headers, &form, |books| {
        books.made += 1;
        let id = format!("pi_{}", books.made);
        let intent = json!({
            "id": id, "object": "payment_intent", "status": "requires_payment_method",
            "amount": form["amount"].parse::<i64>().unwrap(), "amount_received": 0, "currency": form["currency"],
            "metadata": { "payment_id": form["metadata[payment_id]"] },
            "next_action": null, "last_payment_error": null, "latest_charge": null,
        });
        books.intents.insert(id, intent.clone());
        (200, intent)
    })
}

pub(super) async fn retrieve(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    match stripe.books().intents.get(&id) {
        Some(intent) => answer(200, intent),
        None => problem(404, "invalid_request_error", "resource_missing", None),
    }
}

pub(super) async fn change(
    State(stripe): State<Stripe>,
    Path(id): Path<String>,
    Form(form): Form<Fields>,
) -> Response {
    let mut books = stripe.books();
    let intent = books.intents.get_mut(&id).unwrap();
    intent["customer"] = json!(form["customer"]);
    answer(200, intent)
}

pub(super) fn succeed(books: &mut Books, id: &str, brand: &str, last4: &str) {
    *books.charges.entry(id.to_owned()).or_default() += 1;
    let intent = books.intents.get_mut(id).unwrap();
    intent["status"] = json!("succeeded");
    intent["amount_received"] = intent["amount"].clone();
    intent["next_action"] = Value::Null;
    intent["latest_charge"] = json!({
        "id": format!("ch_{id}"), "receipt_url": format!("https://pay.stripe.example/receipts/{id}"),
        "payment_method_details": { "card": { "brand": brand, "last4": last4 } },
    });
    let intent = intent.clone();
    happened(books, "payment_intent.succeeded", &intent);
}

pub(super) fn fail(books: &mut Books, id: &str, code: &str, decline_code: Option<&str>) -> Value {
    let error = json!({ "type": "card_error", "code": code, "decline_code": decline_code });
    let intent = books.intents.get_mut(id).unwrap();
    intent["status"] = json!("requires_payment_method");
    intent["last_payment_error"] = error.clone();
    let intent = intent.clone();
    happened(books, "payment_intent.payment_failed", &intent);
    json!({ "error": error })
}

pub(super) async fn confirm(
    State(stripe): State<Stripe>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    let method = form["payment_method"].as_str();
    let token = method.strip_prefix("pm_of_").unwrap_or(method).to_owned();
    let before = stripe.books().again(&token);
    match (token.as_str(), before) {
        ("tok_busy", 1) => {
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")], "{}").into_response();
        }
        ("tok_in_use", 1) => return problem(409, "idempotency_error", "idempotency_key_in_use", None),
        ("tok_silent", _) | ("tok_down", 1..=4) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => {}
    }
    let answered = once(&stripe, &headers, &form, |books| {
        let status = books.intents[&id]["status"].clone();
        if status == "succeeded" || status == "canceled" {
            let error = json!({ "type": "invalid_request_error", "code": "payment_intent_unexpected_state" });
            return (400, json!({ "error": error }));
        }
        // Under how many keys it was acted.
        let acted = books.again(&format!("{token} acted"));
        match token.as_str() {
            "tok_fails_once" if acted == 1 => return failed(),
            "tok_fails_always" => return failed(),
            "tok_fails_paid" => {
                succeed(books, &id, "visa", "4242");
                return failed();
            }
            "tok_chargeDeclined" | "tok_decline_lost" => {
                return (402, fail(books, &id, "card_declined", Some("generic_decline")));
            }
            "tok_chargeDeclinedInsufficientFunds" => {
                return (402, fail(books, &id, "card_declined", Some("insufficient_funds")));
            }
            "tok_threeDSecure2Required" => {
                let intent = books.intents.get_mut(&id).unwrap();
                intent["status"] = json!("requires_action");
                let url =
                    json!({ "url": "https://hooks.stripe.example/3ds", "return_url": form["return_url"] });
                intent["next_action"] = json!({ "type": "redirect_to_url", "redirect_to_url": url });
            }
            "tok_processing" => books.intents.get_mut(&id).unwrap()["status"] = json!("processing"),
            _ => succeed(books, &id, "visa", "4242"),
        }
        (200, books.intents[&id].clone())
    });
    match (token.as_str(), before) {
        ("tok_answer_lost", 1) => cut(),
        ("tok_decline_lost" | "tok_paid_lost", 1) => garbled(),
        ("tok_forgotten", 1) => {
            stripe.forget_keys();
            garbled()
        }
        _ => answered,
    }
}

pub(super) async fn cancel(
    State(stripe): State<Stripe>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    once(&stripe, &headers, &form, |books| {
        let intent = books.intents.get_mut(&id).unwrap();
        if intent["status"] == "succeeded" {
            let error = json!({ "type": "invalid_request_error", "code": "payment_intent_unexpected_state" });
            return (400, json!({ "error": error }));
        }
        intent["status"] = json!("canceled");
        (200, intent.clone())
    })
}
