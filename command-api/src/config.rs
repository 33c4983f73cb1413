//! The rules of the shop and of payments, as the environment sets them.

use std::fmt;
use std::time::Duration;

use domain::Currency;
use domain::tax::TaxRates;
use url::Url;

use crate::environment::{ConfigError, Environment};
use crate::tax;

const MINUTE: Duration = Duration::from_secs(60);
const WEEK: Duration = Duration::from_secs(7 * 86_400);

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentConfig {
    /// `DAYBOOK_SIMULATOR`, off: whether the gateway in the box may be named.
    pub simulator: bool,
    /// `DAYBOOK_PUBLIC_URL`, `http://` and `DAYBOOK_LISTEN`: where clients reach this API, for links to its pages.
    pub public_url: String,
    /// `DAYBOOK_STRIPE_KEY` and what goes with it; without a key Stripe can't be named.
    pub stripe: Option<StripeConfig>,
    /// How long a request waits for its gateway before it answers `processing`.
    pub answer_within: Duration,
    /// How many payments are taken to their gateways at the same time.
    pub at_once: usize,
}

impl PaymentConfig {
    /// Reads and validates it.
    pub fn from(environment: &Environment) -> Result<Self, ConfigError> {
        let simulator = environment.switch("DAYBOOK_SIMULATOR", "off")?;
        let listen = environment.get("DAYBOOK_LISTEN").unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let public_url = environment.read("DAYBOOK_PUBLIC_URL", &format!("http://{listen}"), web_address)?;
        let stripe = StripeConfig::from(environment)?;
        Ok(Self { simulator, public_url, stripe, answer_within: Duration::from_secs(10), at_once: 64 })
    }

    /// Its variables and what they come to.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let of_stripe = |show: &dyn Fn(&StripeConfig) -> String| {
            self.stripe.as_ref().map_or_else(|| "no key".to_owned(), show)
        };
        vec![
            ("DAYBOOK_SIMULATOR", if self.simulator { "on" } else { "off" }.to_owned()),
            ("DAYBOOK_PUBLIC_URL", self.public_url.clone()),
            ("DAYBOOK_STRIPE_URL", of_stripe(&|stripe| stripe.url.clone())),
            (
                "DAYBOOK_STRIPE_EVENTS_EVERY",
                of_stripe(&|stripe| humantime::format_duration(stripe.events_every).to_string()),
            ),
        ]
    }
}

/// The way to Stripe.
#[derive(Clone, PartialEq, Eq)]
pub struct StripeConfig {
    /// `DAYBOOK_STRIPE_URL`, `https://api.stripe.com`.
    pub url: String,
    /// `DAYBOOK_STRIPE_KEY`: the secret key.
    pub key: String,
    /// `DAYBOOK_STRIPE_WEBHOOK_SECRET`: without it Stripe's webhooks are refused.
    pub webhook_secret: Option<String>,
    /// `DAYBOOK_STRIPE_EVENTS_EVERY`, 1h, a minute to a week: how often Stripe's events are listed, for those of which no
    /// webhook came. Stripe keeps them for 30 days.
    pub events_every: Duration,
}

/// Without the secrets.
impl fmt::Debug for StripeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeConfig").field("url", &self.url).finish_non_exhaustive()
    }
}

impl StripeConfig {
    /// Reads and validates it; nothing where there is no key.
    pub fn from(environment: &Environment) -> Result<Option<Self>, ConfigError> {
        let url = environment.read("DAYBOOK_STRIPE_URL", "https://api.stripe.com", web_address)?;
        let webhook_secret = environment.get("DAYBOOK_STRIPE_WEBHOOK_SECRET");
        let events_every = environment.read("DAYBOOK_STRIPE_EVENTS_EVERY", "1h", minute_to_week)?;
        let key = environment.get("DAYBOOK_STRIPE_KEY");
        Ok(key.map(|key| Self { url, key, webhook_secret, events_every }))
    }
}

fn minute_to_week(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(every) if (MINUTE..=WEEK).contains(&every) => Ok(every),
        Ok(_) => Err("must be at least 1m and at most 7d".to_owned()),
        Err(error) => Err(format!("must be a length of time like 1h: {error}")),
    }
}

fn web_address(text: &str) -> Result<String, &'static str> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            Ok(text.trim_end_matches('/').to_owned())
        }
        Ok(_) | Err(_) => Err("must be an http or https URL"),
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

    /// Guards against events that Stripe has forgotten before they are read.
    #[test]
    fn stripe_s_events_are_listed_every_minute_to_every_week() {
        let every = |text: &'static str| {
            let read = Environment::from_fn(move |name| match name {
                "DAYBOOK_STRIPE_KEY" => Some("sk_test_secret".to_owned()),
                "DAYBOOK_STRIPE_EVENTS_EVERY" => Some(text.to_owned()),
                _ => None,
            });
            StripeConfig::from(&read)
                .map(|stripe| stripe.unwrap().events_every)
                .map_err(|wrong| wrong.variable)
        };
        assert_eq!((every("1m"), every("7d")), (Ok(MINUTE), Ok(WEEK)));
        for wrong in ["59s", "8d", "often"] {
            assert_eq!(every(wrong), Err("DAYBOOK_STRIPE_EVENTS_EVERY"), "{wrong}");
        }
    }

    #[test]
    fn stripe_is_there_with_a_key_and_its_secrets_are_not_shown() {
        let key = Environment::from_fn(|name| match name {
            "DAYBOOK_STRIPE_KEY" => Some("sk_test_secret".to_owned()),
            "DAYBOOK_STRIPE_WEBHOOK_SECRET" => Some("whsec_secret".to_owned()),
            _ => None,
        });
        let config = PaymentConfig::from(&key).unwrap();
        assert_eq!(config.stripe.as_ref().map(|stripe| stripe.url.as_str()), Some("https://api.stripe.com"));
        assert!(!format!("{config:?}{:?}", config.settings()).contains("secret"));
        assert_eq!(config.stripe.map(|stripe| stripe.events_every), Some(Duration::from_secs(3_600)));
        let wrong = Environment::from_fn(|name| (name == "DAYBOOK_STRIPE_URL").then(|| "stripe".to_owned()));
        assert_eq!(PaymentConfig::from(&wrong).unwrap_err().variable, "DAYBOOK_STRIPE_URL");
    }
}
