//! A coupon.

use chrono::{DateTime, Utc};
use domain::coupon::{CouponCode, Discount, Terms};
use domain::{Currency, Minor, Money};
use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::amount::Amount;
use crate::envelope::Timestamp;

/// A coupon as an admin reads it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CouponView {
    #[schema(value_type = String, pattern = "^[A-Z0-9_-]{1,50}$")]
    code: CouponCode,
    discount_type: DiscountType,
    discount_value: DiscountValue,
    /// Of its amounts; a coupon without one is good for every currency.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    minimum_subtotal: Option<Amount>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    total_limit: Option<u64>,
    per_user_limit: Option<u32>,
    /// How many orders have it; those that were given up don't count.
    times_used: u64,
    created_at: Timestamp,
}

/// What kind of discount a coupon gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiscountType {
    /// A share of the subtotal.
    Percentage,
    /// An amount.
    Fixed,
}

/// How much it gives: `20` per cent, or an amount with its currency's decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscountValue {
    /// In hundredths of a percent.
    Percent(u32),
    /// In the coupon's currency.
    Amount(Money),
}

impl DiscountValue {
    /// What a coupon with these terms says.
    pub fn of(terms: &Terms, shop_currency: Currency) -> Self {
        match terms.discount {
            Discount::Percentage { hundredths } => Self::Percent(hundredths),
            Discount::Fixed { amount } => {
                Self::Amount(Money::new(amount, terms.currency.unwrap_or(shop_currency)))
            }
        }
    }
}

/// Written as text, as [`Amount`] is.
impl Serialize for DiscountValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let hundredths = match self {
            Self::Amount(money) => return Amount(*money).serialize(serializer),
            Self::Percent(hundredths) => *hundredths,
        };
        let (whole, fraction) = (hundredths / 100, hundredths % 100);
        let text = match fraction {
            0 => whole.to_string(),
            tenths if tenths % 10 == 0 => format!("{whole}.{}", tenths / 10),
            fraction => format!("{whole}.{fraction:02}"),
        };
        RawValue::from_string(text).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl PartialSchema for DiscountValue {
    fn schema() -> RefOr<Schema> {
        let description = "Per cent, or an amount in the coupon's currency";
        ObjectBuilder::new().schema_type(Type::Number).description(Some(description)).into()
    }
}

impl ToSchema for DiscountValue {}

impl From<Discount> for DiscountType {
    fn from(discount: Discount) -> Self {
        match discount {
            Discount::Percentage { .. } => Self::Percentage,
            Discount::Fixed { .. } => Self::Fixed,
        }
    }
}

impl CouponView {
    /// A coupon that was used so many times.
    pub fn of(
        code: CouponCode,
        terms: &Terms,
        times_used: u64,
        created_at: DateTime<Utc>,
        shop_currency: Currency,
    ) -> Self {
        let amount = |minor: Minor| Amount(Money::new(minor, terms.currency.unwrap_or(shop_currency)));
        Self {
            code,
            discount_type: terms.discount.into(),
            discount_value: DiscountValue::of(terms, shop_currency),
            currency: terms.currency,
            minimum_subtotal: terms.minimum_subtotal.map(amount),
            starts_at: terms.starts_at.map(Timestamp),
            ends_at: terms.ends_at.map(Timestamp),
            total_limit: terms.total_limit,
            per_user_limit: terms.per_user_limit,
            times_used,
            created_at: created_at.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_written_as_it_was_given() {
        for (hundredths, text) in
            [(2_000, "20"), (1_250, "12.5"), (1, "0.01"), (10_000, "100"), (333, "3.33")]
        {
            assert_eq!(serde_json::to_string(&DiscountValue::Percent(hundredths)).unwrap(), text);
        }
        let amount = DiscountValue::Amount(Money::new(500, "USD".parse().unwrap()));
        assert_eq!(serde_json::to_string(&amount).unwrap(), "5.00");
    }
}
