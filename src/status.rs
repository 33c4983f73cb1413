//! `daybook status`: how far each consumer of the log has come, what gateways still have that was removed here, and what is
//! still to go back of cancelled orders.

use api_contract::Amount;
use chrono::{DateTime, Utc};
use domain::{Currency, Money};
use identity::left_at_gateways::leftovers;
use projections::order_history::{self, Orders};
use projections::status::{self, ConsumerStatus};
use serde::Serialize;
use sqlx::PgPool;

use crate::config::Config;
use crate::{Failure, roles, say};

#[derive(clap::Args)]
#[command(after_help = "Example: daybook status --json")]
pub struct Args {
    /// One JSON object instead of tables.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    consumers: Vec<Consumer>,
    left_at_gateways: Vec<Leftover>,
    /// Nothing where order history has not been built yet.
    owed: Option<Vec<Owed>>,
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

/// Cards and customers that a gateway is to forget.
#[derive(Serialize)]
struct Leftover {
    gateway: String,
    count: i64,
    since: DateTime<Utc>,
}

/// Money of cancelled orders that is still to go back.
#[derive(Serialize)]
struct Owed {
    currency: Currency,
    orders: i64,
    amount: Amount,
    since: DateTime<Utc>,
    /// The numbers of the first of them.
    first: Vec<String>,
}

/// `daybook status`.
pub async fn run(args: Args, config: &Config) -> Result<(), Failure> {
    let pool = roles::pool(config).await?;
    let status = ask(&pool, config).await?;
    if args.json {
        say(serde_json::to_string(&status)?);
        return Ok(());
    }
    tell_consumers(status.consumers)?;
    for Leftover { gateway, count, since } in status.left_at_gateways {
        let seconds = (Utc::now() - since).num_seconds();
        say(format_args!(
            "{gateway} still has {count} cards or customers that it is to forget, the oldest for {seconds} s"
        ));
    }
    for Owed { currency, orders, amount: Amount(amount), since, first } in status.owed.unwrap_or_default() {
        let seconds = (Utc::now() - since).num_seconds();
        let more =
            if usize::try_from(orders).is_ok_and(|orders| orders > first.len()) { ", …" } else { "" };
        say(format_args!(
            "{amount} {currency} is still to go back of cancelled orders ({orders}), the first for {seconds} s: {}{more}",
            first.join(", ")
        ));
    }
    Ok(())
}

async fn ask(pool: &PgPool, config: &Config) -> Result<Status, Failure> {
    let consumers = status::status(pool, Some(&config.home)).await?;
    let left = leftovers(pool).await?;
    let owed = Orders::new(pool.clone()).owed().await?;
    Ok(Status {
        consumers: consumers.into_iter().map(Consumer::from).collect(),
        left_at_gateways: left
            .into_iter()
            .map(|it| Leftover { gateway: it.gateway, count: it.count, since: it.since })
            .collect(),
        owed: owed.map(|owed| owed.into_iter().map(Owed::from).collect()),
    })
}

fn tell_consumers(consumers: Vec<Consumer>) -> Result<(), Failure> {
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
    Ok(())
}

impl From<ConsumerStatus> for Consumer {
    fn from(it: ConsumerStatus) -> Self {
        Self {
            name: it.name,
            version: it.version,
            position: it.position,
            lag: it.lag_events,
            lag_ms: it.lag_ms,
            parked: it.parked,
            state: it.state,
            error: it.error,
        }
    }
}

impl From<order_history::Owed> for Owed {
    fn from(it: order_history::Owed) -> Self {
        Self {
            currency: it.currency,
            orders: it.orders,
            amount: Money::new(it.amount, it.currency).into(),
            since: it.since,
            first: it.first,
        }
    }
}
