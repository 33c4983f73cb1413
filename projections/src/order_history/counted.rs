//! How the orders of a list are counted: by counters as far as they go, and by the orders themselves beyond that.
//!
//! A customer has one counter for each status; a seller one a month, and there is one a day for all orders together. So
//! the orders of a long time are the sum of a few hundred rows, and only its two ends, less than a month of one seller or
//! a day of all, are counted one by one. A part of one customer's time is counted one by one, for that is not many.

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, Utc};

/// Before and after everything that ever happens. A counter since the beginning is of any time.
const BEGINNING: NaiveDate = new_year(1);
const END: NaiveDate = new_year(10_000);

/// Whose orders a counter counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// Those of a customer.
    Customer,
    /// Those with a line of a seller's.
    Seller,
    /// All. They come last, so that the rows that most writers want are locked for the shortest time.
    All,
}

impl Whose {
    /// The word for it in the table.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Seller => "seller",
            Self::All => "all",
        }
    }

    /// The first day of the counter that counts an order that was placed then.
    pub(super) fn since(self, placed_at: DateTime<Utc>) -> NaiveDate {
        let day = placed_at.date_naive();
        match self {
            Self::Customer => BEGINNING,
            Self::Seller => day.with_day(1).unwrap_or(day),
            Self::All => day,
        }
    }

    /// The first day of the counter after this one.
    fn after(self, since: NaiveDate) -> NaiveDate {
        let next = match self {
            Self::Customer => None,
            Self::Seller => since.checked_add_months(Months::new(1)),
            Self::All => since.checked_add_days(Days::new(1)),
        };
        next.unwrap_or(NaiveDate::MAX)
    }
}

/// A time from a moment to before another.
type Span = (DateTime<Utc>, DateTime<Utc>);

/// Which counters make up a list's time, and what of it is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    /// Counters since this day or later.
    pub(super) first: NaiveDate,
    /// To the one since this day, or an earlier one.
    pub(super) last: NaiveDate,
    /// What is counted order by order.
    pub(super) spans: Vec<Span>,
}

impl Counted {
    /// Of the time from one moment to before another.
    pub(super) fn of(whose: Whose, from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Self {
        match (whose, from, until) {
            (Whose::Customer, None, None) => Self { first: BEGINNING, last: BEGINNING, spans: Vec::new() },
            (Whose::Customer, ..) => Self::by_order(from, until),
            (Whose::Seller | Whose::All, ..) => Self::by_period(whose, from, until),
        }
    }

    /// The same where nothing is counted by counters.
    pub(super) fn by_order(from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Self {
        let span = (from.unwrap_or(midnight(BEGINNING)), until.unwrap_or(midnight(END)));
        // No counter is since a day that comes after the last one.
        Self { first: END, last: BEGINNING, spans: vec![span] }
    }

    fn by_period(whose: Whose, from: Option<DateTime<Utc>>, until: Option<DateTime<Utc>>) -> Self {
        let first = from.map_or(BEGINNING, |from| {
            let since = whose.since(from);
            if midnight(since) == from { since } else { whose.after(since) }
        });
        let end = until.map_or(END, |until| whose.since(until));
        let spans = if first <= end {
            let before = from.map(|from| (from, midnight(first)));
            let after = until.map(|until| (midnight(end), until));
            before.into_iter().chain(after).collect()
        } else {
            vec![(from.unwrap_or(midnight(BEGINNING)), until.unwrap_or(midnight(END)))]
        };
        let spans: Vec<Span> = spans.into_iter().filter(|(from, until): &Span| from < until).collect();
        Self { first, last: end.pred_opt().unwrap_or(BEGINNING), spans }
    }
}

const fn new_year(year: i32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, 1, 1) {
        Some(day) => day,
        None => NaiveDate::MIN,
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn whole_months_of_a_seller_are_counted_by_counters_and_the_ends_by_orders() {
        let counted =
            Counted::of(Whose::Seller, Some(at("2025-01-10T00:00:00Z")), Some(at("2025-04-20T12:00:00Z")));
        assert_eq!((counted.first, counted.last), (day("2025-02-01"), day("2025-03-31")));
        let spans = [
            (at("2025-01-10T00:00:00Z"), at("2025-02-01T00:00:00Z")),
            (at("2025-04-01T00:00:00Z"), at("2025-04-20T12:00:00Z")),
        ];
        assert_eq!(counted.spans, spans);
    }

    #[test]
    fn whole_days_of_all_need_no_order() {
        let (from, until) = (at("2025-01-10T00:00:00Z"), at("2025-01-12T00:00:00Z"));
        let counted = Counted::of(Whose::All, Some(from), Some(until));
        let days = (day("2025-01-10"), day("2025-01-11"));
        assert_eq!(counted, Counted { first: days.0, last: days.1, spans: Vec::new() });
    }

    #[test]
    fn a_customer_is_counted_by_one_counter_or_order_by_order() {
        let all = Counted::of(Whose::Customer, None, None);
        assert_eq!(all, Counted { first: BEGINNING, last: BEGINNING, spans: Vec::new() });
        let some = Counted::of(Whose::Customer, Some(at("2025-01-10T00:00:00Z")), None);
        assert!(some.first > some.last);
        assert_eq!(some.spans, [(at("2025-01-10T00:00:00Z"), midnight(END))]);
    }

    /// Moments around the middle of some months, and now and then a midnight.
    fn moment() -> impl Strategy<Value = Option<DateTime<Utc>>> {
        let hour =
            (0_i64..24 * 100).prop_map(|hour| at("2025-01-20T00:00:00Z") + chrono::TimeDelta::hours(hour));
        let midnight = (0_u64..100).prop_map(|days| midnight(day("2025-01-20") + Days::new(days)));
        prop_oneof![Just(None), hour.prop_map(Some), midnight.prop_map(Some)]
    }

    proptest! {
        #[test]
        fn each_moment_of_the_time_is_counted_once_and_no_other(
            from in moment(), until in moment(), placed in moment(), seller: bool,
        ) {
            let whose = if seller { Whose::Seller } else { Whose::All };
            let placed = placed.unwrap_or(at("2025-02-01T00:00:00Z"));
            let counted = Counted::of(whose, from, until);
            let since = whose.since(placed);
            let by_counter = usize::from((counted.first..=counted.last).contains(&since));
            let by_order = counted.spans.iter().filter(|(from, until)| (*from..*until).contains(&placed)).count();
            let wanted = from.is_none_or(|from| placed >= from) && until.is_none_or(|until| placed < until);
            prop_assert_eq!(by_counter + by_order, usize::from(wanted));
        }
    }
}
