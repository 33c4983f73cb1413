//! The simulator's webhooks: sent over HTTP, signed, again and again until they are taken.

use std::time::Duration;

use chrono::Utc;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::super::signature;
use super::{SIGNATURE, Simulator};

/// How often it looks whether one is due.
const LOOK: Duration = Duration::from_millis(250);

/// How long the shop may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// How many it sends in one go, and how often it tries one.
const AT_ONCE: i64 = 16;
const TRIES: i32 = 12;

struct Webhook {
    id: i64,
    payload: String,
}

impl Simulator {
    /// Sends what is due, until it is stopped. Several processes may do so at the same time.
    pub async fn deliver(self, stop: CancellationToken) {
        let deliver = async {
            loop {
                if self.deliver_due().await == 0 {
                    tokio::time::sleep(LOOK).await;
                }
            }
        };
        stop.run_until_cancelled(deliver).await;
    }

    /// Sends what is due; how many those were.
    async fn deliver_due(&self) -> usize {
        match self.claim(None).await {
            Ok(due) => {
                let count = due.len();
                futures::future::join_all(due.into_iter().map(|webhook| self.send(webhook))).await;
                count
            }
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "the simulator's webhooks can't be read");
                0
            }
        }
    }

    /// Sends this one now, so that the shop knows before the customer is back there.
    pub(super) async fn deliver_now(&self, id: i64) {
        match self.claim(Some(id)).await {
            Ok(claimed) => {
                for webhook in claimed {
                    self.send(webhook).await;
                }
            }
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "a webhook of the simulator can't be read");
            }
        }
    }

    /// Takes what is due, or this one, for a second and longer each time: who dies meanwhile has not sent it.
    async fn claim(&self, only: Option<i64>) -> Result<Vec<Webhook>, sqlx::Error> {
        sqlx::query_as!(
            Webhook,
            "UPDATE simulator_webhooks SET tries = tries + 1, due_at = now() + interval '1 second' * power(2, tries)
             WHERE id IN (SELECT id FROM simulator_webhooks
                          WHERE tries < $2
                            AND CASE WHEN $1::bigint IS NULL THEN due_at <= clock_timestamp() ELSE id = $1 END
                          ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
             RETURNING id, payload",
            only,
            TRIES,
            AT_ONCE
        )
        .fetch_all(&self.pool)
        .await
    }

    async fn send(&self, webhook: Webhook) {
        let Some(signature) = signature::sign(webhook.payload.as_bytes(), &self.secret, Utc::now()) else {
            return;
        };
        let request = self
            .http
            .post(format!("{}/api/v1/payments/webhooks/simulator", self.base_url))
            .timeout(ANSWER)
            .header(SIGNATURE, signature)
            .header("content-type", "application/json")
            .body(webhook.payload);
        match request.send().await.and_then(reqwest::Response::error_for_status) {
            Ok(_) => {
                let sent = sqlx::query!("DELETE FROM simulator_webhooks WHERE id = $1", webhook.id);
                if let Err(error) = sent.execute(&self.pool).await {
                    warn!(error = &error as &dyn std::error::Error, "a webhook will be sent again");
                }
            }
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "a webhook of the simulator was not taken");
            }
        }
    }
}
