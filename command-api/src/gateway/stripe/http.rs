//! Requests to Stripe: form-encoded, with the secret key as a bearer, a pinned version of the API, and patience.

use std::time::Duration;

use rand::Rng as _;
use reqwest::header::RETRY_AFTER;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use tracing::debug;

use super::super::GatewayError;
use super::objects::{Failure, Problem};
use super::unexpected;

/// The version of the API whose objects are read here.
const VERSION: &str = "2024-06-20";

/// How long Stripe may take to answer. It lets a bank take most of it.
const ANSWER: Duration = Duration::from_secs(25);

/// How often one thing is asked, and how long the first wait is. After that whoever asked asks again, later.
const TRIES: u32 = 3;
const WAIT: Duration = Duration::from_millis(300);
const LONGEST: Duration = Duration::from_secs(5);

/// The way to Stripe. Cheap to clone.
#[derive(Clone)]
pub(super) struct Http {
    client: Client,
    url: String,
    key: String,
}

/// Without the key.
impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("url", &self.url).finish_non_exhaustive()
    }
}

/// What Stripe answered.
pub(super) struct Answer<T> {
    /// What was asked for, or why not.
    pub result: Result<T, Problem>,
    /// It is what was answered before, under the same key.
    pub replayed: bool,
}

impl Http {
    pub(super) fn new(url: &str, key: &str) -> Self {
        Self { client: Client::new(), url: url.trim_end_matches('/').to_owned(), key: key.to_owned() }
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, GatewayError> {
        self.ask(self.client.get(format!("{}{path}", self.url))).await
    }

    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&str, String)],
        key: Option<&str>,
    ) -> Result<Answer<T>, GatewayError> {
        let request = self.client.post(format!("{}{path}", self.url)).form(form);
        let request = match key {
            Some(key) => request.header("Idempotency-Key", key),
            None => request,
        };
        self.ask(request).await
    }

    /// Asks, again where asking again helps: no connection, no answer, 409 (the same key is being worked on), 429, 5xx.
    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Answer<T>, GatewayError> {
        let request = request.bearer_auth(&self.key).header("Stripe-Version", VERSION).timeout(ANSWER);
        let mut tries = 0;
        loop {
            tries += 1;
            let again = request.try_clone().ok_or_else(|| unexpected("a request can't be repeated"))?;
            let (wait, failed) = match again.send().await {
                Ok(response) if is_final(response.status()) => return read(response).await,
                Ok(response) => {
                    (asked_to_wait(&response), unexpected(format!("Stripe answered {}", response.status())))
                }
                Err(error) => (None, GatewayError(Box::new(error.without_url()))),
            };
            if tries >= TRIES {
                return Err(failed);
            }
            debug!(error = &failed as &dyn std::error::Error, tries, "Stripe is asked again");
            tokio::time::sleep(wait.unwrap_or_else(|| backoff(tries)).min(LONGEST)).await;
        }
    }
}

fn is_final(status: StatusCode) -> bool {
    !(status == StatusCode::CONFLICT || status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error())
}

fn asked_to_wait(response: &Response) -> Option<Duration> {
    response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}

/// Twice as long each time, and not the same for all who were sent away together.
fn backoff(tries: u32) -> Duration {
    WAIT.saturating_mul(1 << tries.min(6)).mul_f64(rand::rng().random_range(0.5..1.0))
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<Answer<T>, GatewayError> {
    let status = response.status();
    let replayed = response.headers().get("idempotent-replayed").is_some_and(|value| value == "true");
    let body = response.bytes().await.map_err(|error| GatewayError(Box::new(error.without_url())))?;
    let wrong = |error: serde_json::Error| GatewayError(Box::new(error));
    if status.is_success() {
        return Ok(Answer { result: Ok(serde_json::from_slice(&body).map_err(wrong)?), replayed });
    }
    let Failure { error } = serde_json::from_slice(&body).map_err(wrong)?;
    if status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN || error.is_of_key() {
        // A key that is wrong says nothing of the payment.
        return Err(unexpected(format!("Stripe answered {status}: {}", error.word())));
    }
    Ok(Answer { result: Err(error), replayed })
}
