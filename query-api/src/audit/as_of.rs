//! A moment, as an auditor writes it.

use api_contract::Timestamp;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use event_store::AsOf;
use serde::Serialize;
use utoipa::ToSchema;

/// The text is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a position of the log (1042), a time in RFC 3339 (2025-11-02T10:30:00Z) or a date (2025-11-02)"
)]
pub struct BadMoment;

/// Reads a position, a time in RFC 3339, or a date: the end of that day in UTC, as books are closed.
pub fn parse(text: &str) -> Result<AsOf, BadMoment> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map(AsOf::Position).map_err(|_| BadMoment);
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(AsOf::Time(time.to_utc()));
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(end_of_day).map(AsOf::Time).ok_or(BadMoment)
}

/// The last microsecond of a day in UTC: the log knows nothing finer.
fn end_of_day(day: NaiveDate) -> Option<DateTime<Utc>> {
    let next = day.succ_opt()?.and_hms_opt(0, 0, 0)?.and_utc();
    next.checked_sub_signed(TimeDelta::microseconds(1))
}

/// A moment in an answer: `{"position": 1042}` or `{"time": "…"}`.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Moment {
    /// What had been recorded.
    Position(i64),
    /// What had occurred.
    Time(Timestamp),
}

impl From<AsOf> for Moment {
    fn from(as_of: AsOf) -> Self {
        match as_of {
            AsOf::Position(position) => Self::Position(position),
            AsOf::Time(time) => Self::Time(time.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> AsOf {
        AsOf::Time(text.parse().unwrap())
    }

    #[test]
    fn digits_are_a_position() {
        assert_eq!(parse("1042"), Ok(AsOf::Position(1042)));
        assert_eq!(parse("0"), Ok(AsOf::Position(0)));
    }

    #[test]
    fn a_time_is_taken_with_its_offset() {
        assert_eq!(parse("2025-11-02T10:30:00+02:00"), Ok(time("2025-11-02T08:30:00Z")));
    }

    #[test]
    fn a_date_is_the_end_of_its_day() {
        assert_eq!(parse("2025-11-02"), Ok(time("2025-11-02T23:59:59.999999Z")));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "-1", "99999999999999999999", "yesterday", "2025-13-01", "2025-11-02T10:30:00"] {
            assert_eq!(parse(text), Err(BadMoment), "{text}");
        }
    }
}
