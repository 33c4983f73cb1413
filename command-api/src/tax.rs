//! Tax rates by country and region.

use std::collections::BTreeMap;
use std::{fmt, fs, io};

use domain::order::Region;
use identity::country;
use rust_decimal::Decimal;

/// The rate of each place: `US-NY` before `US` before the default.
#[derive(Clone, Debug)]
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
    /// The file can't be read.
    #[error("names a file that cannot be read: {0}")]
    Unreadable(#[from] io::Error),
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
    /// Reads `{"default": "0.05", "US-NY": "0.08"}`, or the file of that path.
    pub fn read(text: &str) -> Result<Self, BadTaxRates> {
        let text =
            if text.trim_start().starts_with('{') { text.to_owned() } else { fs::read_to_string(text)? };
        let table: BTreeMap<String, String> = serde_json::from_str(&text)?;
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
        let Some(country) = place.country.as_deref().map(country::code) else { return self.default };
        let region = place.region.as_deref().map(|region| country::subdivision(&country, region));
        let of_region = region.and_then(|region| self.places.get(&region));
        *of_region.or_else(|| self.places.get(&country)).unwrap_or(&self.default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(rates: &TaxRates, country: &str, region: Option<&str>) -> String {
        let region = region.map(str::to_owned);
        rates.rate(&Region { country: Some(country.to_owned()), region }).to_string()
    }

    #[test]
    fn a_region_goes_before_its_country_and_that_before_the_default() {
        let rates =
            TaxRates::read(r#"{"default": "0.05", "US-NY": "0.08", "US": "0.07", "DE": "0.19"}"#).unwrap();
        assert_eq!(rate(&rates, "US", Some("NY")), "0.08");
        assert_eq!(rate(&rates, "USA", Some("ny")), "0.08");
        assert_eq!(rate(&rates, "United States of America", Some("New York")), "0.08");
        assert_eq!(rate(&rates, "US", Some("CA")), "0.07");
        assert_eq!(rate(&rates, "DEU", None), "0.19");
        assert_eq!(rate(&rates, "PK", None), "0.05");
        assert_eq!(rates.rate(&Region::default()).to_string(), "0.05");
    }

    #[test]
    fn a_rate_is_a_fraction() {
        for rate in ["5", "-0.1", "x", "0.0000000001"] {
            let table = format!(r#"{{"default": "{rate}"}}"#);
            assert!(matches!(TaxRates::read(&table), Err(BadTaxRates::BadRate { .. })), "{rate}");
        }
        assert!(matches!(TaxRates::read(r#"{"default": 0.05}"#), Err(BadTaxRates::NotATable(_))));
    }
}
