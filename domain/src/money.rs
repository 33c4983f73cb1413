//! Money: an integer of minor units and an ISO 4217 currency. No float touches it.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An amount in minor units (cents, pence) of a currency that stands beside it.
pub type Minor = i64;

/// An ISO 4217 currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The code is not one of ISO 4217's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ISO 4217 currency code")]
pub struct UnknownCurrency;

impl Currency {
    /// The three-letter code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimals its minor unit has (ISO 4217 calls it the exponent): 2 for USD, 0 for JPY.
    pub fn decimals(&self) -> u32 {
        iso_currency::Currency::from_code(self.code())
            .and_then(iso_currency::Currency::exponent)
            .unwrap_or(0)
            .into()
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        let upper = code.to_ascii_uppercase();
        iso_currency::Currency::from_code(&upper).ok_or(UnknownCurrency)?;
        upper.as_bytes().try_into().map(Self).map_err(|_| UnknownCurrency)
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;
    fn try_from(code: String) -> Result<Self, UnknownCurrency> {
        code.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217 code" })
    }
}

/// An amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// In minor units.
    pub amount: Minor,
    /// The currency whose minor units `amount` counts.
    pub currency: Currency,
}

/// Why a text is not an amount of money.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a plain decimal number.
    #[error("must be a decimal number")]
    NotANumber,
    /// Finer than the currency's minor unit.
    #[error("has more decimals than {0} has ({1})")]
    TooFine(Currency, u32),
    /// Beyond what is counted exactly.
    #[error("is too large")]
    TooLarge,
}

impl Money {
    /// An amount in minor units.
    pub fn new(amount: Minor, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Reads a decimal (`299.99`, `-3`, `1.50`) exactly. Trailing zeros beyond the minor unit are
    /// no finer amount and are accepted.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let decimal = Decimal::from_str_exact(text)
            .or_else(|_| Decimal::from_scientific(text))
            .map_err(|_| MoneyError::NotANumber)?
            .normalize();
        let decimals = currency.decimals();
        if decimal.scale() > decimals {
            return Err(MoneyError::TooFine(currency, decimals));
        }
        let minor = decimal.checked_mul(Decimal::from(10_u64.pow(decimals))).ok_or(MoneyError::TooLarge)?;
        let amount = Minor::try_from(minor).map_err(|_| MoneyError::TooLarge)?;
        Ok(Self::new(amount, currency))
    }
}

/// Shares `amount` out over `weights` by largest remainder (Hamilton's method): the shares add up to `amount`
/// exactly, each is within one minor unit of its proportion, ties go to the earlier. A share is never above its
/// weight while `amount` is not above their sum.
///
/// `None` if `amount` or a weight is negative, or if there is something to share and no weight.
pub fn apportion(amount: Minor, weights: &[Minor]) -> Option<Vec<Minor>> {
    if amount < 0 || weights.iter().any(|weight| *weight < 0) {
        return None;
    }
    if amount == 0 {
        return Some(vec![0; weights.len()]);
    }
    let sum: i128 = weights.iter().copied().map(i128::from).sum();
    if sum == 0 {
        return None;
    }
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    let mut missing = amount;
    for (place, weight) in weights.iter().enumerate() {
        // Two i64 factors stay below 2^126.
        let product = i128::from(amount) * i128::from(*weight);
        let share = Minor::try_from(product / sum).ok()?;
        missing -= share;
        shares.push(share);
        remainders.push((product % sum, place));
    }
    remainders.sort_by(|(left, at), (right, bt)| right.cmp(left).then(at.cmp(bt)));
    for (_, place) in remainders {
        if missing == 0 {
            break;
        }
        shares[place] += 1;
        missing -= 1;
    }
    Some(shares)
}

/// The decimal with the currency's decimals and without its code: `299.99`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.currency.decimals();
        let sign = if self.amount < 0 { "-" } else { "" };
        let unit = 10_u64.pow(decimals);
        let whole = self.amount.unsigned_abs() / unit;
        let fraction = self.amount.unsigned_abs() % unit;
        if decimals == 0 {
            write!(f, "{sign}{whole}")
        } else {
            write!(f, "{sign}{whole}.{fraction:0width$}", width = decimals as usize)
        }
    }
}

#[cfg(test)]
mod tests;
