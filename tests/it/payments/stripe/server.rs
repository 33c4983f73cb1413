//! A server that behaves as Stripe is documented and recorded to, as far as Daybook asks it: idempotency keys, test
//! tokens, 3-D Secure, refunds, and the ways in which an answer may be missing.

mod events;
mod intents;
mod methods;
mod refunds;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
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
    refunds: Vec<Value>,
    /// How often they were listed.
    refunds_listed: u32,
    /// What happened, in order, an hour apart: webhooks of it are sent by whoever tests.
    events: Vec<Value>,
    /// Since when they were asked for, each time.
    events_since: Vec<Option<i64>>,
    /// All pages of them but the first fail with this.
    pages_fail: Option<StatusCode>,
    /// How a refund is that is made from now on.
    refund_status: Option<&'static str>,
    /// The next refund is made, and its answer is lost with its key.
    loses_refund: bool,
    /// The next refund fails, made or not, and that is repeated under its key.
    fails_refund: Option<bool>,
    /// Refunds that failed and were not made.
    unmade: Vec<Value>,
    /// They are made when the next key is asked by.
    makes_up_late: bool,
    /// How often an answer was repeated.
    repeated: u32,
    /// Tokens that are used up.
    used: HashSet<String>,
    /// Customers that were made, and not deleted.
    customers: HashSet<String>,
    /// How many were made.
    customers_made: u32,
    /// It gives no answer when something is to be forgotten.
    is_deaf: bool,
    /// Whose customer's each card is that is kept.
    kept: HashMap<String, String>,
    /// How often each odd token was odd already.
    odd: HashMap<String, u32>,
    made: u32,
}

impl Books {
    /// How often this happened, this time too.
    fn again(&mut self, what: &str) -> u32 {
        let count = self.odd.entry(what.to_owned()).or_default();
        *count += 1;
        *count
    }
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
            .route("/v1/payment_intents", post(intents::create))
            .route("/v1/payment_intents/{id}", get(intents::retrieve).post(intents::change))
            .route("/v1/payment_intents/{id}/confirm", post(intents::confirm))
            .route("/v1/payment_intents/{id}/cancel", post(intents::cancel))
            .route("/v1/events", get(events::list))
            .route("/v1/refunds", get(refunds::list).post(refunds::create))
            .route("/v1/customers", post(methods::customer))
            .route("/v1/customers/{id}", get(methods::retrieve_customer).delete(methods::delete))
            .route("/v1/payment_methods", post(methods::create))
            .route("/v1/payment_methods/{id}", get(methods::retrieve))
            .route("/v1/payment_methods/{id}/attach", post(methods::attach))
            .route("/v1/payment_methods/{id}/detach", post(methods::detach))
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
        self.books().refunds.iter().map(|refund| refund["amount"].as_i64().unwrap()).collect()
    }

    /// Which cards are kept.
    pub fn kept(&self) -> Vec<String> {
        self.books().kept.keys().cloned().collect()
    }

    /// Which customers there are.
    pub fn customers(&self) -> Vec<String> {
        self.books().customers.iter().cloned().collect()
    }

    /// Somebody deletes all customers, with their cards.
    pub fn delete_customers(&self) {
        let mut books = self.books();
        books.customers.clear();
        books.kept.clear();
    }

    /// From now on it gives no answer when something is to be forgotten; or it does again.
    pub fn is_deaf(&self, deaf: bool) {
        self.books().is_deaf = deaf;
    }

    /// A day has passed: what was answered under a key is not answered again.
    pub fn forget_keys(&self) {
        self.books().answered.clear();
    }

    /// The next refund is made, and a day passes before anybody learns of it.
    pub fn lose_next_refund(&self) {
        self.books().loses_refund = true;
    }

    /// The next refund fails, made or not, and that is repeated under its key.
    pub fn fail_next_refund(&self, made: bool) {
        self.books().fails_refund = Some(made);
    }

    /// Stripe looks into its failures, and makes the refunds that it did not make: as far as there is money for them.
    pub fn make_up(&self) {
        refunds::make_up(&mut self.books());
    }

    /// As [`Self::make_up`], when a refund is asked for under the next key: after whoever asks has looked.
    pub fn make_up_late(&self) {
        self.books().makes_up_late = true;
    }

    /// How often an answer was repeated.
    pub fn repeated(&self) -> u32 {
        self.books().repeated
    }

    /// How often a key was used that follows another one.
    pub fn next_keys(&self) -> usize {
        self.books().answered.keys().filter(|key| key.contains("/r")).count()
    }

    /// How refunds are that are made from now on.
    pub fn make_refunds(&self, status: &'static str) {
        self.books().refund_status = Some(status);
    }

    /// What becomes of all refunds.
    pub fn settle_refunds(&self, status: &'static str) {
        let mut books = self.books();
        for refund in &mut books.refunds {
            refund["status"] = json!(status);
        }
        for refund in books.refunds.clone() {
            events::happened(&mut books, "refund.updated", &refund);
            if status == "failed" {
                events::happened(&mut books, "refund.failed", &refund);
            }
        }
    }

    /// How often refunds were listed.
    pub fn refunds_listed(&self) -> u32 {
        self.books().refunds_listed
    }

    /// Something happened to a payment. Which event that is, and when it happened.
    pub fn happens(&self, kind: &str, payment_id: &str) -> (String, i64) {
        let object = json!({ "metadata": { "payment_id": payment_id } });
        events::happened(&mut self.books(), kind, &object);
        self.last_event()
    }

    /// The same, at this moment.
    pub fn happens_now(&self, kind: &str, payment_id: &str) -> String {
        let (id, _) = self.happens(kind, payment_id);
        self.books().events.last_mut().unwrap()["created"] = json!(chrono::Utc::now().timestamp());
        id
    }

    /// Pages of events but the first fail from now on; or come again.
    pub fn lose_pages(&self, lost: bool) {
        self.books().pages_fail = lost.then_some(StatusCode::INTERNAL_SERVER_ERROR);
    }

    /// The last event that happened, and when.
    pub fn last_event(&self) -> (String, i64) {
        let books = self.books();
        let last = books.events.last().unwrap();
        (last["id"].as_str().unwrap().to_owned(), last["created"].as_i64().unwrap())
    }

    /// Since when events were asked for, each time.
    pub fn events_since(&self) -> Vec<Option<i64>> {
        self.books().events_since.clone()
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
                intents::succeed(&mut books, &id, "visa", "3220");
            } else {
                intents::fail(&mut books, &id, "payment_intent_authentication_failure", None);
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

/// A page of a list, the newest first and two at a time: so that whoever reads it has to turn pages.
fn page(newest: &[&Value], after: Option<&str>) -> Response {
    let after = after.and_then(|after| newest.iter().position(|it| it["id"] == after));
    let rest = newest.get(after.map_or(0, |at| at + 1)..).unwrap_or_default();
    let page = &rest[..rest.len().min(2)];
    answer(200, &json!({ "object": "list", "data": page, "has_more": page.len() < rest.len() }))
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
    if let Some((known, status, body)) = key.as_ref().and_then(|key| books.answered.get(key)).cloned() {
        if known != *form {
            return problem(400, "idempotency_error", "idempotency_key_in_use", None);
        }
        books.repeated += 1;
        let mut replayed = answer(status, &body);
        replayed.headers_mut().insert("idempotent-replayed", "true".parse().unwrap());
        return replayed;
    }
    let (status, body) = act(&mut books);
    if let Some(key) = key {
        books.answered.insert(key, (form.clone(), status, body.clone()));
    }
    answer(status, &body)
}

/// A failure, which is kept under its key as any answer is.
fn failed() -> (u16, Value) {
    (500, json!({ "error": { "type": "api_error" } }))
}

/// An answer that says nothing.
fn garbled() -> Response {
    (StatusCode::OK, "{").into_response()
}

/// The connection breaks in the middle of the answer.
fn cut() -> Response {
    let broken = futures::stream::iter([Ok(Bytes::from("{")), Err(std::io::Error::other("cut"))]);
    Body::from_stream(broken).into_response()
}
