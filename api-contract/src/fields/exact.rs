//! Getters of numbers, read exactly from their text.

use std::ops::RangeInclusive;

use domain::money::MoneyError;
use domain::{Currency, Minor, Money};
use rust_decimal::Decimal;

use super::{Field, Wrong};
use crate::json::Json;

/// More digits than this can't be held exactly, so they are refused before anything could round them.
const MAX_DIGITS: usize = 28;

impl Field<'_, '_> {
    /// A whole number. Where the range ends with the largest there is, it has no end: what is larger is that.
    pub fn integer(self, range: RangeInclusive<i64>) -> Option<i64> {
        let textual = self.textual;
        self.value(
            |json| {
                let text = number(json, textual).ok_or_else(|| Wrong::format("must be a whole number"))?;
                let is_endless = *range.end() == i64::MAX;
                let out_of_range = || {
                    Wrong::rule(match (range.start(), range.end()) {
                        (least, _) if is_endless => format!("must be at least {least}"),
                        (least, most) => format!("must be between {least} and {most}"),
                    })
                };
                let Some(number) = decimal(text) else {
                    return match is_endless {
                        true if text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(i64::MAX),
                        true => Err(Wrong::rule("has too many digits")),
                        false => Err(out_of_range()),
                    };
                };
                if !number.fract().is_zero() {
                    return Err(Wrong::rule("must be a whole number"));
                }
                let endless = is_endless && number > Decimal::from(i64::MAX);
                let whole = if endless { Ok(i64::MAX) } else { i64::try_from(number) };
                whole.ok().filter(|n| range.contains(n)).ok_or_else(out_of_range)
            },
            i64::to_string,
        )
    }

    /// `true` or `false`.
    pub fn boolean(self) -> Option<bool> {
        let textual = self.textual;
        self.value(
            |json| match json {
                Json::Bool(value) => Ok(*value),
                Json::String(text) if textual && text == "true" => Ok(true),
                Json::String(text) if textual && text == "false" => Ok(false),
                _ => Err(Wrong::format("must be true or false")),
            },
            bool::to_string,
        )
    }

    /// An amount of this currency, in a range of minor units, from a JSON number or a string.
    pub fn money(self, currency: Currency, range: RangeInclusive<Minor>) -> Option<Money> {
        self.value(
            |json| {
                let text = number(json, true).ok_or_else(|| Wrong::format("must be a decimal number"))?;
                if digits(text) > MAX_DIGITS {
                    return Err(Wrong::rule("has too many digits"));
                }
                let money = Money::parse(text, currency).map_err(|error| match error {
                    MoneyError::NotANumber => Wrong::format(error.to_string()),
                    MoneyError::TooFine(..) | MoneyError::TooLarge => Wrong::rule(error.to_string()),
                })?;
                if range.contains(&money.amount) {
                    return Ok(money);
                }
                let (least, most) =
                    (Money::new(*range.start(), currency), Money::new(*range.end(), currency));
                Err(Wrong::rule(format!("must be between {least} and {most}")))
            },
            |money| format!("{money} {}", money.currency),
        )
    }

    /// A decimal number that isn't money: a percentage, a weight.
    pub fn decimal(self, range: RangeInclusive<Decimal>) -> Option<Decimal> {
        self.value(
            |json| {
                let text = number(json, true).ok_or_else(|| Wrong::format("must be a decimal number"))?;
                decimal(text).filter(|number| range.contains(number)).ok_or_else(|| {
                    Wrong::rule(format!("must be between {} and {}", range.start(), range.end()))
                })
            },
            |number| number.normalize().to_string(),
        )
    }
}

/// A number's text, from a JSON number or, where it may be one, a string. The zeros before it are left out: they are no digits
/// of it, however many there are.
fn number<'j>(json: &'j Json<'_>, may_be_string: bool) -> Option<&'j str> {
    let text = match json {
        Json::Number(text) => *text,
        Json::String(text) if may_be_string && is_number(text) => text,
        _ => return None,
    };
    let zeros = text.bytes().take_while(|byte| *byte == b'0').count();
    let followed = text.as_bytes().get(zeros).is_some_and(u8::is_ascii_digit);
    text.get(if followed { zeros } else { zeros.saturating_sub(1) }..)
}

/// A number's exact value, or nothing where it has too many digits or is too large.
fn decimal(text: &str) -> Option<Decimal> {
    if digits(text) > MAX_DIGITS {
        return None;
    }
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

fn digits(text: &str) -> usize {
    text.split(['e', 'E']).next().unwrap_or_default().bytes().filter(u8::is_ascii_digit).count()
}

/// A plain decimal in a string: an optional minus, digits, optionally a point and digits.
fn is_number(text: &str) -> bool {
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    match unsigned.split_once('.') {
        Some((whole, fraction)) => all_digits(whole) && all_digits(fraction),
        None => all_digits(unsigned),
    }
}
