//! Refunds.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Fields, Stripe, answer, failed, garbled, once};

pub(super) async fn create(
    State(stripe): State<Stripe>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    let answered = once(&stripe, &headers, &form, |books| {
        let amount: i64 = form["amount"].parse().unwrap();
        let intent = &books.intents[&form["payment_intent"]];
        let of_intent = |refund: &&Value| refund["payment_intent"] == form["payment_intent"];
        let before = books.refunds.iter().filter(of_intent).map(|refund| refund["amount"].as_i64().unwrap());
        let before: i64 = before.sum();
        if before + amount > intent["amount_received"].as_i64().unwrap() {
            let error = json!({ "type": "invalid_request_error", "code": "charge_already_refunded" });
            return (400, json!({ "error": error }));
        }
        let refund = json!({
            "id": format!("re_{}", books.refunds.len() + 1), "object": "refund", "amount": amount,
            "payment_intent": form["payment_intent"], "status": books.refund_status.unwrap_or("succeeded"),
            "metadata": { "refund_id": form["metadata[refund_id]"] },
        });
        let fails = books.fails_refund.take();
        if fails != Some(false) {
            books.refunds.push(refund.clone());
        }
        if fails.is_some() { failed() } else { (200, refund) }
    });
    if std::mem::take(&mut stripe.books().loses_refund) {
        stripe.forget_keys();
        return garbled();
    }
    answered
}

/// The newest first, two at a time: so that whoever looks for one has to turn pages.
pub(super) async fn list(State(stripe): State<Stripe>, Query(query): Query<Fields>) -> Response {
    let books = stripe.books();
    let of_intent = |refund: &&Value| refund["payment_intent"] == query["payment_intent"].as_str();
    let newest: Vec<&Value> = books.refunds.iter().rev().filter(of_intent).collect();
    let after =
        query.get("starting_after").and_then(|after| newest.iter().position(|it| it["id"] == **after));
    let rest = newest.get(after.map_or(0, |at| at + 1)..).unwrap_or_default();
    let page = &rest[..rest.len().min(2)];
    answer(200, &json!({ "object": "list", "data": page, "has_more": page.len() < rest.len() }))
}
