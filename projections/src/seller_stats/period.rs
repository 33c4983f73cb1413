//! Which days are asked for, in which time zone, and how they are grouped.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// What sums are grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interval {
    /// Each day.
    #[default]
    Day,
    /// Each week, from Monday on (ISO 8601).
    Week,
    /// Each month.
    Month,
}

impl Interval {
    /// The word for it, in queries and for Postgres.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// Days of a time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// From this day on.
    pub from: Option<NaiveDate>,
    /// Up to this day, itself included.
    pub to: Option<NaiveDate>,
    /// Where a day begins at midnight.
    pub tz: Tz,
}

/// All days, in UTC.
impl Default for Period {
    fn default() -> Self {
        Self { from: None, to: None, tz: Tz::UTC }
    }
}

/// From a moment on, and before another.
pub(super) type Span<T> = (Option<T>, Option<T>);

/// A period as whole days of UTC, and what is left of it at both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) days: Span<NaiveDate>,
    pub(super) head: (DateTime<Utc>, DateTime<Utc>),
    pub(super) tail: (DateTime<Utc>, DateTime<Utc>),
}

impl Period {
    /// Its first moment and the first one after it.
    pub(super) fn span(&self) -> Span<DateTime<Utc>> {
        let after = self.to.and_then(|to| to.checked_add_days(Days::new(1)));
        (self.from.and_then(|from| begins(from, self.tz)), after.and_then(|after| begins(after, self.tz)))
    }

    /// Cuts it where days of UTC begin.
    pub(super) fn parts(&self) -> Parts {
        let nothing = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH);
        let (start, end) = self.span();
        let first = start.map(|start| {
            let day = start.date_naive();
            if start == midnight(day) { day } else { day.succ_opt().unwrap_or(day) }
        });
        let last = end.map(|end| end.date_naive());
        if let (Some(start), Some(end), Some(first), Some(last)) = (start, end, first, last)
            && first > last
        {
            return Parts { days: (Some(first), Some(first)), head: (start, end), tail: nothing };
        }
        let head = start.zip(first).map_or(nothing, |(start, first)| (start, midnight(first)));
        let tail = last.zip(end).map_or(nothing, |(last, end)| (midnight(last), end));
        Parts { days: (first, last), head, tail }
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The first moment of a day; where clocks leave it out, the first after it.
pub(super) fn begins(day: NaiveDate, tz: Tz) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    let quarters = (0..=192).map(|nth| midnight.checked_add_signed(TimeDelta::minutes(15 * nth)));
    quarters.flatten().find_map(|local| tz.from_local_datetime(&local).earliest()).map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_when_its_clocks_say_so() {
        for (date, tz, begins_at) in [
            ("2026-11-26", Tz::UTC, "2026-11-26T00:00:00Z"),
            ("2026-11-26", Tz::Asia__Kathmandu, "2026-11-25T18:15:00Z"),
            ("2026-03-29", Tz::Europe__Berlin, "2026-03-28T23:00:00Z"),
            // Midnight was left out.
            ("2018-11-04", Tz::America__Sao_Paulo, "2018-11-04T03:00:00Z"),
            // The whole day was.
            ("2011-12-30", Tz::Pacific__Apia, "2011-12-30T10:00:00Z"),
        ] {
            assert_eq!(begins(day(date), tz), Some(begins_at.parse().unwrap()), "{date} {tz}");
        }
    }

    proptest! {
        #[test]
        fn the_parts_are_the_whole_and_none_twice(
            from in 15_000i32..15_100, days in 0i32..5, zone in 0..chrono_tz::TZ_VARIANTS.len(), at in -200i64..600,
        ) {
            let tz = chrono_tz::TZ_VARIANTS[zone];
            let from = NaiveDate::from_num_days_from_ce_opt(719_163 + from).unwrap();
            let to = from + TimeDelta::days(days.into());
            let period = Period { from: Some(from), to: Some(to), tz };
            let at = midnight(from) + TimeDelta::minutes(15 * at);
            let local = at.with_timezone(&tz).date_naive();
            let parts = period.parts();
            let within = |(start, end): (DateTime<Utc>, DateTime<Utc>)| start <= at && at < end;
            let (first, last) = parts.days;
            let of_day = first.is_none_or(|first| at.date_naive() >= first) && last.is_none_or(|last| at.date_naive() < last);
            let times = [within(parts.head), of_day, within(parts.tail)].into_iter().filter(|it| *it).count();
            prop_assert_eq!(times, usize::from(from <= local && local <= to));
        }
    }
}
