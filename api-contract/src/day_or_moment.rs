//! A day, or a moment: what people write where a time is asked for.

use std::borrow::Cow;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, Utc};
use utoipa::openapi::schema::OneOfBuilder;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// A day in UTC (`2025-11-02`), or a moment in RFC 3339 (`2025-11-02T10:30:00Z`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayOrMoment {
    /// From its midnight to the next.
    Day(NaiveDate),
    /// As it is.
    Moment(DateTime<Utc>),
}

impl DayOrMoment {
    /// The moment, or when the day begins.
    pub fn start(self) -> DateTime<Utc> {
        match self {
            Self::Day(day) => day.and_time(NaiveTime::MIN).and_utc(),
            Self::Moment(moment) => moment,
        }
    }

    /// The moment, or when the day is over; the last day that there is never is.
    pub fn end(self) -> DateTime<Utc> {
        match self {
            Self::Day(day) => day
                .checked_add_days(Days::new(1))
                .map_or(DateTime::<Utc>::MAX_UTC, |next| next.and_time(NaiveTime::MIN).and_utc()),
            Self::Moment(moment) => moment,
        }
    }
}

/// Whether this is in a year that a calendar shows, 1 to 9999, in UTC: what is beyond can be written and kept, and then not
/// be read by everybody.
pub(crate) fn is_in_a_calendar(moment: DateTime<Utc>) -> bool {
    (1..=9999).contains(&moment.year())
}

impl FromStr for DayOrMoment {
    type Err = Cow<'static, str>;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            Some(Self::Moment(moment.to_utc()))
        } else {
            // Four digits for the year.
            Some(text).filter(|text| text.len() == 10).and_then(|text| text.parse().ok()).map(Self::Day)
        };
        read.filter(|read| is_in_a_calendar(read.start()))
            .ok_or_else(|| "must be a day (2025-11-02) or a moment in RFC 3339 (2025-11-02T10:30:00Z)".into())
    }
}

impl PartialSchema for DayOrMoment {
    fn schema() -> RefOr<Schema> {
        let text = |format| {
            ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(format)))
        };
        OneOfBuilder::new()
            .item(text(KnownFormat::Date))
            .item(text(KnownFormat::DateTime))
            .description(Some("A day in UTC, or a moment in RFC 3339"))
            .into()
    }
}

impl ToSchema for DayOrMoment {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_a_beginning_and_an_end_and_a_moment_has_neither() {
        let day: DayOrMoment = "2025-11-02".parse().unwrap();
        assert_eq!(day.start().to_rfc3339(), "2025-11-02T00:00:00+00:00");
        assert_eq!(day.end().to_rfc3339(), "2025-11-03T00:00:00+00:00");
        let moment: DayOrMoment = "2025-11-02T12:00:00+05:00".parse().unwrap();
        assert_eq!((moment.start(), moment.end()), (moment.start(), moment.start()));
        assert_eq!(moment.start().to_rfc3339(), "2025-11-02T07:00:00+00:00");
    }

    #[test]
    fn what_is_neither_is_refused() {
        for text in
            ["", "yesterday", "2025-13-01", "2025-1-1", "+12025-01-01", "20251102", "2025-11-02T10:30"]
        {
            assert!(text.parse::<DayOrMoment>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_no_calendar_has_is_refused() {
        for text in
            ["0000-01-01", "0000-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+01:00"]
        {
            assert!(text.parse::<DayOrMoment>().is_err(), "{text}");
        }
        for text in ["0001-01-01", "9999-12-31", "9999-12-31T23:59:59Z"] {
            assert!(text.parse::<DayOrMoment>().is_ok(), "{text}");
        }
    }
}
