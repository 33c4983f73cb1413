//! Refunds.

use axum::Form;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::events::happened;
use super::{Books, Fields, Stripe, failed, garbled, once, page};

pub(super) async fn create(
    State(stripe): State<Stripe>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
    if key.contains("/r") && std::mem::take(&mut stripe.books().makes_up_late) {
        stripe.make_up();
    }
    let answered = once(&stripe, &headers, &form, |books| {
        let refund = json!({
            "id": format!("re_{}", books.refunds.len() + 1), "object": "refund",
            "amount": form["amount"].parse::<i64>().unwrap(),
            "payment_intent": form["payment_intent"], "status": books.refund_status.unwrap_or("succeeded"),
            "metadata": {
                "payment_id": form["metadata[payment_id]"], "refund_id": form["metadata[refund_id]"],
            },
        });
        let fails = books.fails_refund.take();
        if fails == Some(false) {
            books.unmade.push(refund);
            return failed();
        }
        if !make(books, &refund) {
            let error = json!({ "type": "invalid_request_error", "code": "charge_already_refunded" });
            return (400, json!({ "error": error }));
        }
        if fails.is_some() { failed() } else { (200, refund) }
    });
    if std::mem::take(&mut stripe.books().loses_refund) {
        stripe.forget_keys();
        return garbled();
    }
    answered
}

/// Makes it, unless more would go back than there was.
fn make(books: &mut Books, refund: &Value) -> bool {
    let intent = &refund["payment_intent"];
    let received = books.intents[intent.as_str().unwrap()]["amount_received"].as_i64().unwrap();
    let counts = |made: &&Value| made["status"] != "failed" && made["status"] != "canceled";
    let of_intent = books.refunds.iter().filter(|made| made["payment_intent"] == *intent).filter(counts);
    let before: i64 = of_intent.map(|made| made["amount"].as_i64().unwrap()).sum();
    let fits = before + refund["amount"].as_i64().unwrap() <= received;
    if fits {
        books.refunds.push(refund.clone());
        happened(books, "refund.created", refund);
    }
    fits
}

pub(super) fn make_up(books: &mut Books) {
    for refund in std::mem::take(&mut books.unmade) {
        make(books, &refund);
    }
}

pub(super) async fn list(State(stripe): State<Stripe>, Query(query): Query<Fields>) -> Response {
    let mut books = stripe.books();
    books.refunds_listed += 1;
    let of_intent = |refund: &&Value| refund["payment_intent"] == query["payment_intent"].as_str();
    let newest: Vec<&Value> = books.refunds.iter().rev().filter(of_intent).collect();
    page(&newest, query.get("starting_after").map(String::as_str))
}
