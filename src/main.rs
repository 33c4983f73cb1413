//! The `daybook` binary: it parses, configures and starts; everything it starts is a library.

mod audit;
mod command_api;
mod config;
mod demo;
mod http;
mod import;
mod migrate;
mod openapi;
mod outbox;
mod parked;
mod projector;
mod query_api;
mod relay;
mod replay;
mod roles;
mod sample_shop;
mod search_words;
mod status;
mod unreachable;
mod up;
mod user;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use domain::with_causes;

use crate::config::Config;

/// Decisions and requests are many small allocations; docs/benchmarks.md has what this is worth.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Why a command failed. Shown to whoever ran it, with its causes.
type Failure = Box<dyn Error + Send + Sync>;

/// An event-sourced commerce backend: one log, decided in order, read in many ways.
#[derive(Parser)]
#[command(name = "daybook", version, after_help = "Example: daybook up")]
struct Cli {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Everything in one process, commands and queries on one port.
    #[command(after_help = "Example: daybook up")]
    Up,
    /// The role that takes commands.
    #[command(after_help = "Example: DAYBOOK_LISTEN=127.0.0.1:8081 daybook command-api")]
    CommandApi,
    /// The role that answers queries.
    #[command(after_help = "Example: DAYBOOK_LISTEN=127.0.0.1:8082 daybook query-api")]
    QueryApi,
    /// The role that feeds the read models in Postgres.
    Projector(projector::Args),
    /// The role that publishes to Kafka.
    #[command(after_help = "Example: KAFKA_BROKERS=127.0.0.1:9092 daybook relay")]
    Relay,
    /// Brings the schema up to date, as its owner.
    #[command(after_help = "Example: DAYBOOK_OWNER_DATABASE_URL=postgres://… daybook migrate")]
    Migrate,
    /// Builds a read model anew beside the live one and swaps it in.
    Replay(replay::Args),
    /// How far each consumer of the log has come.
    Status(status::Args),
    /// The aggregates that a read model couldn't take: shows them, and tries them again.
    Parked(parked::Args),
    /// An auditor's tools.
    Audit(audit::Args),
    /// Takes over history from elsewhere.
    Import(import::Args),
    /// Makes people, and says what they may do.
    User(user::Args),
    /// The messages that are not sent yet, with what they say: codes too.
    Outbox(outbox::Args),
    /// Shows the configuration that this environment makes, without its secrets.
    #[command(after_help = "Example: daybook config")]
    Config,
    /// Prints the API's document (OpenAPI 3.1).
    #[command(after_help = "Example: daybook openapi > openapi.json")]
    Openapi,
    /// One order's way, step by step, on a running instance.
    Demo(demo::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(run(cli.action)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&*error),
    }
}

async fn run(action: Action) -> Result<(), Failure> {
    let config = Config::from_environment()?;
    roles::log_to_stderr(&config)?;
    match action {
        Action::Up => up::run(config).await,
        Action::CommandApi => command_api::run(config).await,
        Action::QueryApi => query_api::run(config).await,
        Action::Projector(args) => projector::run(args, config).await,
        Action::Relay => relay::run(config).await,
        Action::Migrate => migrate::run(&config).await,
        Action::Replay(args) => replay::run(args, &config).await,
        Action::Status(args) => status::run(args, &config).await,
        Action::Parked(args) => parked::run(args, &config).await,
        Action::Audit(args) => audit::run(args, &config).await,
        Action::Import(args) => import::run(args, &config).await,
        Action::User(args) => user::run(args, &config).await,
        Action::Outbox(args) => outbox::run(args, &config).await,
        Action::Config => config.show(),
        Action::Openapi => {
            openapi::run();
            Ok(())
        }
        Action::Demo(args) => demo::run(args, &config).await,
    }
}

/// Says why, with every cause once.
fn fail(error: &(dyn Error + 'static)) -> ExitCode {
    remark(format_args!("error: {}", with_causes(error)));
    ExitCode::FAILURE
}

/// A line on standard error.
fn remark(line: impl std::fmt::Display) {
    // If that is gone there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// A line on standard output.
fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _};

    use super::Cli;

    /// Those of a command and of all below it whose help has no example.
    fn without_example(command: &Command, name: &str) -> Vec<String> {
        let has_one = command.get_after_help().is_some_and(|help| help.to_string().contains("Example"));
        let own = (!has_one).then(|| name.to_owned());
        let below = command
            .get_subcommands()
            .flat_map(|below| without_example(below, &format!("{name} {}", below.get_name())));
        own.into_iter().chain(below).collect()
    }

    #[test]
    fn every_command_shows_an_example() {
        assert_eq!(without_example(&Cli::command(), "daybook"), [""; 0]);
    }
}
