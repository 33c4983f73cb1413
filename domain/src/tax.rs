//! Tax rates by country and region.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;

use crate::order::Region;

/// The rate of each place: `US-NY` before `US` before the default. Places are codes of ISO 3166-1 and -2, as
/// [`Region`] has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxRates {
    default: Decimal,
    places: BTreeMap<String, Decimal>,
}

/// Why a table of rates can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BadTaxRates {
    /// It is not an object of texts.
    #[error("must be a JSON object of rates as strings, or the path of a file with one: {0}")]
    NotATable(#[from] serde_json::Error),
    /// A rate is no fraction.
    #[error("has {rate} for {place}: a rate is a fraction from 0 to 1 with at most 9 decimals")]
    BadRate {
        /// For which place.
        place: String,
        /// As given.
        rate: String,
    },
}

impl Default for TaxRates {
    /// 5 % everywhere.
    fn default() -> Self {
        Self { default: Decimal::new(5, 2), places: BTreeMap::new() }
    }
}

/// As it is written in the environment.
impl fmt::Display for TaxRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"{{"default":"{}""#, self.default)?;
        self.places.iter().try_for_each(|(place, rate)| write!(f, r#","{place}":"{rate}""#))?;
        f.write_str("}")
    }
}

impl TaxRates {
    /// Reads `{"default": "0.05", "US-NY": "0.08"}`.
    pub fn from_json(text: &str) -> Result<Self, BadTaxRates> {
        let table: BTreeMap<String, String> = serde_json::from_str(text)?;
        let mut rates = Self::default();
        for (place, text) in table {
            let rate = Decimal::from_str_exact(&text).ok();
            let rate = rate.filter(|rate| {
                (Decimal::ZERO..=Decimal::ONE).contains(rate) && rate.normalize().scale() <= 9
            });
            let Some(rate) = rate else { return Err(BadTaxRates::BadRate { place, rate: text }) };
            if place == "default" {
                rates.default = rate;
            } else {
                rates.places.insert(place.to_uppercase(), rate);
            }
        }
        Ok(rates)
    }

    /// The rate where nothing is known of the place.
    pub fn standard(&self) -> Decimal {
        self.default
    }

    /// The rate of the place that an order goes to.
    pub fn rate(&self, place: &Region) -> Decimal {
        let of = |code: &Option<String>| self.places.get(code.as_deref()?).copied();
        of(&place.region).or_else(|| of(&place.country)).unwrap_or(self.default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(rates: &TaxRates, country: Option<&str>, region: Option<&str>) -> String {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        rates.rate(&Region { country: owned(country), region: owned(region) }).to_string()
    }

    #[test]
    fn a_region_goes_before_its_country_and_that_before_the_default() {
        let table = r#"{"default": "0.05", "US-NY": "0.08", "us": "0.07", "DE": "0.19"}"#;
        let rates = TaxRates::from_json(table).unwrap();
        assert_eq!(rate(&rates, Some("US"), Some("US-NY")), "0.08");
        assert_eq!(rate(&rates, Some("US"), Some("US-CA")), "0.07");
        assert_eq!(rate(&rates, Some("DE"), None), "0.19");
        assert_eq!(rate(&rates, Some("PK"), None), "0.05");
        assert_eq!(rate(&rates, None, None), "0.05");
    }

    #[test]
    fn it_is_written_as_it_is_read() {
        let rates = TaxRates::from_json(r#"{"DE": "0.19", "default": "0.10"}"#).unwrap();
        assert_eq!(TaxRates::from_json(&rates.to_string()).unwrap(), rates);
    }

    #[test]
    fn a_rate_is_a_fraction() {
        for rate in ["5", "-0.1", "x", "0.0000000001"] {
            let table = format!(r#"{{"default": "{rate}"}}"#);
            assert!(matches!(TaxRates::from_json(&table), Err(BadTaxRates::BadRate { .. })), "{rate}");
        }
        assert!(matches!(TaxRates::from_json(r#"{"default": 0.05}"#), Err(BadTaxRates::NotATable(_))));
    }
}
