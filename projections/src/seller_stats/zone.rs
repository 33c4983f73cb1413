//! How far the clocks of a time zone are from UTC, since when: as arrays, so that Postgres adds up by days of the zone
//! without a table of zones of its own, which may know fewer zones than ours, or other rules.

use chrono::{DateTime, NaiveDate, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// Between which years clocks are looked at. What was before is counted as then, what comes after too.
const YEARS: (i32, i32) = (1970, 2100);

/// The offsets of a zone, each since a moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Zone {
    /// When each begins, ascending.
    pub(super) since: Vec<DateTime<Utc>>,
    /// Seconds that the zone is ahead of UTC.
    pub(super) offsets: Vec<i32>,
}

impl Zone {
    pub(super) fn of(tz: Tz) -> Self {
        let new_year = |year| {
            NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default().and_time(chrono::NaiveTime::MIN).and_utc()
        };
        let (mut at, end) = (new_year(YEARS.0), new_year(YEARS.1));
        let mut zone = Self { since: vec![new_year(1)], offsets: vec![offset(tz, at)] };
        while at < end {
            let (before, next) = (offset(tz, at), at + TimeDelta::days(1));
            if offset(tz, next) != before {
                let changed = change(tz, at, next);
                zone.since.push(changed);
                zone.offsets.push(offset(tz, changed));
            }
            at = next;
        }
        zone
    }
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

    #[test]
    fn days_by_the_offsets_are_the_days_of_the_zone() {
        for tz in TZ_VARIANTS {
            let zone = Zone::of(tz);
            assert!(zone.since.is_sorted());
            // A step that shares no factor with a day: all hours come by.
            let mut at: DateTime<Utc> = "1970-01-02T00:00:00Z".parse().unwrap();
            while at < "2040-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() {
                let nth = zone.since.partition_point(|since| *since <= at) - 1;
                let local = (at + TimeDelta::seconds(zone.offsets[nth].into())).naive_utc();
                assert_eq!(local, at.with_timezone(&tz).naive_local(), "{tz} {at}");
                at += TimeDelta::minutes(60 * 24 * 3 + 15 * 7);
            }
        }
    }
}
