//! Getters of texts.

use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use domain::Currency;
use uuid::Uuid;

use super::{Field, Open, Place, Wrong};
use crate::day_or_moment::is_in_a_calendar;
use crate::json::Json;

/// The text of a string with so many characters.
pub(super) fn plain<'j>(json: &'j Json<'_>, length: &RangeInclusive<usize>) -> Result<&'j str, Wrong> {
    let Json::String(text) = json else { return Err(Wrong::format("must be a string")) };
    let count = text.chars().count();
    if length.contains(&count) {
        Ok(text)
    } else if count < *length.start() {
        Err(Wrong::rule(match length.start() {
            1 => "must not be empty".to_owned(),
            least => format!("must be at least {least} characters"),
        }))
    } else {
        Err(Wrong::rule(format!("must be at most {} characters", length.end())))
    }
}

fn trimmed<'j>(json: &'j Json<'_>, length: &RangeInclusive<usize>) -> Result<&'j str, Wrong> {
    let Json::String(text) = json else { return Err(Wrong::format("must be a string")) };
    let text = text.trim();
    // Measured again on what is kept.
    plain(&Json::String(text.to_owned()), length)?;
    Ok(text)
}

impl Field<'_, '_> {
    /// A text of so many characters, without the white space around it.
    pub fn text(self, length: RangeInclusive<usize>) -> Option<String> {
        self.value(|json| trimmed(json, &length).map(str::to_owned), Clone::clone)
    }

    /// A parameter that may be given several times, each time a text as [`Self::text`] reads it; empty ones are none.
    pub fn texts(self, length: RangeInclusive<usize>) -> Option<Vec<String>> {
        let Self { report, place, path, textual, .. } = self;
        let open = Open { report, path, textual };
        let values: Vec<&Json<'_>> = match place {
            Place::Item(item) => vec![item],
            Place::Member(members, names) => {
                let given = members.iter().filter(|(key, _)| names.contains(&key.as_str()));
                given.map(|(_, value)| *value).collect()
            }
        };
        let texts: Result<Vec<&str>, Wrong> = values.into_iter().map(|it| trimmed(it, &length)).collect();
        match texts {
            Ok(texts) => {
                let texts = texts.into_iter().filter(|text| !text.is_empty()).map(str::to_owned);
                let texts: Vec<String> = texts.collect();
                open.report.read.insert(open.path, texts.join("\n"));
                (!texts.is_empty()).then_some(texts)
            }
            Err(wrong) => open.fail(wrong),
        }
    }

    /// A text that is taken exactly as given: a password.
    pub fn verbatim(self, length: RangeInclusive<usize>) -> Option<String> {
        self.value(|json| plain(json, &length).map(str::to_owned), Clone::clone)
    }

    /// An e-mail address: something, `@`, and a domain name with a dot. Whether it exists only a message can show.
    pub fn email(self) -> Option<String> {
        self.value(
            |json| {
                let text = trimmed(json, &(1..=254))?;
                if is_email(text) {
                    Ok(text.to_owned())
                } else {
                    Err(Wrong::format("must be an e-mail address"))
                }
            },
            Clone::clone,
        )
    }

    /// A phone number: 5 to 20 digits, with `+`, spaces, dashes, dots and parentheses where people put them.
    pub fn phone(self) -> Option<String> {
        self.value(
            |json| {
                let text = trimmed(json, &(1..=40))?;
                if is_phone(text) {
                    Ok(text.to_owned())
                } else {
                    Err(Wrong::format("must be a phone number of 5 to 20 digits"))
                }
            },
            Clone::clone,
        )
    }

    /// An id: a UUID with hyphens.
    pub fn id<I: From<Uuid>>(self) -> Option<I> {
        self.value(
            |json| match json {
                Json::String(text) => uuid(text).ok_or_else(|| Wrong::format("must be a UUID")),
                _ => Err(Wrong::format("must be a UUID")),
            },
            Uuid::to_string,
        )
        .map(I::from)
    }

    /// One of some words; the case of letters doesn't matter.
    pub fn one_of<T: Copy>(self, words: &[(&'static str, T)]) -> Option<T> {
        self.value(
            |json| {
                let text = trimmed(json, &(0..=200))?;
                words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).copied().ok_or_else(|| {
                    let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                    Wrong::rule(format!("must be one of {}", words.join(", ")))
                })
            },
            |(word, _)| (*word).to_owned(),
        )
        .map(|(_, value)| value)
    }

    /// An ISO 4217 code.
    pub fn currency(self) -> Option<Currency> {
        self.value(
            |json| Currency::from_str(trimmed(json, &(3..=3))?).map_err(|e| Wrong::rule(format!("is {e}"))),
            Currency::to_string,
        )
    }

    /// A moment in RFC 3339, with its offset.
    pub fn timestamp(self) -> Option<DateTime<Utc>> {
        self.value(
            |json| {
                let time = DateTime::parse_from_rfc3339(trimmed(json, &(1..=40))?).ok();
                let time = time.map(|time| time.to_utc()).filter(|time| is_in_a_calendar(*time));
                time.ok_or_else(|| Wrong::format("must be a time in RFC 3339: 2025-11-02T10:30:00Z"))
            },
            DateTime::to_rfc3339,
        )
    }

    /// A day, `2025-11-02`.
    pub fn date(self) -> Option<NaiveDate> {
        self.value(
            |json| {
                let text = trimmed(json, &(1..=40))?;
                // chrono takes a sign and fewer digits too: years that no calendar of a shop has, and not Postgres's.
                let is_whole = text.len() == 10 && text.starts_with(|first: char| first.is_ascii_digit());
                let day =
                    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|day| is_whole && day.year() > 0);
                day.ok_or_else(|| Wrong::format("must be a date: 2025-11-02"))
            },
            NaiveDate::to_string,
        )
    }
}

/// A UUID in the one form that we write: with hyphens, without braces or `urn:uuid:`.
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    (1..=64).contains(&local.len())
        && !local.contains(|c: char| c.is_whitespace() || c.is_control() || "@,;<>()[]\"\\".contains(c))
        && domain.contains('.')
        && domain.split('.').all(label)
}

/// Whether it can be a phone number: 5 to 20 digits, with what people put between them.
pub fn is_phone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let body = text.strip_prefix('+').unwrap_or(text);
    (5..=20).contains(&digits) && body.chars().all(|c| c.is_ascii_digit() || " -.()".contains(c))
}
