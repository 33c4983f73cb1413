//! Products that change meanwhile, at a steady rate: of four changes three are of stock and one is of name and price.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use hyper::Method;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::Error;
use crate::decider::per_second;
use crate::http::load::{self, Caller};
use crate::http::{Ask, Connection, Daybook, Load};
use crate::report::say;

/// Changes a second.
pub const RATE: f64 = 40.0;
/// What of it must be reached, or what was measured meanwhile is not what it says.
const LEAST: f64 = 0.9;
/// Changes that are on their way at once.
const AT_ONCE: usize = 8;

/// Changes that go on.
pub struct Changes {
    started: Instant,
    stop: Arc<AtomicBool>,
    changing: JoinHandle<Result<(Load, Vec<Changer>), Error>>,
}

impl Changes {
    /// Begins to change these products.
    pub async fn start(daybook: &Daybook, token: &str, ids: Vec<String>) -> Result<Self, Error> {
        let (ids, next, stop) = (Arc::new(ids), Arc::default(), Arc::new(AtomicBool::new(false)));
        let changer = |connection| Changer {
            connection,
            token: token.to_owned(),
            ids: Arc::clone(&ids),
            next: Arc::clone(&next),
        };
        let changers =
            Connection::several(daybook.address, AT_ONCE).await?.into_iter().map(changer).collect();
        let changing = tokio::spawn(load::open_until::<Changer>(changers, RATE, Arc::clone(&stop)));
        Ok(Self { started: Instant::now(), stop, changing })
    }

    /// Ends, and refuses if there were too few.
    pub async fn stop(self) -> Result<(), Error> {
        self.stop.store(true, Ordering::Relaxed);
        let (load, _) = self.changing.await??;
        let rate = per_second(load.count, self.started);
        say(&format!(
            "{} products were changed meanwhile, {rate:.1} a second of {RATE}: p50 {:.1} ms, p99 {:.1} ms",
            load.count,
            load.milliseconds(0.5),
            load.milliseconds(0.99)
        ));
        if rate < RATE * LEAST {
            return Err(format!("only {rate:.1} changes a second of {RATE}").into());
        }
        Ok(())
    }
}

/// Who changes them.
struct Changer {
    connection: Connection,
    token: String,
    ids: Arc<Vec<String>>,
    next: Arc<AtomicUsize>,
}

impl Caller for Changer {
    async fn call(&mut self) -> Result<(), Error> {
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        let id = &self.ids[nth * 7919 % self.ids.len()];
        let (method, path, body) = if nth.is_multiple_of(4) {
            let body = json!({ "name": format!("Changed laptop case {nth}"), "price": 10 + nth % 90 });
            (Method::PATCH, format!("/api/v1/products/{id}"), body)
        } else {
            let body = json!({ "quantity": 1, "reason": "found" });
            (Method::POST, format!("/api/v1/products/{id}/stock"), body)
        };
        let (status, answer) =
            self.connection.ask(Ask::of(method, &path, &self.token, body.to_string())).await?;
        if status.is_success() {
            return Ok(());
        }
        Err(format!("a change was answered {status}: {}", String::from_utf8_lossy(&answer)).into())
    }
}
