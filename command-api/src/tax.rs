//! Where tax rates come from, and which one a customer's cart has.

use std::{fs, io};

use api_contract::ApiError;
use domain::ids::UserId;
use domain::tax::{BadTaxRates, TaxRates};
use rust_decimal::Decimal;

use crate::shop::Shop;

/// Why `DAYBOOK_TAX_RATES` can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TaxRatesError {
    /// The file can't be read.
    #[error("names a file that cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// It holds no rates.
    #[error(transparent)]
    Bad(#[from] BadTaxRates),
}

/// Reads `{"default": "0.05", "US-NY": "0.08"}`, or the file of that path.
pub fn read(text: &str) -> Result<TaxRates, TaxRatesError> {
    if text.trim_start().starts_with('{') {
        Ok(TaxRates::from_json(text)?)
    } else {
        Ok(TaxRates::from_json(&fs::read_to_string(text)?)?)
    }
}

/// The rate at a user's default address, else the default rate: what a cart has before it is said where it goes to.
pub async fn rate_at_home(shop: &Shop, user: UserId) -> Result<Decimal, ApiError> {
    let home = shop.addresses.default_of(user).await.map_err(identity::failed)?;
    let rates = &shop.rules.tax_rates;
    Ok(home.map_or(rates.standard(), |home| rates.rate(&home.address.region())))
}

#[cfg(test)]
mod tests {
    use api_contract::JsonBody;

    use super::*;
    use identity::addresses::Address;

    #[test]
    fn a_printed_address_has_the_rate_of_its_state() {
        let rates = read(r#"{"default": "0.05", "US-NY": "0.08", "US": "0.07", "DE": "0.19"}"#).unwrap();
        for (country, state, rate) in [
            ("USA", "NY", "0.08"),
            ("us", "New York", "0.08"),
            ("United States of America", "ny", "0.08"),
            ("USA", "CA", "0.07"),
            ("DEU", "Bayern", "0.19"),
            ("PK", "", "0.05"),
        ] {
            let json = format!(
                r#"{{"street": "1 Main St", "city": "X", "state": "{state}", "country": "{country}"}}"#
            );
            let address = JsonBody::from_text(json).read(Address::read).unwrap();
            assert_eq!(rates.rate(&address.region()).to_string(), rate, "{country} {state}");
        }
    }
}
