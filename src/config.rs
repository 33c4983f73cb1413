//! What a process is told by its environment, validated before anything starts.

use std::net::SocketAddr;
use std::path::PathBuf;

use command_api::environment::{ConfigError, Environment};
use sqlx::postgres::PgConnectOptions;

use crate::http::ServerConfig;
use crate::{Failure, say};

/// Where things are. Each role's own settings are read by the role.
pub struct Config {
    /// `DATABASE_URL`: the log and everything else, as the restricted role.
    database: Option<PgConnectOptions>,
    /// `DAYBOOK_OWNER_DATABASE_URL`: the same as the schema's owner, for `migrate` and `replay`.
    owner: Option<PgConnectOptions>,
    /// `KAFKA_BROKERS`; without it the relay waits for another start.
    pub brokers: Option<String>,
    /// `DAYBOOK_LISTEN`
    pub listen: SocketAddr,
    /// `DAYBOOK_HOME`: keys and the search index.
    pub home: PathBuf,
    /// `DAYBOOK_LOG`: what is logged, as JSON on standard error.
    pub log: String,
    /// Where the roles read their own.
    pub environment: Environment,
}

/// A command needs a variable that isn't set.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} is not set. `./dev up` and `./dev daybook …` set it; docs/guides/operators.md lists all variables"
)]
struct Unset(&'static str);

impl Config {
    /// Reads and validates the environment.
    pub fn from_environment() -> Result<Self, ConfigError> {
        let environment = Environment::of_process();
        let url = |variable: &'static str| {
            let parse = |url: &str| url.parse::<PgConnectOptions>().map_err(|_| "must be a postgres:// URL");
            environment.get(variable).map(|_| environment.read(variable, "", parse)).transpose()
        };
        Ok(Self {
            database: url("DATABASE_URL")?,
            owner: url("DAYBOOK_OWNER_DATABASE_URL")?,
            brokers: environment.get("KAFKA_BROKERS"),
            listen: environment.read("DAYBOOK_LISTEN", "127.0.0.1:8080", |text| {
                text.parse::<SocketAddr>().map_err(|_| "must be an address and a port, like 127.0.0.1:8080")
            })?,
            home: environment.get("DAYBOOK_HOME").unwrap_or_else(|| ".daybook".to_owned()).into(),
            log: environment.get("DAYBOOK_LOG").unwrap_or_else(|| "info,tantivy=warn".to_owned()),
            environment,
        })
    }

    /// The database as the restricted role.
    pub fn database(&self) -> Result<&PgConnectOptions, Failure> {
        Ok(self.database.as_ref().ok_or(Unset("DATABASE_URL"))?)
    }

    /// The database as the schema's owner.
    pub fn owner(&self) -> Result<&PgConnectOptions, Failure> {
        Ok(self.owner.as_ref().ok_or(Unset("DAYBOOK_OWNER_DATABASE_URL"))?)
    }

    /// Whether this process may change the schema.
    pub fn has_owner(&self) -> bool {
        self.owner.is_some()
    }

    /// `daybook config`: everything but passwords and keys.
    pub fn show(&self) -> Result<(), Failure> {
        let database = |options: Option<&PgConnectOptions>| {
            options.map_or_else(
                || "not set".to_owned(),
                |it| {
                    let name = it.get_database().unwrap_or(it.get_username());
                    format!("{} on {}:{} as {}", name, it.get_host(), it.get_port(), it.get_username())
                },
            )
        };
        say(format_args!("DATABASE_URL                {}", database(self.database.as_ref())));
        say(format_args!("DAYBOOK_OWNER_DATABASE_URL  {}", database(self.owner.as_ref())));
        say(format_args!(
            "KAFKA_BROKERS               {}",
            self.brokers.as_deref().unwrap_or("not set: no relay")
        ));
        say(format_args!("DAYBOOK_LISTEN              {}", self.listen));
        say(format_args!("DAYBOOK_HOME                {}", self.home.display()));
        say(format_args!("DAYBOOK_LOG                 {}", self.log));
        let server = ServerConfig::from(&self.environment)?.settings();
        for (name, value) in server.into_iter().chain(command_api::settings(&self.environment)?) {
            say(format_args!("{name:<27} {value}"));
        }
        Ok(())
    }
}
