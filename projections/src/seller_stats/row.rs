//! What the queries answer.

use std::fmt;

use chrono::NaiveDate;
use domain::ids::ProductId;
use domain::{Currency, Minor};
use serde::Deserialize;

/// What was earned in some time, in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Sums {
    /// Captured for goods.
    pub gross: Minor,
    /// Refunded for goods, less what of refunds came back.
    pub refunds: Minor,
    /// Paid orders.
    #[serde(default)]
    pub orders: i64,
    /// Units paid.
    pub units: i64,
    /// Units that came back.
    pub returned_units: i64,
}

/// A share in ten-thousandths; its Display is the decimal, `0.0357`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(pub i64);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:04}", self.0.unsigned_abs() / 10_000, self.0.unsigned_abs() % 10_000)
    }
}

impl Sums {
    /// What is left.
    pub fn net(&self) -> Minor {
        self.gross.saturating_sub(self.refunds)
    }

    /// Gross revenue by paid order, rounded half up to the minor unit; 0 without orders.
    pub fn average_order_value(&self) -> Minor {
        divide_half_up(self.gross.into(), self.orders.into())
    }

    /// Refunds by gross revenue; 0 without revenue, below 0 where more of earlier refunds came back than was refunded.
    pub fn refund_rate(&self) -> Rate {
        Rate(divide_half_up(i128::from(self.refunds) * 10_000, self.gross.into()))
    }
}

/// A quotient rounded half up (away from zero for a negative one); 0 where the divisor is not positive.
pub fn divide_half_up(dividend: i128, divisor: i128) -> i64 {
    if divisor <= 0 {
        return 0;
    }
    let rounded = (dividend.abs() * 2 + divisor) / (divisor * 2);
    i64::try_from(rounded * dividend.signum()).unwrap_or(i64::MAX)
}

/// The totals of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct CurrencyTotals {
    /// Of every amount.
    pub currency: Currency,
    /// The sums.
    #[serde(flatten)]
    pub sums: Sums,
}

/// One day, week or month of one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct PeriodRow {
    /// Its first day, in the time zone that was asked for.
    pub day: NaiveDate,
    /// Of every amount.
    pub currency: Currency,
    /// The sums.
    #[serde(flatten)]
    pub sums: Sums,
}

/// One product's share. `orders` is not counted by product and is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ProductRow {
    /// What; its name is in the catalog.
    pub product_id: ProductId,
    /// Of every amount.
    pub currency: Currency,
    /// The sums.
    #[serde(flatten)]
    pub sums: Sums,
}

/// How many customers bought, of a seller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Customers {
    /// Who had bought nothing before.
    pub new: i64,
    /// Who had.
    pub returning: i64,
}

/// How many customers bought in a day, week or month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct CustomersRow {
    /// Its first day.
    pub day: NaiveDate,
    /// How many.
    #[serde(flatten)]
    pub customers: Customers,
}

/// The stats of a seller, or of all.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Report {
    /// By currency.
    pub totals: Vec<CurrencyTotals>,
    /// By day, week or month and currency, the oldest first; those in which nothing happened are left out.
    pub periods: Vec<PeriodRow>,
    /// Of the whole time: new are those whose first order is in it. Of all sellers together, each seller's are added.
    pub customers: Customers,
    /// By day, week or month: a customer of several counts in each, and is new in one at most.
    pub customer_periods: Vec<CustomersRow>,
    /// By net revenue, the most first, so many of each currency.
    pub top_products: Vec<ProductRow>,
}
