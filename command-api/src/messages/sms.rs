//! SMS by an HTTP endpoint.

use std::time::Duration;

use serde::Serialize;
use url::Url;
use uuid::Uuid;

use super::SendError;

/// How long the endpoint may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// An endpoint that takes `{to, message}`.
#[derive(Clone, Debug)]
pub(super) struct Sms {
    url: Url,
    client: reqwest::Client,
}

#[derive(Serialize)]
struct Body<'a> {
    to: &'a str,
    message: &'a str,
}

impl Sms {
    pub(super) fn new(url: Url) -> Self {
        Self { url, client: reqwest::Client::new() }
    }

    /// Sends a text, with the message's id as its idempotency key.
    pub(super) async fn send(&self, id: Uuid, to: &str, message: &str) -> Result<(), SendError> {
        let request = self.client.post(self.url.clone()).timeout(PATIENCE);
        let request = request.header("idempotency-key", id.to_string()).json(&Body { to, message });
        // The endpoint's address may hold a key.
        let answer = request.send().await.map_err(|error| SendError::Unreached(error.without_url()))?;
        if answer.status().is_success() { Ok(()) } else { Err(SendError::Refused(answer.status())) }
    }
}
