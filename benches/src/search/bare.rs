//! The peer: the same index in this process, fed from the same log, and asked without HTTP.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use event_store::{Log, LogWatch};
use projections::product_search::{self, Home, ProductSearch};
use projections::runner::source::EventSource;
use projections::{LogSource, Positions};

use super::check::{FEW, Ready};
use super::requests::Kind;
use crate::Error;
use crate::database::Database;
use crate::http::load::Caller;
use crate::report::say;

/// How long it may take to come to the log's end.
const PATIENCE: Duration = Duration::from_secs(120);

/// An index of its own in `home`, of what the log says and goes on to say.
pub async fn fed(database: &Database, home: &Path) -> Result<ProductSearch, Error> {
    let pool = database.pool(4).await?;
    let (log, home) = (Log::new(pool.clone()), Home::under(home));
    let began = Instant::now();
    product_search::replay(&home, &log, |_| {}).await?;
    say(&format!("the bare index is built in {:.1} s", began.elapsed().as_secs_f64()));
    let head = log.head().await?.position;
    let source: Arc<dyn EventSource> = Arc::new(LogSource::new(log, LogWatch::start(pool.clone())));
    let positions = Positions::new(pool.clone());
    let search = product_search::start(home, &pool, &source, &positions);
    match positions.wait_for(product_search::NAME, head, PATIENCE).await {
        at if at >= head => Ok(search),
        at => Err(format!("the bare index is at {at}, not at {head}").into()),
    }
}

/// Asks it one thing after another, as the role does it.
pub struct Asking {
    search: ProductSearch,
    requests: Arc<Vec<Ready>>,
    next: Arc<AtomicUsize>,
}

impl Asking {
    /// So many who share the requests.
    pub fn several(search: &ProductSearch, requests: &Arc<Vec<Ready>>, count: usize) -> Vec<Self> {
        let next = Arc::new(AtomicUsize::new(0));
        let one =
            |_| Self { search: search.clone(), requests: Arc::clone(requests), next: Arc::clone(&next) };
        (0..count).map(one).collect()
    }
}

impl Caller for Asking {
    async fn call(&mut self) -> Result<(), Error> {
        let request = &self.requests[self.next.fetch_add(1, Ordering::Relaxed) % self.requests.len()];
        let question = request.question.clone();
        if request.kind == Kind::Suggest {
            let text = question.text.unwrap_or_default();
            std::hint::black_box(self.search.suggest(text, FEW).await?);
        } else {
            std::hint::black_box(self.search.search(question).await?);
        }
        Ok(())
    }
}
