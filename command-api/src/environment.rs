//! Reading variables of the environment, so that what is wrong with one is said with its name, before anything starts.
//! Each concern has its own struct, which reads itself by this: [`crate::auth::TokenConfig`] is one.

use std::fmt::Display;
use std::time::Duration;

/// A variable that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} {problem}")]
pub struct ConfigError {
    /// Its name.
    pub variable: &'static str,
    /// What is wrong with its value.
    pub problem: String,
}

/// Where variables are looked up: the process's environment, or a test's.
pub struct Environment(Box<LookUp>);

type LookUp = dyn Fn(&str) -> Option<String>;

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self(Box::new(|name| std::env::var(name).ok()))
    }

    /// Any other.
    pub fn from_fn(look_up: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self(Box::new(look_up))
    }

    /// A variable's value; an empty one is none.
    pub fn get(&self, variable: &str) -> Option<String> {
        self.0(variable).filter(|value| !value.is_empty())
    }

    /// A variable as `parse` reads it, or else the default as it reads that.
    pub fn read<T, E: Display>(
        &self,
        variable: &'static str,
        default: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        parse(self.get(variable).as_deref().unwrap_or(default))
            .map_err(|problem| ConfigError { variable, problem: problem.to_string() })
    }

    /// A length of time above zero: `30m`, `7d`, `1h 30m`.
    pub fn duration(&self, variable: &'static str, default: &str) -> Result<Duration, ConfigError> {
        self.read(variable, default, |text| match humantime::parse_duration(text) {
            Ok(duration) if duration.is_zero() => Err("must be longer than zero".to_owned()),
            Ok(duration) if duration > Duration::from_secs(400 * 86_400) => {
                Err("must be at most 400 days".to_owned())
            }
            Ok(duration) => Ok(duration),
            Err(error) => Err(format!("must be a length of time like 30m: {error}")),
        })
    }

    /// `on` or `off`.
    pub fn switch(&self, variable: &'static str, default: &str) -> Result<bool, ConfigError> {
        self.read(variable, default, |text| match text {
            "on" | "true" | "1" => Ok(true),
            "off" | "false" | "0" => Ok(false),
            _ => Err("must be on or off"),
        })
    }
}
