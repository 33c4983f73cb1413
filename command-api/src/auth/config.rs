//! How long tokens live and where the signing key is.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::environment::{ConfigError, Environment};

/// How long tokens live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenConfig {
    /// `DAYBOOK_ACCESS_TOKEN_TTL`, 30m.
    pub access_ttl: Duration,
    /// `DAYBOOK_REFRESH_TOKEN_TTL`, 7d.
    pub refresh_ttl: Duration,
}

impl TokenConfig {
    /// Reads and validates it.
    pub fn from(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            access_ttl: environment.duration("DAYBOOK_ACCESS_TOKEN_TTL", "30m")?,
            refresh_ttl: environment.duration("DAYBOOK_REFRESH_TOKEN_TTL", "7d")?,
        })
    }
}

/// Where the signing key is.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyConfig {
    /// `DAYBOOK_JWT_KEY`: an Ed25519 key as PKCS #8 PEM, or the path of a file with one.
    pub key: Option<String>,
    /// `DAYBOOK_HOME/keys`: where a key is made at the first start if none is given.
    pub folder: PathBuf,
}

impl KeyConfig {
    /// Reads it; the key itself is validated when it is loaded.
    pub fn from(environment: &Environment) -> Self {
        let home = environment.get("DAYBOOK_HOME").unwrap_or_else(|| ".daybook".to_owned());
        Self { key: environment.get("DAYBOOK_JWT_KEY"), folder: PathBuf::from(home).join("keys") }
    }
}

/// Without the key.
impl fmt::Debug for KeyConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let given = if self.key.is_some() { "given" } else { "none" };
        f.debug_struct("KeyConfig").field("key", &given).field("folder", &self.folder).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variable: &'static str, value: &'static str) -> Environment {
        Environment::from_fn(move |name| (name == variable).then(|| value.to_owned()))
    }

    #[test]
    fn everything_has_a_default() {
        let nothing = Environment::from_fn(|_| None);
        let config = TokenConfig::from(&nothing).unwrap();
        assert_eq!(config.access_ttl, Duration::from_secs(1_800));
        assert_eq!(config.refresh_ttl, Duration::from_secs(7 * 86_400));
        assert_eq!(KeyConfig::from(&nothing).folder, PathBuf::from(".daybook/keys"));
    }

    #[test]
    fn an_error_names_its_variable() {
        for (variable, value) in [
            ("DAYBOOK_ACCESS_TOKEN_TTL", "soon"),
            ("DAYBOOK_ACCESS_TOKEN_TTL", "0s"),
            ("DAYBOOK_REFRESH_TOKEN_TTL", "90000d"),
        ] {
            let error = TokenConfig::from(&with(variable, value)).unwrap_err();
            assert!(error.to_string().starts_with(variable), "{error}");
        }
    }

    #[test]
    fn debugging_shows_no_key() {
        let config = KeyConfig::from(&with("DAYBOOK_JWT_KEY", "secret"));
        assert!(!format!("{config:?}").contains("secret"));
    }
}
