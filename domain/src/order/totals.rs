//! What an order comes to.

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OrderLine;
use crate::Minor;

/// The finest tax rate: with nine decimals every i64 amount is still taxed exactly in a 96-bit decimal.
const RATE_DECIMALS: u32 = 9;

/// The amounts of an order, in minor units of its currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Totals {
    /// Sum of the lines, before discount.
    pub subtotal: Minor,
    /// Taken off the subtotal.
    pub discount: Minor,
    /// On the discounted subtotal, rounded half up once.
    pub tax: Minor,
    /// For carriage.
    pub shipping: Minor,
    /// `subtotal − discount + tax + shipping`.
    pub total: Minor,
}

/// Why lines have no total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TotalsError {
    /// A price is below 0.
    #[error("a price must not be negative")]
    NegativePrice,
    /// The discount is below 0 or takes off more than there is.
    #[error("the discount must be between 0 and the subtotal")]
    Discount,
    /// The shipping is below 0.
    #[error("shipping must not be negative")]
    NegativeShipping,
    /// The rate is no fraction between 0 and 1 of at most nine decimals.
    #[error("the tax rate must be between 0 and 1, with at most {RATE_DECIMALS} decimals")]
    TaxRate,
    /// Beyond what is counted exactly.
    #[error("the total is too large")]
    TooLarge,
}

/// What the lines come to: the one place where an order's amounts are computed, for an order and for a preview.
///
/// The tax is on the discounted subtotal, rounded half up to the minor unit once per order.
pub fn totals(
    lines: &[OrderLine],
    discount: Minor,
    tax_rate: Decimal,
    shipping: Minor,
) -> Result<Totals, TotalsError> {
    let mut subtotal: Minor = 0;
    for line in lines {
        if line.unit_price < 0 {
            return Err(TotalsError::NegativePrice);
        }
        subtotal = line.total().and_then(|total| subtotal.checked_add(total)).ok_or(TotalsError::TooLarge)?;
    }
    if discount < 0 || discount > subtotal {
        return Err(TotalsError::Discount);
    }
    if shipping < 0 {
        return Err(TotalsError::NegativeShipping);
    }
    let taxed = subtotal - discount;
    let tax = tax_on(taxed, tax_rate)?;
    let total =
        taxed.checked_add(tax).and_then(|sum| sum.checked_add(shipping)).ok_or(TotalsError::TooLarge)?;
    Ok(Totals { subtotal, discount, tax, shipping, total })
}

fn tax_on(amount: Minor, rate: Decimal) -> Result<Minor, TotalsError> {
    if rate < Decimal::ZERO || rate > Decimal::ONE || rate.normalize().scale() > RATE_DECIMALS {
        return Err(TotalsError::TaxRate);
    }
    let exact = Decimal::from(amount).checked_mul(rate.normalize()).ok_or(TotalsError::TooLarge)?;
    // Nothing here is negative, so away from zero is up.
    let rounded = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    Minor::try_from(rounded).map_err(|_| TotalsError::TooLarge)
}
