//! `daybook audit`: an auditor's tools. They read the log as the restricted role and change nothing.

mod ledger;
mod show;
mod table;
mod telling;
mod verify;

use event_store::Log;
use indicatif::{ProgressBar, ProgressStyle};

use crate::config::Config;
use crate::{Failure, roles};

#[derive(clap::Args)]
#[command(after_help = "Example: daybook audit show order ORD-2026-000100\nSee also docs/guides/auditors.md")]
pub struct Args {
    #[command(subcommand)]
    tool: Tool,
}

#[derive(clap::Subcommand)]
enum Tool {
    /// The history of one order, payment, inventory, cart or product, as of any moment.
    Show(show::Args),
    /// Checks that nobody altered the log.
    Verify(verify::Args),
    /// What was captured and refunded, day by day, added up from the log.
    Ledger(ledger::Args),
}

/// `daybook audit`.
pub async fn run(args: Args, config: &Config) -> Result<(), Failure> {
    let pool = roles::pool(config).await?;
    let log = Log::new(pool.clone());
    match args.tool {
        Tool::Show(args) => show::run(args, &log, &pool).await,
        Tool::Verify(args) => verify::run(args, &log).await,
        Tool::Ledger(args) => ledger::run(args, &log).await,
    }
}

/// A bar on standard error while the log is gone through; nothing where that is no terminal.
fn bar() -> Result<ProgressBar, Failure> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} events, {per_sec}")?;
    Ok(ProgressBar::new(0).with_style(style))
}
