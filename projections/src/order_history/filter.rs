//! Whose orders, which of them, in which order, and which page.

use chrono::{DateTime, Datelike as _, Utc};
use domain::ids::{SellerId, UserId};
use uuid::Uuid;

use super::row::{OrderStatus, OrderSummary};
use crate::product_search::Cursor;

/// Whose orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of one customer.
    Customer(UserId),
    /// Those with a line of one seller: the status and the amounts are of the seller's part, and whose they are isn't
    /// told.
    Seller(SellerId),
    /// All.
    All,
}

/// The order of a list. What was placed at the same moment is ordered by its id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The newest first; where a number is looked for, the highest first.
    #[default]
    Newest,
    /// The oldest first, or the lowest number.
    Oldest,
}

/// Which orders, and which page of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderFilter {
    /// Only in this status.
    pub status: Option<OrderStatus>,
    /// Only placed at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Only placed before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only with a number that begins so. The list is in the order of the numbers then.
    pub number: Option<NumberPrefix>,
    /// The order.
    pub sort: Sort,
    /// Only what comes after this in that order. A place of another order is none.
    pub after: Option<Cursor>,
    /// How many to leave out.
    pub offset: i64,
    /// How many at most.
    pub limit: i64,
}

/// How an order's number begins, as people write it: `ord-2026-0001`, or without the letters `2026-0001`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberPrefix(String);

impl NumberPrefix {
    /// What every number begins with.
    const LETTERS: &str = "ORD-";

    /// Of what was typed; nothing where every number begins so.
    pub fn typed(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('#').to_uppercase();
        let letters = if text.starts_with(|first: char| first.is_ascii_digit()) { Self::LETTERS } else { "" };
        (!Self::LETTERS.starts_with(&text)).then(|| Self(format!("{letters}{text}")))
    }

    /// The first text that begins so.
    pub(super) fn first(&self) -> &str {
        &self.0
    }

    /// The first text after all numbers that begin so: no number has this character, nor one after it.
    pub(super) fn end(&self) -> String {
        format!("{}~", self.0)
    }
}

/// A place in a list: where its last order stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// By time, and by id where that is the same.
    Time(DateTime<Utc>, Uuid),
    /// By number, and by id where that is the same.
    Number(String, Uuid),
}

impl OrderFilter {
    /// Where the list goes on.
    pub(super) fn place(&self) -> Option<Place> {
        let after = self.after.as_ref()?;
        if self.number.is_some() {
            return after.word().map(|number| Place::Number(number.to_owned(), after.id()));
        }
        let number = after.number()?;
        let micros = match self.sort {
            Sort::Newest => number.checked_neg()?,
            Sort::Oldest => number,
        };
        // The years that a moment may have in an event, and in Postgres.
        let moment = DateTime::from_timestamp_micros(micros).filter(|at| (0..=9999).contains(&at.year()))?;
        Some(Place::Time(moment, after.id()))
    }

    /// Where an order stands in this list.
    pub(super) fn cursor(&self, order: &OrderSummary) -> Cursor {
        let (micros, id) = (order.placed_at.timestamp_micros(), order.order_id.0);
        match (&self.number, self.sort) {
            (None, Sort::Newest) => Cursor::at_number(-micros, id),
            (None, Sort::Oldest) => Cursor::at_number(micros, id),
            (Some(_), Sort::Newest) => Cursor::at_word_down(&order.number, id),
            (Some(_), Sort::Oldest) => Cursor::at_word(&order.number, id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_looked_for_as_people_write_it() {
        let typed = |text| NumberPrefix::typed(text).map(|prefix| prefix.0);
        for text in ["ORD-2026-0001", " ord-2026-0001 ", "#ord-2026-0001", "2026-0001"] {
            assert_eq!(typed(text).as_deref(), Some("ORD-2026-0001"), "{text}");
        }
        assert_eq!(typed("invoice").as_deref(), Some("INVOICE"));
        for text in ["", " ", "#", "o", "ord-"] {
            assert_eq!(typed(text), None, "{text}");
        }
    }

    #[test]
    fn a_place_of_another_order_is_none() {
        let id = Uuid::from_u128(7);
        let by_time =
            OrderFilter { after: Some(Cursor::at_number(-1_000_000, id)), ..OrderFilter::default() };
        assert_eq!(by_time.place(), Some(Place::Time(DateTime::from_timestamp(1, 0).unwrap(), id)));
        let by_number = OrderFilter { number: NumberPrefix::typed("ORD-1"), ..by_time };
        assert_eq!(by_number.place(), None);
        let by_number = OrderFilter { after: Some(Cursor::at_word("ORD-1", id)), ..by_number };
        assert_eq!(by_number.place(), Some(Place::Number("ORD-1".to_owned(), id)));
        for micros in [i64::MIN, i64::MAX] {
            let far = OrderFilter { after: Some(Cursor::at_number(micros, id)), ..OrderFilter::default() };
            assert_eq!(far.place(), None);
        }
    }
}
