//! Requests to Stripe: form-encoded, with the secret key as a bearer, a pinned version of the API, and patience.

use std::future::{Ready, ready};
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

/// How many keys may follow the first. Each is used up by a failure of its own, so they last through a few minutes in which
/// Stripe fails all the time; whoever finds them used up waits until Stripe forgets them.
const MORE_KEYS: u32 = 12;

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

/// What was heard of a request.
enum Heard<T> {
    Answer(Answer<T>),
    /// It failed when it was first asked under its key, and that is what is answered under it for a day.
    Repeated {
        /// That first time may have been a moment ago.
        failed_just_now: bool,
    },
}

/// The idempotency keys under which one thing is asked for: the first, and those that follow where Stripe repeats a failure.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    first: Option<String>,
    more: u32,
}

impl Keys {
    /// This one, and those that follow: `…/r1`, `…/r2`. For what moves no money twice under two keys.
    pub(super) fn from(first: impl Into<String>) -> Self {
        Self { first: Some(first.into()), more: MORE_KEYS }
    }

    /// This one alone.
    pub(super) fn only(first: impl Into<String>) -> Self {
        Self { first: Some(first.into()), more: 0 }
    }

    /// None: each time is another one.
    pub(super) fn none() -> Self {
        Self { first: None, more: 0 }
    }

    /// One after the other, as all take them who ask for the same thing.
    pub(super) fn in_order(&self) -> impl Iterator<Item = Option<String>> {
        let next = |n| self.first.as_ref().map(|first| format!("{first}/r{n}"));
        std::iter::once(self.first.clone()).chain((1..=self.more).map(next))
    }
}

impl Http {
    pub(super) fn new(url: &str, key: &str) -> Self {
        Self { client: Client::new(), url: url.trim_end_matches('/').to_owned(), key: key.to_owned() }
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, GatewayError> {
        self.ask_without_key(self.client.get(format!("{}{path}", self.url))).await
    }

    /// Deletes, which is done as often as it is asked for.
    pub(super) async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, GatewayError> {
        self.ask_without_key(self.client.delete(format!("{}{path}", self.url))).await
    }

    async fn ask_without_key<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<Answer<T>, GatewayError> {
        match self.ask(request).await? {
            Heard::Answer(answer) => Ok(answer),
            Heard::Repeated { .. } => Err(unexpected("Stripe repeats an answer to a question without a key")),
        }
    }

    /// Asks for something once, however often it is called with these keys.
    ///
    /// Stripe repeats whatever it answered first under a key for a day, a 500 too
    /// (<https://docs.stripe.com/api/idempotent_requests>). So where it says that it repeats a failure, `done` looks whether
    /// what was asked for happened all the same, and if not the next key is taken. Only a failure that is *repeated* leads on:
    /// that one has ended, for Stripe answers 409 while the first request is at work. Behind a fresh 5xx it may go on; the
    /// same key is asked again. All who ask for the same thing take the same keys in the same order.
    ///
    /// None of this proves that what failed never happens: Stripe calls a 500 indeterminate, and may make up for it hours
    /// after the look (<https://docs.stripe.com/error-low-level#server-errors>). So [`Keys::from`] is only for what may be
    /// asked for under two keys without money moving twice, and each who makes them says why. What can't is asked for under
    /// [`Keys::only`] one.
    pub(super) async fn post<T, F>(
        &self,
        path: &str,
        form: &[(&str, String)],
        keys: &Keys,
        done: impl Fn() -> F,
    ) -> Result<Answer<T>, GatewayError>
    where
        T: DeserializeOwned,
        F: Future<Output = Result<Option<T>, GatewayError>>,
    {
        for key in keys.in_order() {
            let request = self.client.post(format!("{}{path}", self.url)).form(form);
            let request = match key {
                Some(key) => request.header("Idempotency-Key", key),
                None => request,
            };
            match self.ask(request).await? {
                Heard::Answer(answer) => return Ok(answer),
                // Whoever asked asks again, later: in an hour in which all fails the keys would be used up in a second.
                Heard::Repeated { failed_just_now: true } => return Err(unexpected("Stripe failed")),
                Heard::Repeated { failed_just_now: false } => {}
            }
            if let Some(done) = done().await? {
                return Ok(Answer { result: Ok(done), replayed: false });
            }
        }
        Err(unexpected("Stripe repeats a failure under every key"))
    }

    /// Asks, again where asking again helps: no connection, no answer, 409 (the same key is being worked on), 429, 5xx. A
    /// 5xx that is repeated will be the next time too.
    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Heard<T>, GatewayError> {
        let request = request.bearer_auth(&self.key).header("Stripe-Version", VERSION).timeout(ANSWER);
        let mut tries = 0;
        loop {
            tries += 1;
            let again = request.try_clone().ok_or_else(|| unexpected("a request can't be repeated"))?;
            let (wait, failed) = match again.send().await {
                Ok(response) if is_final(response.status()) => {
                    return read(response).await.map(Heard::Answer);
                }
                Ok(response) if response.status().is_server_error() && is_replayed(&response) => {
                    return Ok(Heard::Repeated { failed_just_now: tries > 1 });
                }
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

/// Looks for nothing: of what moves no money it doesn't matter whether it happened under the key before.
pub(super) fn moves_no_money<T>() -> Ready<Result<Option<T>, GatewayError>> {
    ready(Ok(None))
}

fn is_final(status: StatusCode) -> bool {
    !(status == StatusCode::CONFLICT || status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error())
}

fn is_replayed(response: &Response) -> bool {
    response.headers().get("idempotent-replayed").is_some_and(|value| value == "true")
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
    let replayed = is_replayed(&response);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn all(keys: &Keys) -> Vec<Option<String>> {
        keys.in_order().collect()
    }

    #[test]
    fn keys_follow_each_other_in_one_order_and_end() {
        let keys = all(&Keys::from("a"));
        let first: Vec<_> = keys.iter().take(3).flatten().map(String::as_str).collect();
        assert_eq!(first, ["a", "a/r1", "a/r2"]);
        assert_eq!(keys.len(), 1 + MORE_KEYS as usize);
        assert_eq!(all(&Keys::only("a")), [Some("a".to_owned())]);
        assert_eq!(all(&Keys::none()), [None]);
    }
}
