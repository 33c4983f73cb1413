//! A server that behaves as Stripe is documented and recorded to, as far as Daybook asks it: idempotency keys, test
//! tokens, 3-D Secure, refunds, and the ways in which an answer may be missing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub const KEY: &str = "sk_test_daybook";

type Fields = HashMap<String, String>;

#[derive(Default)]
struct Books {
    intents: HashMap<String, Value>,
    /// What was answered under each idempotency key, and to which form.
    answered: HashMap<String, (Fields, u16, Value)>,
    /// Intents by the number of times that their money moved.
    charges: HashMap<String, u32>,
    refunds: Vec<i64>,
    /// How often each odd token was odd already.
    odd: HashMap<String, u32>,
    made: u32,
}

/// The server. Cheap to clone.
#[derive(Clone, Default)]
pub struct Stripe {
    books: Arc<Mutex<Books>>,
}

impl Stripe {
    /// Starts it; where it is.
    pub async fn start() -> (Self, String) {
        let this = Self::default();
        let router = Router::new()
            .route("/v1/payment_intents", post(create))
            .route("/v1/payment_intents/{id}", get(retrieve).post(change))
            .route("/v1/payment_intents/{id}/confirm", post(confirm))
            .route("/v1/payment_intents/{id}/cancel", post(cancel))
            .route("/v1/refunds", post(refund))
            .route("/v1/customers", post(customer))
            .route("/v1/payment_methods", post(method))
            .route("/v1/payment_methods/{id}/attach", post(attach))
            .route("/v1/payment_methods/{id}/detach", post(attach))
            .layer(axum::middleware::from_fn(authorized))
            .with_state(this.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (this, url)
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap()
    }

    /// How often money moved, by intent.
    pub fn charges(&self) -> Vec<u32> {
        self.books().charges.values().copied().collect()
    }

    /// What went back.
    pub fn refunds(&self) -> Vec<i64> {
        self.books().refunds.clone()
    }

    /// The customer's word at their bank, on every intent that waits for it.
    pub fn customer_decides(&self, approves: bool) {
        let mut books = self.books();
        let waiting: Vec<String> = books
            .intents
            .iter()
            .filter(|(_, it)| it["status"] == "requires_action")
            .map(|(id, _)| id.clone())
            .collect();
        for id in waiting {
            if approves {
                succeed(&mut books, &id, "visa", "3220");
            } else {
                fail(&mut books, &id, "payment_intent_authentication_failure", None);
            }
        }
    }
}

async fn authorized(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    match complaint(request.headers()) {
        Some(complaint) => complaint,
        None => next.run(request).await,
    }
}

fn complaint(headers: &HeaderMap) -> Option<Response> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if header("authorization") != Some(&format!("Bearer {KEY}")) {
        return Some(problem(401, "invalid_request_error", "api_key_invalid", None));
    }
    let form = header("content-type").is_none_or(|kind| kind == "application/x-www-form-urlencoded");
    let versioned = header("stripe-version").is_some();
    (!form || !versioned).then(|| problem(400, "invalid_request_error", "wrong_form", None))
}

fn problem(status: u16, kind: &str, code: &str, decline_code: Option<&str>) -> Response {
    let error =
        json!({ "error": { "type": kind, "code": code, "decline_code": decline_code, "message": "…" } });
    answer(status, &error)
}

fn answer(status: u16, body: &Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), axum::Json(body.clone())).into_response()
}

/// What was answered before under this key, or else what `act` answers now. Another form under a key is refused.
fn once(
    stripe: &Stripe,
    headers: &HeaderMap,
    form: &Fields,
    act: impl FnOnce(&mut Books) -> (u16, Value),
) -> Response {
    let mut books = stripe.books();
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    if let Some((known, status, body)) = key.as_ref().and_then(|key| books.answered.get(key)) {
        if known != form {
            return problem(400, "idempotency_error", "idempotency_key_in_use", None);
        }
        let mut replayed = answer(*status, body);
        replayed.headers_mut().insert("idempotent-replayed", "true".parse().unwrap());
        return replayed;
    }
    let (status, body) = act(&mut books);
    if let Some(key) = key {
        books.answered.insert(key, (form.clone(), status, body.clone()));
    }
    answer(status, &body)
}

async fn create(State(stripe): State<Stripe>, headers: HeaderMap, Form(form): Form<Fields>) -> Response {
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

async fn retrieve(State(stripe): State<Stripe>, Path(id): Path<String>) -> Response {
    match stripe.books().intents.get(&id) {
        Some(intent) => answer(200, intent),
        None => problem(404, "invalid_request_error", "resource_missing", None),
    }
}

async fn change(State(stripe): State<Stripe>, Path(id): Path<String>, Form(form): Form<Fields>) -> Response {
    let mut books = stripe.books();
    let intent = books.intents.get_mut(&id).unwrap();
    intent["customer"] = json!(form["customer"]);
    answer(200, intent)
}

fn succeed(books: &mut Books, id: &str, brand: &str, last4: &str) {
    *books.charges.entry(id.to_owned()).or_default() += 1;
    let intent = books.intents.get_mut(id).unwrap();
    intent["status"] = json!("succeeded");
    intent["amount_received"] = intent["amount"].clone();
    intent["next_action"] = Value::Null;
    intent["latest_charge"] = json!({
        "id": format!("ch_{id}"), "receipt_url": format!("https://pay.stripe.example/receipts/{id}"),
        "payment_method_details": { "card": { "brand": brand, "last4": last4 } },
    });
}

fn fail(books: &mut Books, id: &str, code: &str, decline_code: Option<&str>) -> Value {
    let error = json!({ "type": "card_error", "code": code, "decline_code": decline_code });
    let intent = books.intents.get_mut(id).unwrap();
    intent["status"] = json!("requires_payment_method");
    intent["last_payment_error"] = error.clone();
    json!({ "error": error })
}

async fn confirm(
    State(stripe): State<Stripe>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Response {
    let method = form["payment_method"].as_str();
    let token = method.strip_prefix("pm_of_").unwrap_or(method).to_owned();
    let before = {
        let mut books = stripe.books();
        let count = books.odd.entry(token.clone()).or_default();
        *count += 1;
        *count
    };
    match (token.as_str(), before) {
        ("tok_busy", 1) => {
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")], "{}").into_response();
        }
        ("tok_in_use", 1) => return problem(409, "idempotency_error", "idempotency_key_in_use", None),
        ("tok_down", 1..=4) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        _ => {}
    }
    let answered = once(&stripe, &headers, &form, |books| {
        let status = books.intents[&id]["status"].clone();
        if status == "succeeded" || status == "canceled" {
            let error = json!({ "type": "invalid_request_error", "code": "payment_intent_unexpected_state" });
            return (400, json!({ "error": error }));
        }
        match token.as_str() {
            "tok_chargeDeclined" => return (402, fail(books, &id, "card_declined", Some("generic_decline"))),
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
            _ => succeed(books, &id, "visa", "4242"),
        }
        (200, books.intents[&id].clone())
    });
    if (token.as_str(), before) == ("tok_answer_lost", 1) {
        // It is charged, and the connection breaks in the middle of the answer.
        let broken = futures::stream::iter([Ok(Bytes::from("{")), Err(std::io::Error::other("cut"))]);
        return Body::from_stream(broken).into_response();
    }
    answered
}

async fn cancel(
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

async fn refund(State(stripe): State<Stripe>, headers: HeaderMap, Form(form): Form<Fields>) -> Response {
    once(&stripe, &headers, &form, |books| {
        let amount: i64 = form["amount"].parse().unwrap();
        let intent = &books.intents[&form["payment_intent"]];
        if books.refunds.iter().sum::<i64>() + amount > intent["amount_received"].as_i64().unwrap() {
            let error = json!({ "type": "invalid_request_error", "code": "charge_already_refunded" });
            return (400, json!({ "error": error }));
        }
        books.refunds.push(amount);
        (200, json!({ "id": format!("re_{}", books.refunds.len()), "status": "succeeded" }))
    })
}

async fn customer(State(stripe): State<Stripe>, headers: HeaderMap, Form(form): Form<Fields>) -> Response {
    once(&stripe, &headers, &form, |_| (200, json!({ "id": "cus_1" })))
}

async fn method(Form(form): Form<Fields>) -> Response {
    match form["card[token]"].as_str() {
        "tok_unknown" => problem(400, "invalid_request_error", "resource_missing", None),
        token => answer(200, &card(&format!("pm_of_{token}"))),
    }
}

fn card(id: &str) -> Value {
    json!({ "id": id, "type": "card", "card": { "brand": "visa", "last4": "4242", "exp_month": 8, "exp_year": 2031 } })
}

async fn attach(Path(id): Path<String>) -> Response {
    answer(200, &card(&id))
}
