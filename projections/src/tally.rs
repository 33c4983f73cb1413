//! Rows that the events of many aggregates add to, gathered in memory by their key.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::rows::{Fields, Rows, Target};

/// Microseconds from the Unix epoch to that of Postgres, 2000-01-01.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

/// What becomes of two values of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// They are added.
    Sum,
    /// The lesser one stays.
    Least,
}

/// The table of a tally: its key's columns, and after them a column of eight bytes for each rule (`bigint`, or
/// `timestamptz` by [`moment`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The table and all of its columns.
    pub target: Target,
    /// How the last columns are combined.
    pub rules: &'static [Rule],
}

impl Counted {
    fn keys(&self) -> usize {
        self.target.columns.len() - self.rules.len()
    }

    /// Adds up what stands in a table of parts into the table itself.
    pub(crate) fn add_up(&self, table: &str, parts: &str) -> String {
        let (keys, values) = self.target.columns.split_at(self.keys());
        let combined = values.iter().zip(self.rules).map(|(column, rule)| match rule {
            Rule::Sum => format!("sum({column})::bigint"),
            Rule::Least => format!("min({column})"),
        });
        let selected: Vec<_> = keys.iter().map(|key| (*key).to_owned()).chain(combined).collect();
        format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {parts} GROUP BY {}",
            self.target.columns.join(", "),
            selected.join(", "),
            keys.join(", ")
        )
    }
}

/// A moment as a value of a tally.
pub fn moment(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros() - POSTGRES_EPOCH
}

/// A sum is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overflow;

/// The values of each key.
#[derive(Debug)]
pub struct Tally {
    pub(crate) counted: Counted,
    rows: HashMap<Box<[u8]>, Box<[i64]>>,
    /// The key that was added last; its buffer is used again.
    key: Fields,
    overflowed: bool,
}

impl Tally {
    /// An empty one.
    pub fn of(counted: Counted) -> Self {
        Self { counted, rows: HashMap::new(), key: Fields::default(), overflowed: false }
    }

    /// Adds to the values of the key that `put` puts. Whether a sum is too large is said by [`Tally::checked`].
    pub fn add(&mut self, values: &[i64], put: impl FnOnce(&mut Fields)) {
        self.key.clear();
        put(&mut self.key);
        match self.rows.get_mut(self.key.bytes()) {
            Some(known) => self.overflowed |= combine(known, values, self.counted.rules).is_err(),
            None => {
                self.rows.insert(self.key.bytes().into(), values.into());
            }
        }
    }

    /// The same, unless a sum is too large.
    pub(crate) fn checked(self) -> Result<Self, Overflow> {
        if self.overflowed { Err(Overflow) } else { Ok(self) }
    }

    /// Adds another one of the same table.
    pub(crate) fn merge(&mut self, other: Self) -> Result<(), Overflow> {
        use std::collections::hash_map::Entry;
        let rules = self.counted.rules;
        if self.rows.is_empty() {
            self.rows = other.rows;
            return Ok(());
        }
        other.rows.into_iter().try_for_each(|(key, values)| match self.rows.entry(key) {
            Entry::Vacant(new) => {
                new.insert(values);
                Ok(())
            }
            Entry::Occupied(mut known) => combine(known.get_mut(), &values, rules),
        })
    }

    /// The end of its table's name.
    pub(crate) fn table(&self) -> &'static str {
        self.counted.target.table
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Its rows, in the order of the bytes of their keys: next to each other stand those that are read together, and the
    /// index has next to nothing to sort.
    pub(crate) fn into_rows(self) -> Rows {
        let mut sorted: Vec<_> = self.rows.into_iter().collect();
        sorted.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let mut rows = Rows::of(self.counted.target);
        for (key, values) in sorted {
            let row = rows.row_of(&key);
            for value in values {
                row.put(value);
            }
        }
        rows
    }
}

fn combine(known: &mut [i64], others: &[i64], rules: &[Rule]) -> Result<(), Overflow> {
    for ((mine, other), rule) in known.iter_mut().zip(others).zip(rules) {
        *mine = match rule {
            Rule::Sum => mine.checked_add(*other).ok_or(Overflow)?,
            Rule::Least => (*mine).min(*other),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTED: Counted = Counted {
        target: Target { table: "sums", columns: &["seller", "amount", "first_at"] },
        rules: &[Rule::Sum, Rule::Least],
    };

    fn key(name: &str) -> Fields {
        let mut key = Fields::default();
        key.put(name);
        key
    }

    fn tally(values: &[(&str, [i64; 2])]) -> Tally {
        let mut tally = Tally::of(COUNTED);
        for (name, values) in values {
            tally.add(values, |key| {
                key.put(*name);
            });
        }
        tally
    }

    #[test]
    fn a_key_has_one_row_however_often_it_is_added_to() {
        let mut sum = tally(&[]);
        for other in
            [tally(&[("a", [1, 30])]), tally(&[("a", [2, 20])]), tally(&[("a", [4, 40]), ("b", [8, 10])])]
        {
            sum.merge(other).unwrap();
        }
        assert_eq!(sum.rows[key("a").bytes()][..], [7, 20]);
        assert_eq!(sum.rows[key("b").bytes()][..], [8, 10]);
        assert_eq!((sum.len(), sum.into_rows().count()), (2, 2));
    }

    #[test]
    fn rows_stand_in_the_order_of_their_keys() {
        let rows = |values| tally(values).into_rows().row().bytes().to_vec();
        let (one, other) = (("a", [1, 0]), ("b", [2, 0]));
        assert_eq!(rows(&[one, other]), rows(&[other, one]));
    }

    #[test]
    fn what_is_added_to_one_key_is_what_parts_of_it_come_to() {
        let at_once =
            tally(&[("a", [1, 30]), ("b", [8, 10]), ("a", [2, 20]), ("a", [4, 40])]).checked().unwrap();
        assert_eq!(at_once.rows[key("a").bytes()][..], [7, 20]);
        assert_eq!(at_once.rows[key("b").bytes()][..], [8, 10]);
    }

    #[test]
    fn a_sum_that_is_too_large_is_refused() {
        let mut sum = tally(&[("a", [i64::MAX, 0])]);
        assert_eq!(sum.merge(tally(&[("a", [1, 0])])), Err(Overflow));
        let at_once = tally(&[("a", [i64::MAX, 0]), ("a", [1, 0]), ("a", [-1, 0])]);
        assert_eq!(at_once.checked().err(), Some(Overflow));
    }

    #[test]
    fn parts_are_added_up_by_key() {
        assert_eq!(
            COUNTED.add_up("t", "parts"),
            "INSERT INTO t (seller, amount, first_at) SELECT seller, sum(amount)::bigint, min(first_at) FROM parts GROUP BY seller"
        );
    }

    #[test]
    fn moments_are_counted_from_the_year_2000() {
        assert_eq!(moment("2000-01-01T00:00:01Z".parse().unwrap()), 1_000_000);
    }
}
