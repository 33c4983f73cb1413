//! How a process serves, as the environment sets it.

use std::time::Duration;

use api_contract::middleware::{CorsOrigins, HttpConfig};
use command_api::environment::{ConfigError, Environment};

/// How a process serves.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `DAYBOOK_CORS_ORIGINS`, none.
    pub cors: CorsOrigins,
    /// `DAYBOOK_REQUEST_TIMEOUT`, 30s: a request that has no answer by then is answered 503.
    pub time_limit: Duration,
    /// `DAYBOOK_DRAIN_DELAY`, 0s: how long it goes on serving, and says that it is not ready, after a signal.
    pub drain_delay: Duration,
}

impl ServerConfig {
    /// Reads and validates it.
    pub fn from(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            cors: environment.read("DAYBOOK_CORS_ORIGINS", "", str::parse)?,
            time_limit: environment.duration("DAYBOOK_REQUEST_TIMEOUT", "30s")?,
            drain_delay: environment.read("DAYBOOK_DRAIN_DELAY", "0s", humantime::parse_duration)?,
        })
    }

    /// Its variables and what they come to.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let duration = |duration| humantime::format_duration(duration).to_string();
        vec![
            ("DAYBOOK_CORS_ORIGINS", self.cors.to_setting()),
            ("DAYBOOK_REQUEST_TIMEOUT", duration(self.time_limit)),
            ("DAYBOOK_DRAIN_DELAY", duration(self.drain_delay)),
        ]
    }

    /// The rules around the router.
    pub fn rules(&self) -> HttpConfig {
        HttpConfig { time_limit: self.time_limit, cors: self.cors.clone() }
    }
}
