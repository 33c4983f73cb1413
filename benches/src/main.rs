//! What `./dev bench` runs: each measurement beside a named peer or limit, in the same run, on the same servers, with
//! the same durability. Ours and the peer take turns, so that what else the machine does falls on both.

mod append;
mod database;
mod decider;
mod faults;
mod growth;
mod hot_product;
mod http;
mod lag;
mod one_event;
mod order_lists;
mod random;
mod rebuild;
mod relay;
mod report;
mod search;
mod tables;
mod two_processes;
mod verify;

use std::process::ExitCode;

use clap::Parser;

use crate::database::Server;
use crate::report::Report;

/// Decisions and requests are many small allocations; docs/benchmarks.md has what this is worth.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Why a measurement could not be taken.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// What may be asked for.
const PARTS: &str = "\
Parts, each by its name or by a part of it:
  one-event-64, -512              commands that make one event
  decider-64-of-bare-append, -512-…
  hot-product, two-processes      one stock that all want
  append-at-2-million, verify, relay
  http-orders, -orders-open, -reads, -purchase-8, -purchase-64, -last-unit, -memory
  search-relevance                nDCG@10 beside peers, held out, misspelt
  search-latency, -latency-filter-list, -latency-suggest
                                  100,000 products that change: rates and times beside the bare index, how stale prices and
                                  stocks are, the index rebuilt while it is searched
  rebuild-order-history, rebuild-seller-stats
                                  beside COPY, with 1,000 reads a second and orders coming in
  lag-from-log, lag-from-kafka    from acknowledged to visible, by read model
  order-lists                     lists over HTTP at a million orders

Example: ./dev bench one-event --rounds 5";

/// Measures Daybook beside its peers and limits.
#[derive(Parser)]
#[command(name = "daybook-benches", after_help = PARTS)]
struct Arguments {
    /// How often ours and the peer take turns.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only measurements whose name contains this.
    only: Option<String>,
    /// One of the two processes of two-processes: not to be called by hand.
    #[arg(long, hide = true)]
    worker: Option<String>,
    /// Where the list of ratios goes.
    #[arg(long, env = "DAYBOOK_BENCH_OUT", default_value = "bench.json")]
    out: std::path::PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.worker {
        Some(job) => two_processes::worker(job).await,
        None => run(&arguments).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Error> {
    let server = Server::from_environment()?;
    let mut report = Report::new(arguments.rounds, arguments.only.clone(), arguments.out.clone());
    report::say(&server.durability().await?);
    one_event::measure(&server, &mut report).await?;
    append::measure(&server, &mut report).await?;
    hot_product::measure(&server, &mut report).await?;
    two_processes::measure(&server, &mut report).await?;
    growth::measure(&server, &mut report).await?;
    verify::measure(&server, &mut report).await?;
    relay::measure(&server, &mut report).await?;
    http::measure(&server, &mut report).await?;
    search::measure(&server, &mut report).await?;
    rebuild::measure(&server, &mut report).await?;
    lag::measure(&server, &mut report).await?;
    order_lists::measure(&server, &mut report).await?;
    Ok(())
}
