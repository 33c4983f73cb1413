//! Everything that an endpoint can answer but success.

mod answer;
mod violation;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use axum::http::StatusCode;

pub use violation::{Code, Violation};

/// Any error, as a cause that is logged and not shown.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What an endpoint answers when it doesn't succeed.
#[derive(Debug)]
pub struct ApiError(Box<Refusal>);

#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    summary: &'static str,
    violations: Vec<Violation>,
    retry_after: Option<u64>,
    cause: Option<BoxError>,
}

impl ApiError {
    /// One violation, with its code's status.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self::from(Violation::new(code, message))
    }

    /// All violations of a request; the first one's code gives the status. None at all is a bug, and answered as one.
    pub fn all(violations: Vec<Violation>) -> Self {
        let (status, summary) = violations.first().map_or(Code::InternalError, |first| first.code).meaning();
        Self(Box::new(Refusal { status, summary, violations, retry_after: None, cause: None }))
    }

    /// A value that breaks a rule.
    pub fn invalid(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::from(Violation::of(field, Code::ValidationError, message))
    }

    /// There is no such thing, or not for this caller. `what` is a noun: `Product`.
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("{what} not found"))
    }

    /// Nobody is logged in, or not with these credentials.
    pub fn unauthorized(message: &'static str) -> Self {
        Self::new(Code::Unauthorized, message)
    }

    /// The caller may see it but not do this.
    pub fn forbidden() -> Self {
        Self::new(Code::Forbidden, "You do not have permission to do this")
    }

    /// The state doesn't allow it.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Conflict, message)
    }

    /// A value that somebody else has.
    pub fn already_exists(field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::from(Violation::of(field, Code::AlreadyExists, message))
    }

    /// The `Idempotency-Key` was used with another body: 422.
    pub fn key_reused() -> Self {
        let mut error = Self::from(Violation::of(
            "Idempotency-Key",
            Code::Conflict,
            "This key was used with another body",
        ));
        error.0.status = StatusCode::UNPROCESSABLE_ENTITY;
        error
    }

    /// `If-Match` names another version than the current one.
    pub fn precondition_failed() -> Self {
        Self::from(Violation::of("If-Match", Code::PreconditionFailed, "It has changed since this version"))
    }

    /// Too many failed logins; the time left.
    pub fn locked(left: Duration) -> Self {
        let seconds = whole_seconds(left);
        Self::new(
            Code::AccountLocked,
            format!("Account locked after too many failed logins. Try again in {seconds} seconds"),
        )
        .retry_after(left)
    }

    /// Not now; try again after a while.
    pub fn unavailable(retry_after: Duration) -> Self {
        Self::new(Code::ServiceUnavailable, "Try again later").retry_after(retry_after)
    }

    /// No answer to a command, which may have been taken or not. It names no time after which to come again: who does so
    /// unasked, and without a key, may have it done twice.
    pub fn unknown_outcome() -> Self {
        let message = "It is not known whether this was done. Look first; if it was sent with an Idempotency-Key, send it again with that";
        Self::new(Code::ServiceUnavailable, message)
    }

    /// The same fault, met when a command had been accepted: whoever is told to come again, by a word or by a header, would
    /// have it done twice.
    #[must_use]
    pub fn after_acceptance(mut self) -> Self {
        if self.0.status.is_server_error() {
            self.0.retry_after = None;
            for violation in &mut self.0.violations {
                violation.message = "This was accepted, and its answer could not be made. Look how it stands; if it was sent with an Idempotency-Key, send it again with that".into();
            }
        }
        self
    }

    /// A bug or a fault of ours: logged with all its causes, shown with none.
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::new(Code::InternalError, "Something went wrong on our side").because(cause)
    }

    /// The log has what this build can't read: a fault of ours that lasts until somebody mends it.
    pub fn unreadable(cause: impl Into<BoxError>) -> Self {
        let message = "What is recorded of this can't be read now. It is a fault on our side, and asking again doesn't help until it is mended";
        Self::new(Code::InternalError, message).because(cause)
    }

    /// Names the field of every violation that has none.
    #[must_use]
    pub fn field(mut self, field: &str) -> Self {
        for violation in &mut self.0.violations {
            violation.field.get_or_insert_with(|| field.to_owned());
        }
        self
    }

    /// Says after how long it may go better: `Retry-After` and `retryAfter`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, left: Duration) -> Self {
        self.0.retry_after = Some(whole_seconds(left));
        self
    }

    /// Keeps what led to it, for the log.
    #[must_use]
    pub fn because(mut self, cause: impl Into<BoxError>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// The status that it is answered with.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// What is wrong.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }
}

impl From<Violation> for ApiError {
    fn from(violation: Violation) -> Self {
        Self::all(vec![violation])
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.summary)?;
        self.0.violations.iter().try_for_each(|violation| write!(f, "; {}", violation.message))
    }
}

impl std::error::Error for ApiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|cause| &**cause as _)
    }
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Guards against a client that honours `Retry-After`, has no key, and has a refund made twice.
    #[test]
    fn nobody_is_told_when_to_come_again_for_what_is_or_may_be_done() {
        let not_now = || ApiError::unavailable(Duration::from_secs(1));
        assert_eq!(not_now().0.retry_after, Some(1));
        for error in [not_now().after_acceptance(), ApiError::unknown_outcome()] {
            assert_eq!((error.status().as_u16(), error.0.retry_after), (503, None), "{error}");
        }
        let refused = ApiError::conflict("not now").retry_after(Duration::from_secs(1)).after_acceptance();
        assert_eq!(refused.0.retry_after, Some(1), "what the rules say stays as it is");
    }
}
