//! `daybook parked`: the aggregates that a read model couldn't take, and trying them again.

use domain::with_causes;
use event_store::Log;
use projections::parked::{self, Asked, Outcome, Parked, Which};
use serde::Serialize;
use sqlx::PgPool;

use crate::config::Config;
use crate::{Failure, roles, say};

#[derive(clap::Args)]
#[command(after_help = "Example: daybook parked --json\n\n\
    A read model that can't take an event parks the event's aggregate, skips it from there on, and goes on with all\n\
    others. Mend what is wrong, then: daybook parked retry")]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// One JSON array instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(clap::Subcommand)]
enum Action {
    /// What is parked of a read model, with each error and the events that wait.
    #[command(after_help = "Example: daybook parked show order_history\n         \
        daybook parked show order_history orders/0190c1f0-0000-7000-8000-000000000001 --json")]
    Show {
        /// The read model.
        name: String,
        /// One aggregate: its id, or its type and id.
        aggregate: Option<String>,
        /// One JSON array instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Applies what was skipped, in order, where it can be taken now.
    #[command(after_help = "Example: daybook parked retry\n         \
        daybook parked retry order_history orders/0190c1f0-0000-7000-8000-000000000001")]
    Retry {
        /// Of this read model alone.
        name: Option<String>,
        /// This aggregate alone: its id, or its type and id.
        aggregate: Option<String>,
    },
}

/// A parked aggregate with the events that wait.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    parked: Parked,
    waiting: Vec<Waiting>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Waiting {
    position: i64,
    sequence: i64,
    event_type: String,
    recorded_at: String,
}

/// `daybook parked`.
pub async fn run(args: Args, config: &Config) -> Result<(), Failure> {
    let pool = roles::pool(config).await?;
    match args.action {
        None => list(&pool, args.json).await,
        Some(Action::Show { name, aggregate, json }) => {
            show(&pool, &Which { name: Some(name), aggregate }, json || args.json).await
        }
        Some(Action::Retry { name, aggregate }) => retry(&pool, &Which { name, aggregate }).await,
    }
}

async fn list(pool: &PgPool, json: bool) -> Result<(), Failure> {
    let found = parked::list(pool, &Which::default()).await?;
    if json {
        say(serde_json::to_string(&found)?);
        return Ok(());
    }
    if found.is_empty() {
        say("nothing is parked");
        return Ok(());
    }
    say(format_args!("{:<23} {:<52} {:>8} {:>12}  event", "read model", "aggregate", "sequence", "position"));
    for it in found {
        let aggregate = format!("{}/{}", it.aggregate_type, it.aggregate_id);
        say(format_args!(
            "{:<23} {aggregate:<52} {:>8} {:>12}  {}",
            it.consumer, it.sequence, it.position, it.event_type
        ));
    }
    Ok(())
}

/// What is parked of that. Nothing of a read model that isn't there, or of an aggregate that isn't parked, is not the same
/// as nothing: it may be a slip.
async fn found(pool: &PgPool, which: &Which) -> Result<Vec<Parked>, Failure> {
    let found = parked::list(pool, which).await?;
    match (&which.name, &which.aggregate) {
        _ if !found.is_empty() => Ok(found),
        (Some(name), _) if !parked::is_known(name) => {
            let names = projections::replay::names();
            Err(format!("there is no read model {name}; those there are: {names}").into())
        }
        (Some(name), Some(aggregate)) => Err(format!("{name} has not parked {aggregate}").into()),
        (Some(_) | None, _) => Ok(found),
    }
}

async fn show(pool: &PgPool, which: &Which, json: bool) -> Result<(), Failure> {
    let log = Log::new(pool.clone());
    let mut shown = Vec::new();
    for parked in found(pool, which).await? {
        let events = parked::waiting(&log, &parked).await?;
        let waiting = events.into_iter().map(|event| Waiting {
            position: event.position,
            sequence: event.sequence,
            event_type: event.event_type,
            recorded_at: event.recorded_at.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        });
        shown.push(Shown { parked, waiting: waiting.collect() });
    }
    if json {
        say(serde_json::to_string(&shown)?);
        return Ok(());
    }
    if shown.is_empty() {
        say("nothing of that is parked");
    }
    for Shown { parked: it, waiting } in shown {
        say(format_args!("{} {}/{}", it.consumer, it.aggregate_type, it.aggregate_id));
        say(format_args!("    parked {}: {}", it.parked_at.format("%Y-%m-%dT%H:%M:%SZ"), it.error));
        for event in waiting {
            say(format_args!(
                "    {:>12}  sequence {:>6}  {}  {}",
                event.position, event.sequence, event.recorded_at, event.event_type
            ));
        }
    }
    Ok(())
}

async fn retry(pool: &PgPool, which: &Which) -> Result<(), Failure> {
    let log = Log::new(pool.clone());
    let (mut tried, mut left) = (0, 0);
    let found = found(pool, which).await?;
    let asked = Asked::of(pool, &found).await?;
    for parked in found {
        let name = format!("{} {}/{}", parked.consumer, parked.aggregate_type, parked.aggregate_id);
        tried += 1;
        match asked.retry(pool, &log, &parked).await {
            Ok(Outcome::Applied(events)) => say(format_args!("{name}: {events} events applied")),
            Ok(Outcome::Gone) => say(format_args!("{name}: not parked any more")),
            Ok(Outcome::OtherVersion(version)) => {
                // Nothing that this build could mend, so it doesn't fail by it.
                say(format_args!(
                    "{name}: is of version {version}; only a build that knows it can try again"
                ));
            }
            Ok(Outcome::NotLive) => {
                left += 1;
                say(format_args!("{name}: is not read yet; try again when its replay is done"));
            }
            Ok(Outcome::Later) => {
                left += 1;
                say(format_args!("{name}: nobody feeds this index now; it is tried again by whoever will"));
            }
            Ok(Outcome::Parked(now)) => {
                left += 1;
                say(format_args!("{name}: still parked at sequence {}: {}", now.sequence, now.error));
            }
            Err(error) => {
                left += 1;
                say(format_args!("{name}: can't be tried again: {}", with_causes(&error)));
            }
        }
    }
    match (tried, left) {
        (0, _) => say("nothing of that is parked"),
        (_, 0) => {}
        (_, left) => return Err(format!("{left} of {tried} are still parked").into()),
    }
    Ok(())
}
