//! What a coupon takes off, and for whom.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Currency, Minor};

/// What a coupon takes off, when, and how often. They never change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What it takes off.
    pub discount: Discount,
    /// The currency of its amounts; a percentage without a minimum may be good for every currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The least subtotal that it takes something off, in minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_subtotal: Option<Minor>,
    /// Its first moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    /// The moment after its last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    /// How many orders may have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_limit: Option<u64>,
    /// How many orders of one user may have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_user_limit: Option<u32>,
}

/// What a coupon takes off a subtotal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Discount {
    /// A share of it.
    Percentage {
        /// In hundredths of a percent, 1 to 10,000: 20 % is 2000.
        hundredths: u32,
    },
    /// An amount, but never more than there is.
    Fixed {
        /// In minor units of the coupon's currency.
        amount: Minor,
    },
}

/// All of it, in hundredths of a percent.
const WHOLE: u32 = 10_000;

/// Why there can't be such a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// Nothing, or more than there is.
    #[error("a percentage must be above 0 and at most 100")]
    Percentage,
    /// Nothing, or less.
    #[error("an amount must be above 0")]
    Amount,
    /// Amounts without a currency say nothing.
    #[error("a coupon with an amount needs a currency")]
    NoCurrency,
    /// Below nothing.
    #[error("the least subtotal must not be negative")]
    Minimum,
    /// It would end before it starts.
    #[error("the end must be after the start")]
    Window,
    /// Nobody could use it.
    #[error("a limit must be at least 1")]
    Limit,
}

impl Terms {
    /// Refuses what makes no sense.
    pub fn check(&self) -> Result<(), TermsError> {
        match self.discount {
            Discount::Percentage { hundredths } if !(1..=WHOLE).contains(&hundredths) => {
                return Err(TermsError::Percentage);
            }
            Discount::Fixed { amount } if amount <= 0 => return Err(TermsError::Amount),
            Discount::Percentage { .. } | Discount::Fixed { .. } => {}
        }
        let has_amount = matches!(self.discount, Discount::Fixed { .. }) || self.minimum_subtotal.is_some();
        if has_amount && self.currency.is_none() {
            return Err(TermsError::NoCurrency);
        }
        if self.minimum_subtotal.is_some_and(|minimum| minimum < 0) {
            return Err(TermsError::Minimum);
        }
        if self.starts_at.zip(self.ends_at).is_some_and(|(starts_at, ends_at)| ends_at <= starts_at) {
            return Err(TermsError::Window);
        }
        if self.total_limit == Some(0) || self.per_user_limit == Some(0) {
            return Err(TermsError::Limit);
        }
        Ok(())
    }
}

impl Discount {
    /// What is taken off a subtotal that isn't negative: a percentage rounded half up to the minor unit, once.
    pub fn off(self, subtotal: Minor) -> Minor {
        match self {
            Self::Percentage { hundredths } => {
                let whole = i128::from(WHOLE);
                let share = (i128::from(subtotal) * i128::from(hundredths) + whole / 2) / whole;
                // A share of an i64 is one.
                Minor::try_from(share).unwrap_or(subtotal).min(subtotal)
            }
            Self::Fixed { amount } => amount.min(subtotal),
        }
    }
}
