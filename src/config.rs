//! What a process is told by its environment, validated before anything starts.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use command_api::environment::{ConfigError, Environment};
use event_store::relay::RelayConfig;
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
    /// `DAYBOOK_TOPIC_PREFIX`, daybook: what the names of Kafka's topics begin with.
    pub topic_prefix: String,
    /// `DAYBOOK_PROJECTOR_SOURCE`, log: where projectors read.
    pub projector_source: ProjectorSource,
    /// `DAYBOOK_METRICS_LISTEN`: where a role without an API shows its health and metrics, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// `DAYBOOK_LISTEN`
    pub listen: SocketAddr,
    /// `DAYBOOK_HOME`: keys and the search index.
    pub home: PathBuf,
    /// `DAYBOOK_READ_WAIT`, 1s: how long a read waits for its reader's own last event; shorter than a request may take.
    pub read_wait: Duration,
    /// `DAYBOOK_LOG`: what is logged, as JSON on standard error.
    pub log: String,
    /// Where the roles read their own.
    pub environment: Environment,
}

/// Where the read models in Postgres are fed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ProjectorSource {
    /// The log in Postgres: one process feeds a read model, others stand by.
    Log,
    /// Kafka: any number of processes share the partitions.
    Kafka,
    /// Nowhere: other processes feed them.
    Off,
}

impl ProjectorSource {
    fn parse(word: &str) -> Result<Self, &'static str> {
        match word {
            "log" => Ok(Self::Log),
            "kafka" => Ok(Self::Kafka),
            "off" => Ok(Self::Off),
            _ => Err("must be log, kafka or off"),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Kafka => "kafka",
            Self::Off => "off",
        }
    }
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
        let address = |text: &str| {
            text.parse::<SocketAddr>().map_err(|_| "must be an address and a port, like 127.0.0.1:8080")
        };
        let url = |variable: &'static str| {
            let parse = |url: &str| url.parse::<PgConnectOptions>().map_err(|_| "must be a postgres:// URL");
            environment.get(variable).map(|_| environment.read(variable, "", parse)).transpose()
        };
        Ok(Self {
            database: url("DATABASE_URL")?,
            owner: url("DAYBOOK_OWNER_DATABASE_URL")?,
            brokers: environment.get("KAFKA_BROKERS"),
            topic_prefix: environment.get("DAYBOOK_TOPIC_PREFIX").unwrap_or_else(|| "daybook".to_owned()),
            projector_source: environment.read("DAYBOOK_PROJECTOR_SOURCE", "log", ProjectorSource::parse)?,
            metrics_listen: environment
                .get("DAYBOOK_METRICS_LISTEN")
                .map(|_| environment.read("DAYBOOK_METRICS_LISTEN", "", address))
                .transpose()?,
            listen: environment.read("DAYBOOK_LISTEN", "127.0.0.1:8080", address)?,
            home: environment.get("DAYBOOK_HOME").unwrap_or_else(|| ".daybook".to_owned()).into(),
            read_wait: read_wait(&environment)?,
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

    /// The relay to Kafka, if there is one.
    pub fn relay(&self) -> Option<RelayConfig> {
        let brokers = self.brokers.clone()?;
        Some(RelayConfig { topic_prefix: self.topic_prefix.clone(), ..RelayConfig::to(brokers) })
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
        say(format_args!("DAYBOOK_TOPIC_PREFIX        {}", self.topic_prefix));
        say(format_args!("DAYBOOK_PROJECTOR_SOURCE    {}", self.projector_source.word()));
        say(format_args!(
            "DAYBOOK_METRICS_LISTEN      {}",
            self.metrics_listen.map_or_else(|| "not set".to_owned(), |it| it.to_string())
        ));
        say(format_args!("DAYBOOK_LISTEN              {}", self.listen));
        say(format_args!("DAYBOOK_HOME                {}", self.home.display()));
        say(format_args!("DAYBOOK_READ_WAIT           {}", humantime::format_duration(self.read_wait)));
        say(format_args!("DAYBOOK_LOG                 {}", self.log));
        let server = ServerConfig::from(&self.environment)?.settings();
        for (name, value) in server.into_iter().chain(command_api::settings(&self.environment)?) {
            say(format_args!("{name:<27} {value}"));
        }
        Ok(())
    }
}

/// A read that waits for as long as it may take is answered 503, with nothing of what there is.
fn read_wait(environment: &Environment) -> Result<Duration, ConfigError> {
    let variable = "DAYBOOK_READ_WAIT";
    let (wait, limit) = (environment.duration(variable, "1s")?, ServerConfig::from(environment)?.time_limit);
    if wait >= limit {
        let [wait, limit] = [wait, limit].map(humantime::format_duration);
        let problem =
            format!("is {wait}, and must be shorter than DAYBOOK_REQUEST_TIMEOUT, which is {limit}");
        return Err(ConfigError { variable, problem });
    }
    Ok(wait)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(wait: &'static str, limit: &'static str) -> Result<Duration, String> {
        let environment = Environment::from_fn(move |name| match name {
            "DAYBOOK_READ_WAIT" => Some(wait.to_owned()),
            "DAYBOOK_REQUEST_TIMEOUT" => Some(limit.to_owned()),
            _ => None,
        });
        read_wait(&environment).map_err(|error| error.to_string())
    }

    /// Guards against reads that are all answered 503 where a read model lags.
    #[test]
    fn a_read_does_not_wait_for_as_long_as_a_request_may_take() {
        assert_eq!(with("2s", "3s"), Ok(Duration::from_secs(2)));
        assert_eq!(with("", ""), Ok(Duration::from_secs(1)), "as both are by default");
        for (wait, limit, said) in [("40s", "", "40s"), ("3s", "3s", "3s"), ("", "500ms", "1s")] {
            let refused = with(wait, limit).unwrap_err();
            let (ours, other) = ("DAYBOOK_READ_WAIT", "DAYBOOK_REQUEST_TIMEOUT");
            let told = refused.starts_with(&format!("{ours} is {said}, ")) && refused.contains(other);
            assert!(told, "{refused}");
        }
    }
}
