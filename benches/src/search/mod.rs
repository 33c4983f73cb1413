//! Searching products: how good the order of what is found is, and how fast it is answered while there are writes.

mod bare;
mod bm25;
mod catalog;
mod changes;
mod check;
mod edits;
mod judgements;
mod latency;
mod making;
mod postgres;
mod readers;
mod rebuilt;
mod relevance;
mod requests;
mod stale;
mod tuning;

use crate::Error;
use crate::database::Server;
use crate::report::Report;

/// The names of what is measured.
pub const RELEVANCE: &str = "search-relevance";
/// See [`RELEVANCE`].
pub const LATENCY: &str = "search-latency";

/// Everything whose name begins with `search`.
pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    let wants = |names: &[&str]| names.iter().any(|name| report.wants(name));
    let (relevance, latency) = (wants(&relevance::NAMES), wants(&latency::NAMES));
    if !relevance && !latency {
        return Ok(());
    }
    let Some(shared) = catalog::shared() else { return Ok(()) };
    if relevance {
        relevance::measure(server, &shared, report).await?;
    }
    if latency {
        latency::measure(server, &shared, report).await?;
    }
    Ok(())
}
