//! Each request, counted: by the route's template, never by its path, which anybody can make up.

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use metrics::{Gauge, counter, gauge, histogram};
use tokio::time::Instant;

/// A request that is being answered.
pub(super) struct Measured {
    method: &'static str,
    route: Option<MatchedPath>,
    started: Instant,
    _underway: Underway,
}

/// Counts a request for as long as it lives, however it ends.
struct Underway(Gauge);

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl Measured {
    pub(super) fn start(request: &Request) -> Self {
        let underway = gauge!("daybook_http_requests_in_flight");
        underway.increment(1.0);
        Self {
            method: word(request.method()),
            route: request.extensions().get::<MatchedPath>().cloned(),
            started: Instant::now(),
            _underway: Underway(underway),
        }
    }

    pub(super) fn answered(self, status: StatusCode) -> u64 {
        let took = self.started.elapsed();
        let route = self.route.as_ref().map_or("none", MatchedPath::as_str).to_owned();
        let labels =
            [("method", self.method.to_owned()), ("route", route), ("status", status.as_str().to_owned())];
        counter!("daybook_http_requests_total", &labels).increment(1);
        histogram!("daybook_http_request_duration_seconds", &labels[..2]).record(took);
        u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
    }
}

/// A method of ours, or OTHER: a label has few values.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
