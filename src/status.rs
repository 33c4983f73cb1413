//! `daybook status`: how far each consumer of the log has come, and what gateways still have that was removed here.

use chrono::Utc;
use identity::left_at_gateways::{Leftover, leftovers};
use projections::status;
use serde::Serialize;

use crate::config::Config;
use crate::{Failure, roles, say};

#[derive(clap::Args)]
#[command(after_help = "Example: daybook status --json")]
pub struct Args {
    /// One JSON array instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Consumer {
    name: String,
    /// Of a read model, which version its rows are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
    position: i64,
    /// In events.
    lag: i64,
    #[serde(rename = "lagMs")]
    lag_ms: i64,
    /// Aggregates that it has parked: see `daybook parked`.
    parked: i64,
    state: status::State,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// `daybook status`.
pub async fn run(args: Args, config: &Config) -> Result<(), Failure> {
    let pool = roles::pool(config).await?;
    let found = status::status(&pool, Some(&config.home)).await?;
    let consumers: Vec<_> = found
        .into_iter()
        .map(|it| Consumer {
            name: it.name,
            version: it.version,
            position: it.position,
            lag: it.lag_events,
            lag_ms: it.lag_ms,
            parked: it.parked,
            state: it.state,
            error: it.error,
        })
        .collect();
    if args.json {
        say(serde_json::to_string(&consumers)?);
        return Ok(());
    }
    say(format_args!(
        "{:<28} {:>7} {:>12} {:>10} {:>10} {:>7}  state",
        "consumer", "version", "position", "lag", "lag ms", "parked"
    ));
    for it in consumers {
        let state = serde_json::to_value(it.state)?;
        let state = state.as_str().unwrap_or_default();
        let version = it.version.map(|version| version.to_string()).unwrap_or_default();
        say(format_args!(
            "{:<28} {version:>7} {:>12} {:>10} {:>10} {:>7}  {state}",
            it.name, it.position, it.lag, it.lag_ms, it.parked
        ));
        if let Some(error) = it.error {
            say(format_args!("    {error}"));
        }
    }
    for Leftover { gateway, count, since } in leftovers(&pool).await? {
        let seconds = (Utc::now() - since).num_seconds();
        say(format_args!(
            "{gateway} still has {count} cards or customers that it is to forget, the oldest for {seconds} s"
        ));
    }
    Ok(())
}
