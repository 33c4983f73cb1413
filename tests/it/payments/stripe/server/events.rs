//! What happened, as Stripe lists it: for whom no webhook came.

use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{Books, Stripe, page};

/// When the first thing happened; each other an hour after the one before it.
const FIRST: i64 = 1_700_000_000;

/// Something happened to an object.
pub(super) fn happened(books: &mut Books, kind: &str, object: &Value) {
    let number = books.events.len();
    books.events.push(json!({
        "id": format!("evt_listed_{number}"), "object": "event", "type": kind,
        "created": FIRST + 3_600 * i64::try_from(number).unwrap(), "data": { "object": object },
    }));
}

pub(super) async fn list(
    State(stripe): State<Stripe>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let of = |name: &'static str| query.iter().filter(move |(key, _)| key == name).map(|(_, value)| &**value);
    let since: Option<i64> = of("created[gte]").next().map(|since| since.parse().unwrap());
    let mut books = stripe.books();
    books.events_since.push(since);
    let is_asked_for = |event: &&Value| {
        of("types[]").any(|kind| event["type"] == kind)
            && since.is_none_or(|since| event["created"].as_i64().unwrap() >= since)
    };
    let newest: Vec<&Value> = books.events.iter().rev().filter(is_asked_for).collect();
    let after = of("starting_after").next();
    if let Some(failure) = books.pages_fail.filter(|_| after.is_some()) {
        return failure.into_response();
    }
    page(&newest, after)
}
