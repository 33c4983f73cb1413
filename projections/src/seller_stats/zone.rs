//! How far the clocks of a time zone are from UTC, since when: as arrays, so that Postgres adds up by days of the zone
//! without a table of zones of its own, which may know fewer zones than ours, or other rules.

use chrono::{DateTime, NaiveDate, NaiveTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

use super::period::begins;

/// Between which years clocks are looked at. Before, each place had a time of its own, and kept it; what comes after is
/// counted as then.
const YEARS: (i32, i32) = (1800, 2100);

/// What sums are kept by, in seconds.
const QUARTER: i32 = 15 * 60;

/// The offsets of a zone, each since a moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Zone {
    /// When each begins, ascending.
    pub(super) since: Vec<DateTime<Utc>>,
    /// Seconds that the zone is ahead of UTC.
    pub(super) offsets: Vec<i32>,
    /// The first day that begins with a quarter of an hour, as all after it do; none where all days do. Once, in most zones
    /// before 1920 and in one up to 1979, clocks were so many minutes and seconds from UTC.
    pub(super) first_day: Option<NaiveDate>,
}

impl Zone {
    pub(super) fn of(tz: Tz) -> Self {
        let new_year =
            |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default().and_time(NaiveTime::MIN).and_utc();
        let (mut at, end) = (new_year(YEARS.0), new_year(YEARS.1));
        let mut now = offset(tz, at);
        let (mut since, mut offsets) = (vec![new_year(1)], vec![now]);
        while at < end {
            let next = at + TimeDelta::days(1);
            if offset(tz, next) == now {
                at = next;
                continue;
            }
            // From there on, for there may be another one on the same day.
            at = change(tz, at, next);
            now = offset(tz, at);
            since.push(at);
            offsets.push(now);
        }
        let odd = offsets.iter().rposition(|offset| offset % QUARTER != 0);
        let first_day = odd.map(|odd| since.get(odd + 1).map_or(NaiveDate::MAX, |even| first_day(tz, *even)));
        Self { since, offsets, first_day }
    }
}

/// The first day that begins at this moment or later. Where clocks were put forward over its midnight, a day begins with
/// that, on no quarter.
fn first_day(tz: Tz, at: DateTime<Utc>) -> NaiveDate {
    let local = at.with_timezone(&tz).naive_local();
    let is_under_way = local.time() != NaiveTime::MIN;
    let mut days = local.date().iter_days().skip(usize::from(is_under_way));
    days.find(|day| begins(*day, tz).is_some_and(|begun| begun >= at)).unwrap_or(NaiveDate::MAX)
}

/// The first second between these two that has not the offset of the first.
fn change(tz: Tz, mut before: DateTime<Utc>, mut after: DateTime<Utc>) -> DateTime<Utc> {
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if offset(tz, middle) == offset(tz, before) { before = middle } else { after = middle }
    }
    after
}

fn offset(tz: Tz, at: DateTime<Utc>) -> i32 {
    tz.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
}

#[cfg(test)]
mod tests {
    use chrono_tz::TZ_VARIANTS;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_by_the_offsets_are_the_days_of_the_zone() {
        for tz in TZ_VARIANTS {
            let zone = Zone::of(tz);
            assert!(zone.since.is_sorted());
            // A step that shares no factor with a day: all hours come by.
            let mut at: DateTime<Utc> = "1799-01-02T00:00:00Z".parse().unwrap();
            while at < "2040-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() {
                let nth = zone.since.partition_point(|since| *since <= at) - 1;
                let local = (at + TimeDelta::seconds(zone.offsets[nth].into())).naive_utc();
                assert_eq!(local, at.with_timezone(&tz).naive_local(), "{tz} {at}");
                at += TimeDelta::minutes(60 * 24 * 7 + 15 * 7);
            }
            let (first, end) = (zone.first_day.unwrap_or(day("1900-01-01")), day("2040-01-01"));
            assert!(first < day("1980-01-01"), "{tz} since {first}");
            for it in first.iter_days().step_by(97).take_while(|it| *it < end) {
                let begun = begins(it, tz).unwrap().timestamp();
                assert_eq!(begun % i64::from(QUARTER), 0, "{tz} {it}, since {first}");
            }
        }
    }

    #[test]
    fn the_first_day_that_begins_with_a_quarter_is_the_one_after_the_last_odd_offset() {
        for (tz, expected) in [
            (Tz::UTC, None),
            (Tz::Etc__GMTPlus5, None),
            // The clocks were put forward at a midnight.
            (Tz::Africa__Monrovia, Some(day("1972-01-08"))),
            (Tz::Pacific__Kiritimati, Some(day("1979-10-02"))),
            (Tz::Asia__Singapore, Some(day("1941-09-02"))),
            (Tz::Europe__London, Some(day("1847-12-02"))),
        ] {
            assert_eq!(Zone::of(tz).first_day, expected, "{tz}");
        }
    }
}
