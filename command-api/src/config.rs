//! The rules of the shop and of payments, as the environment sets them.

use std::time::Duration;

use domain::Currency;
use domain::tax::TaxRates;

use crate::environment::{ConfigError, Environment};
use crate::tax;

/// The rules of the shop.
#[derive(Clone, Debug)]
pub struct ShopConfig {
    /// `DAYBOOK_CURRENCY`, USD: the currency of prices that name none.
    pub currency: Currency,
    /// `DAYBOOK_TAX_RATES`: by country and region.
    pub tax_rates: TaxRates,
    /// `DAYBOOK_RESERVATION_TTL`, 30m: how long an unpaid order holds its stock.
    pub reservation_ttl: Duration,
}

impl ShopConfig {
    /// Reads and validates it.
    pub fn from(environment: &Environment) -> Result<Self, ConfigError> {
        Ok(Self {
            currency: environment.read("DAYBOOK_CURRENCY", "USD", str::parse)?,
            tax_rates: environment.read("DAYBOOK_TAX_RATES", r#"{"default": "0.05"}"#, tax::read)?,
            reservation_ttl: environment.duration("DAYBOOK_RESERVATION_TTL", "30m")?,
        })
    }

    /// Its variables and what they come to.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("DAYBOOK_CURRENCY", self.currency.to_string()),
            ("DAYBOOK_TAX_RATES", self.tax_rates.to_string()),
            ("DAYBOOK_RESERVATION_TTL", humantime::format_duration(self.reservation_ttl).to_string()),
        ]
    }
}

/// How payments are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentConfig {
    /// `DAYBOOK_SIMULATOR`, off: whether the gateway in the box may be named.
    pub simulator: bool,
    /// How long a request waits for its gateway before it answers `processing`.
    pub answer_within: Duration,
    /// How many payments are taken to their gateways at the same time.
    pub at_once: usize,
}

impl PaymentConfig {
    /// Reads and validates it.
    pub fn from(environment: &Environment) -> Result<Self, ConfigError> {
        let simulator = environment.switch("DAYBOOK_SIMULATOR", "off")?;
        Ok(Self { simulator, answer_within: Duration::from_secs(10), at_once: 64 })
    }

    /// Its variables and what they come to.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("DAYBOOK_SIMULATOR", if self.simulator { "on" } else { "off" }.to_owned())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulator_is_off_unless_it_is_on() {
        let nothing = Environment::from_fn(|_| None);
        assert!(!PaymentConfig::from(&nothing).unwrap().simulator);
        assert_eq!(ShopConfig::from(&nothing).unwrap().reservation_ttl, Duration::from_secs(1_800));
        let on = Environment::from_fn(|name| (name == "DAYBOOK_SIMULATOR").then(|| "on".to_owned()));
        assert!(PaymentConfig::from(&on).unwrap().simulator);
    }
}
