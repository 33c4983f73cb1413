//! From a request to the decider: who commands, under which key, and what a failure is answered with.

use std::convert::Infallible;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use api_contract::{ApiError, BoxError, CorrelationId, Fingerprint, Principal};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use domain::aggregate::Stored;
use domain::{Halt, Streams as _};
use event_store::{Accepted, Decider, Decision, Failure, Metadata, Remembered, Submission};
use metrics::histogram;
use projections::QueryError;
use tokio::time::Instant;
use uuid::Uuid;

/// After how long a command that couldn't be taken may be tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// The time now, as finely as the log keeps it: an answer that is given again then says the same.
pub fn now() -> DateTime<Utc> {
    let now = Utc::now();
    now.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(now)
}

/// Who commands, in the course of which request. As an extractor it answers 401 where nobody is logged in.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub principal: Principal,
    correlation_id: Arc<str>,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let principal = Principal::from_request_parts(parts, state).await?;
        let correlation: Result<_, Infallible> = CorrelationId::from_request_parts(parts, state).await;
        let Ok(CorrelationId(correlation_id)) = correlation;
        Ok(Self { principal, correlation_id })
    }
}

impl Caller {
    /// A command of theirs: with who, why and in which request, which is what led to its events.
    pub fn submission(&self) -> Submission {
        let metadata = Metadata::default()
            .with(Metadata::ACTOR, self.principal.actor())
            .with(Metadata::CORRELATION_ID, &*self.correlation_id)
            .with(Metadata::CAUSATION_ID, format!("request:{}", Uuid::now_v7()));
        Submission { metadata, bytes: 2048, ..Submission::default() }
    }

    /// A command of theirs that counts once for its key and body.
    pub fn keyed(&self, key: &api_contract::IdempotencyKey, fingerprint: Fingerprint) -> Submission {
        let key = key.digest(self.principal.user);
        let key = key.map(|key| event_store::IdempotencyKey { key, fingerprint: fingerprint.0 });
        Submission { key, ..self.submission() }
    }
}

/// Has a command decided. The decision says itself how its refusals are answered.
pub async fn decide<R: Send + 'static>(
    decider: &Decider,
    submission: Submission,
    decision: impl Fn(&mut Decision<'_>) -> Result<R, Halt<ApiError>> + Send + 'static,
) -> Result<Accepted<R>, ApiError> {
    let since = Instant::now();
    let answer = decider.submit(submission, decision).await;
    histogram!("daybook_command_seconds").record(since.elapsed());
    answer.map_err(|failure| match failure.refusal() {
        Ok(refusal) => refusal,
        Err(Failure::Refused(never)) => match never {},
        Err(Failure::KeyReused) => ApiError::key_reused(),
        Err(Failure::Busy) => ApiError::unavailable(TRY_AGAIN),
        Err(fault @ (Failure::Unavailable | Failure::Stopped)) => {
            ApiError::unavailable(TRY_AGAIN).because(fault)
        }
        Err(fault @ Failure::Unanswered) => ApiError::unknown_outcome().because(fault),
        Err(bug @ (Failure::Unstorable(_) | Failure::Broken)) => ApiError::internal(bug),
    })
}

/// What was answered under a command's key, if it was used before: then it doesn't matter what has become of the things that
/// the request names. Otherwise the refusal of these.
pub async fn replayed_or(
    decider: &Decider,
    submission: Submission,
    refusal: ApiError,
) -> Result<Remembered, ApiError> {
    if submission.key.is_none() {
        return Err(refusal);
    }
    // Asked only where the key is free.
    let free = |_: &mut Decision<'_>| Ok(());
    match decide(decider, submission, free).await? {
        Accepted::Replayed(before) => Ok(before),
        Accepted::Done { .. } => Err(refusal),
    }
}

/// An aggregate's state as the decider has it.
pub async fn state<A: Stored>(decider: &Decider, id: impl Display) -> Result<A, ApiError> {
    let id = id.to_string();
    let look = move |streams: &mut Decision<'_>| Ok(streams.state::<A, ApiError>(&id)?.clone());
    match decide(decider, Submission::default(), look).await? {
        Accepted::Done { value, position: _ } => Ok(value),
        // Without a key nothing is replayed.
        Accepted::Replayed(_) => Err(ApiError::internal(BoxError::from("a look was replayed"))),
    }
}

/// How a read model that could not be asked is answered.
pub fn unanswered(error: QueryError) -> ApiError {
    if error.is_not_ready() {
        ApiError::unavailable(TRY_AGAIN).because(error)
    } else {
        identity::failed(error)
    }
}
