//! Amounts, counted to the last digit.

use std::fmt;
use std::ops::{AddAssign, Neg, SubAssign};

use rust_decimal::Decimal;

/// The finest decimal there is; a `Decimal` has no more places.
const PLACES: u32 = 28;
/// 10^28
const UNIT: i128 = 10_000_000_000_000_000_000_000_000_000;

/// A sum of any number of decimals, exact: a `Decimal` alone would round a sum of more than 28 digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    whole: i128,
    /// In units of 10^-28, always below one whole and of no sign of its own: from 0.
    fraction: i128,
}

impl Sum {
    fn normal(whole: i128, fraction: i128) -> Self {
        Self { whole: whole + fraction.div_euclid(UNIT), fraction: fraction.rem_euclid(UNIT) }
    }
}

impl From<Decimal> for Sum {
    fn from(decimal: Decimal) -> Self {
        let scale = 10_i128.pow(decimal.scale());
        let (whole, rest) = (decimal.mantissa() / scale, decimal.mantissa() % scale);
        Self::normal(whole, rest * (UNIT / scale))
    }
}

impl AddAssign<Decimal> for Sum {
    fn add_assign(&mut self, decimal: Decimal) {
        *self += Self::from(decimal);
    }
}

impl AddAssign for Sum {
    fn add_assign(&mut self, other: Self) {
        *self = Self::normal(self.whole + other.whole, self.fraction + other.fraction);
    }
}

impl SubAssign for Sum {
    fn sub_assign(&mut self, other: Self) {
        *self += -other;
    }
}

impl Neg for Sum {
    type Output = Self;

    fn neg(self) -> Self {
        Self::normal(-self.whole, -self.fraction)
    }
}

/// A plain decimal, at least the currency-like form that it was given in: `4397950.761`, `12`, `-0.5`.
impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.whole < 0 && self.fraction > 0 {
            return write!(f, "-{}", -*self);
        }
        write!(f, "{}", self.whole)?;
        if self.fraction > 0 {
            let places = PLACES as usize;
            write!(f, ".{}", format!("{:0places$}", self.fraction).trim_end_matches('0'))?;
        }
        Ok(())
    }
}

/// Reads a plain or scientific decimal; nothing where it isn't one or has more digits than are counted exactly.
pub fn decimal(text: &str) -> Option<Decimal> {
    if text.contains('_') {
        return None;
    }
    let plain = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()?;
    Some(plain.normalize())
}

/// `quantity × price`, or nothing where that has more digits than are counted exactly.
pub fn product(quantity: Decimal, price: Decimal) -> Option<Decimal> {
    let mantissa = quantity.mantissa().checked_mul(price.mantissa())?;
    Decimal::try_from_i128_with_scale(mantissa, quantity.scale() + price.scale()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(texts: &[&str]) -> String {
        let mut sum = Sum::default();
        for text in texts {
            sum += decimal(text).unwrap();
        }
        sum.to_string()
    }

    #[test]
    fn a_sum_is_exact() {
        for (texts, expected) in [
            (&[][..], "0"),
            (&["0.10", "0.20"], "0.3"),
            (&["-0.5"], "-0.5"),
            (&["1", "-1.25"], "-0.25"),
            (&["-3", "1.5"], "-1.5"),
            (
                &["79228162514264337593543950335", "0.0000000000000000000000000001"],
                "79228162514264337593543950335.0000000000000000000000000001",
            ),
            (&["1e3", "2.50"], "1002.5"),
        ] {
            assert_eq!(sum(texts), expected);
        }
    }

    #[test]
    fn a_product_is_exact_or_nothing() {
        let of = |q, p| product(decimal(q).unwrap(), decimal(p).unwrap()).map(|d| Sum::from(d).to_string());
        assert_eq!(of("-3", "2.55"), Some("-7.65".to_owned()));
        assert_eq!(of("1.5", "0.001"), Some("0.0015".to_owned()));
        assert_eq!(of("79228162514264337593543950335", "2"), None);
        assert_eq!(of("0.000000000000001", "0.000000000000001"), None);
    }

    #[test]
    fn what_is_no_decimal_is_none() {
        for text in ["", " ", "x", "1_000", "1,5", "--1", "NaN", "0.00000000000000000000000000001"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
