//! Orders by their numbers, as people write them.

use std::ops::RangeInclusive;

/// How an order's number begins, as people write it: `ord-2026-0001`, or without the letters `2026-0001`; without hyphens
/// `ORD20260001`, or the whole of it `2026000100`. Beside these an order is found by the whole of the number that an outside
/// system gave it, and by the digits after the year: `000855`, or `855`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberPrefix {
    beginning: String,
    outside: Vec<String>,
    last_digits: Vec<String>,
}

impl NumberPrefix {
    /// What every number begins with.
    const LETTERS: &str = "ORD-";

    /// The years of which orders are looked for by what comes after the year in their number: each is a look at the index.
    const YEARS: RangeInclusive<u16> = 1990..=2089;

    /// A year has so many digits, and a number behind it no fewer than these.
    const YEAR_DIGITS: usize = 4;
    const LEAST_DIGITS: usize = 6;

    /// The digits after the year are no more.
    const MOST_DIGITS: usize = 12;

    /// Of what was typed; nothing where every number begins so.
    pub fn typed(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        let number = typed.trim_start_matches('#');
        let text = number.to_uppercase();
        // Another shop's numbers may begin with such a sign.
        let mut outside = vec![number.to_owned(), typed.to_owned()];
        outside.dedup();
        (!Self::LETTERS.starts_with(&text)).then(|| Self {
            beginning: Self::hyphenated(&text),
            outside,
            last_digits: Self::ending(number),
        })
    }

    /// As numbers are kept, where it is the beginning of one. Digits alone are read as year and number only where there are
    /// as many as both have: fewer are the last of a number.
    fn hyphenated(text: &str) -> String {
        let are_digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
        let (letters, rest) = match text.strip_prefix("ORD") {
            Some(rest) => (true, rest.strip_prefix('-').unwrap_or(rest)),
            None => (false, text),
        };
        let year = rest.split_at_checked(Self::YEAR_DIGITS).filter(|(year, _)| are_digits(year));
        if let Some((year, number)) = year
            && are_digits(number)
            && (number.len() >= Self::LEAST_DIGITS || (letters && !number.is_empty()))
        {
            return format!("{}{year}-{number}", Self::LETTERS);
        }
        if rest.starts_with(|first: char| first.is_ascii_digit()) {
            format!("{}{rest}", Self::LETTERS)
        } else {
            text.to_owned()
        }
    }

    /// The numbers of any year that end with these digits; none where there are others than digits.
    fn ending(digits: &str) -> Vec<String> {
        if digits.len() > Self::MOST_DIGITS || !digits.bytes().all(|it| it.is_ascii_digit()) {
            return Vec::new();
        }
        Self::YEARS.map(|year| format!("{}{year}-{digits:0>6}", Self::LETTERS)).collect()
    }

    /// The first text that begins so.
    pub(super) fn first(&self) -> &str {
        &self.beginning
    }

    /// The first text after all numbers that begin so: no number has this character, nor one after it.
    pub(super) fn end(&self) -> String {
        format!("{}~", self.beginning)
    }

    /// What it may be in an outside system.
    pub(super) fn outside(&self) -> &[String] {
        &self.outside
    }

    /// The numbers of which it may be the last digits.
    pub(super) fn last_digits(&self) -> &[String] {
        &self.last_digits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_looked_for_as_people_write_it() {
        let typed = |text| NumberPrefix::typed(text).map(|prefix| prefix.beginning);
        for text in ["ORD-2026-0001", " ord-2026-0001 ", "#ord-2026-0001", "2026-0001"] {
            assert_eq!(typed(text).as_deref(), Some("ORD-2026-0001"), "{text}");
        }
        for text in [
            "ORD2026000100",
            "ord2026000100",
            "2026000100",
            "#2026000100",
            "ORD-2026000100",
            "ORD2026-000100",
        ] {
            assert_eq!(typed(text).as_deref(), Some("ORD-2026-000100"), "{text}");
        }
        for (text, expected) in [
            ("ord2026", "ORD-2026"),
            ("ord20260001", "ORD-2026-0001"),
            ("ord-2026", "ORD-2026"),
            ("ord-20", "ORD-20"),
            ("ord20", "ORD-20"),
            ("ord2026-", "ORD-2026-"),
            ("2026", "ORD-2026"),
            ("202600010", "ORD-202600010"),
            ("20261234567", "ORD-2026-1234567"),
            ("order", "ORDER"),
            ("invoice", "INVOICE"),
        ] {
            assert_eq!(typed(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", " ", "#", "o", "ord-"] {
            assert_eq!(typed(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_digits_alone_may_be_the_last_of_a_number_and_anything_may_be_an_outside_one() {
        let typed = |text| NumberPrefix::typed(text).unwrap();
        for text in ["855", "000855", " #855 "] {
            assert!(typed(text).last_digits().contains(&"ORD-2026-000855".to_owned()), "{text}");
        }
        assert!(typed("1234567").last_digits().contains(&"ORD-2026-1234567".to_owned()));
        for text in ["2026-000855", "ORD-2026-000855", "85\u{665}", "1234567890123"] {
            assert_eq!(typed(text).last_digits(), [""; 0], "{text}");
        }
        assert_eq!(typed(" a1001 ").outside(), ["a1001"], "as it is written");
        assert_eq!(typed("#1001").outside(), ["1001", "#1001"]);
    }
}
