//! Whose orders, which of them, in which order, and which page.

use chrono::{DateTime, Datelike as _, Utc};
use domain::ids::{SellerId, UserId};
use uuid::Uuid;

use super::number::NumberPrefix;
use super::row::{OrderStatus, OrderSummary};
use crate::cursor::{Cursor, Key, Numbers};
use crate::question::{Fingerprint, Question};

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
    /// For staff: those with a line of one seller, and of one customer if one is named. Status and amounts are of the
    /// seller's part.
    WithLineOf(SellerId, Option<UserId>),
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

impl Sort {
    /// What places in a list by time have.
    fn numbers(self) -> Numbers {
        match self {
            Self::Newest => Numbers::Newest,
            Self::Oldest => Numbers::Oldest,
        }
    }
}

/// Which orders, and which page of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderFilter {
    /// Only in one of these; in any where there are none.
    pub statuses: Vec<OrderStatus>,
    /// Only placed at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Only placed before this time.
    pub until: Option<DateTime<Utc>>,
    /// Only with such a number. The list is in the order of the numbers then.
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

/// A place in a list by time: when an order was placed, and its id.
type Place = (DateTime<Utc>, Uuid);

impl OrderFilter {
    /// Whether the place that it goes on behind, if there is one, is of the list of these orders that is asked for.
    pub fn goes_on(&self, scope: Scope) -> bool {
        let Some(after) = &self.after else { return true };
        let is_in_order = match (&self.number, self.sort) {
            (None, _) => self.moment(after).is_some(),
            (Some(_), Sort::Newest) => matches!(after.place.key, Key::WordDown(_)) && number(after).is_some(),
            (Some(_), Sort::Oldest) => matches!(after.place.key, Key::Word(_)) && number(after).is_some(),
        };
        is_in_order && after.asked == self.fingerprint(scope)
    }

    /// What is asked for, in short: what makes it another list, but for the order, which a place tells.
    fn fingerprint(&self, scope: Scope) -> Fingerprint {
        let Self { statuses, from, until, number, sort: _, after: _, offset: _, limit: _ } = self;
        let (whose, seller, customer) = match scope {
            Scope::Customer(customer) => ("customer", None, Some(customer)),
            Scope::Seller(seller) => ("seller", Some(seller), None),
            Scope::All => ("all", None, None),
            Scope::WithLineOf(seller, customer) => ("line of", Some(seller), customer),
        };
        let micros = |moment: Option<DateTime<Utc>>| moment.map(|moment| moment.timestamp_micros());
        Question::default()
            .word(Some(whose))
            .id(seller.map(|seller| seller.0))
            .id(customer.map(|customer| customer.0))
            .words(Some(statuses.iter().map(|status| status.as_str().to_owned())))
            .number(micros(*from))
            .number(micros(*until))
            .word(number.as_ref().map(NumberPrefix::first))
            .words(number.as_ref().map(|number| number.outside().to_vec()))
            .fingerprint()
    }

    /// Of a list by time: the place after which it begins, and the moment at which it ends.
    pub(super) fn between(&self) -> (Option<Place>, Option<DateTime<Utc>>) {
        let after = self.after.as_ref().and_then(|after| self.moment(after));
        // No order has this id: the place is before all of this moment.
        let at = |moment: Option<DateTime<Utc>>| moment.map(|moment| (moment, Uuid::nil()));
        match self.sort {
            Sort::Newest => ([at(self.until), after].into_iter().flatten().min(), self.from),
            Sort::Oldest => ([at(self.from), after].into_iter().flatten().max(), self.until),
        }
    }

    /// Of a list by number: the place after which it begins.
    pub(super) fn after_number(&self) -> Option<(&str, Uuid)> {
        let after = self.after.as_ref()?;
        Some((number(after)?, after.id()))
    }

    fn moment(&self, after: &Cursor) -> Option<Place> {
        let number = after.number(self.sort.numbers())?;
        let micros = match self.sort {
            Sort::Newest => number.checked_neg()?,
            Sort::Oldest => number,
        };
        // The years that a moment may have in an event, and in Postgres.
        let moment = DateTime::from_timestamp_micros(micros).filter(|at| (0..=9999).contains(&at.year()))?;
        Some((moment, after.id()))
    }

    /// Where an order stands in this list of these orders.
    pub(super) fn cursor(&self, scope: Scope, order: &OrderSummary) -> Cursor {
        let (micros, id) = (order.placed_at.timestamp_micros(), order.order_id.0);
        let asked = self.fingerprint(scope);
        match (&self.number, self.sort) {
            (None, Sort::Newest) => Cursor::at_number(Numbers::Newest, -micros, id, asked),
            (None, Sort::Oldest) => Cursor::at_number(Numbers::Oldest, micros, id, asked),
            (Some(_), Sort::Newest) => Cursor::at_word_down(&order.number, id, asked),
            (Some(_), Sort::Oldest) => Cursor::at_word(&order.number, id, asked),
        }
    }
}

/// The number of an order's place. A client may have made it up, and Postgres takes no NUL.
fn number(after: &Cursor) -> Option<&str> {
    after.word().filter(|number| !number.contains('\0'))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cursor;

    #[test]
    fn a_place_of_another_order_is_none() {
        let id = Uuid::from_u128(7);
        let asked = OrderFilter::default().fingerprint(Scope::All);
        let newest = |micros| Some(Cursor::at_number(Numbers::Newest, micros, id, asked));
        let by_time = OrderFilter { after: newest(-1_000_000), ..OrderFilter::default() };
        assert!(by_time.goes_on(Scope::All));
        let oldest = OrderFilter { sort: Sort::Oldest, ..by_time.clone() };
        assert_eq!((oldest.goes_on(Scope::All), oldest.between().0), (false, None));
        assert_eq!(by_time.between().0, Some((DateTime::from_timestamp(1, 0).unwrap(), id)));
        assert_eq!(by_time.after_number(), None);
        let number = || NumberPrefix::typed("2026");
        let asked = OrderFilter { number: number(), ..OrderFilter::default() }.fingerprint(Scope::All);
        let at_word = |word| Some(Cursor::at_word(word, id, asked));
        let by_number = OrderFilter { after: at_word("ORD-1"), ..OrderFilter::default() };
        assert_eq!((by_number.between().0, by_number.after_number()), (None, Some(("ORD-1", id))));
        for bytes in [[0], [0xff]] {
            let place = cursor::Place { key: Key::Word(Arc::from(bytes)), id };
            let after = Some(Cursor::behind(place, [], asked));
            let made_up =
                OrderFilter { number: number(), sort: Sort::Oldest, after, ..OrderFilter::default() };
            assert_eq!((made_up.goes_on(Scope::All), made_up.after_number()), (false, None), "{bytes:?}");
        }
        for micros in [i64::MIN, i64::MAX] {
            let far = OrderFilter { after: newest(micros), ..OrderFilter::default() };
            assert_eq!((far.goes_on(Scope::All), far.between().0), (false, None));
        }
        for (number, sort, goes_on) in
            [(None, Sort::Newest, false), (number(), Sort::Newest, false), (number(), Sort::Oldest, true)]
        {
            let filter = OrderFilter { number, sort, ..by_number.clone() };
            assert_eq!(filter.goes_on(Scope::All), goes_on, "{sort:?}");
        }
    }

    /// Guards against pages that are of two lists, without anybody being told.
    #[test]
    fn a_place_of_other_orders_is_none() {
        let (seller, customer) = (SellerId(Uuid::from_u128(7)), UserId(Uuid::from_u128(8)));
        let moment = DateTime::from_timestamp(7, 0);
        let asked = OrderFilter {
            statuses: vec![OrderStatus::Pending, OrderStatus::Shipped],
            from: moment,
            ..OrderFilter::default()
        };
        let scope = Scope::WithLineOf(seller, Some(customer));
        let at = Cursor::at_number(Numbers::Newest, -9_000_000, Uuid::from_u128(7), asked.fingerprint(scope));
        let asked = OrderFilter { after: at.to_string().parse().ok(), ..asked };
        assert_eq!(asked.after, Some(at));
        let twice = vec![OrderStatus::Shipped, OrderStatus::Pending, OrderStatus::Shipped];
        for same in [
            asked.clone(),
            OrderFilter { statuses: twice, ..asked.clone() },
            OrderFilter { limit: 5, offset: 40, ..asked.clone() },
        ] {
            assert!(same.goes_on(scope), "{same:?}");
        }
        for other in [
            OrderFilter { statuses: vec![OrderStatus::Pending], ..asked.clone() },
            OrderFilter { statuses: Vec::new(), ..asked.clone() },
            OrderFilter { from: None, ..asked.clone() },
            OrderFilter { from: None, until: moment, ..asked.clone() },
            OrderFilter { until: moment, ..asked.clone() },
            OrderFilter { number: NumberPrefix::typed("2026"), ..asked.clone() },
        ] {
            assert!(!other.goes_on(scope), "{other:?}");
        }
        for other in [
            Scope::All,
            Scope::Customer(customer),
            Scope::Seller(seller),
            Scope::WithLineOf(seller, None),
            Scope::WithLineOf(seller, Some(UserId(seller.0))),
        ] {
            assert!(!asked.goes_on(other), "{other:?}");
        }
        // By number the letters of another search are the same, and so is the order.
        let by_number = |text| OrderFilter {
            number: NumberPrefix::typed(text),
            sort: Sort::Oldest,
            ..OrderFilter::default()
        };
        let fingerprint = by_number("2026").fingerprint(Scope::All);
        let after = Some(Cursor::at_word("ORD-2026-000001", Uuid::from_u128(7), fingerprint));
        for (text, goes_on) in [("2026", true), (" 2026 ", true), ("2025", false), ("2026-", false)] {
            let filter = OrderFilter { after: after.clone(), ..by_number(text) };
            assert_eq!(filter.goes_on(Scope::All), goes_on, "{text}");
        }
    }

    #[test]
    fn a_list_begins_at_its_place_or_its_time_whichever_is_farther() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let id = Uuid::from_u128(7);
        let newest = OrderFilter { from: Some(at(1)), until: Some(at(9)), ..OrderFilter::default() };
        let oldest = OrderFilter { sort: Sort::Oldest, ..newest.clone() };
        assert_eq!(newest.between(), (Some((at(9), Uuid::nil())), Some(at(1))));
        assert_eq!(oldest.between(), (Some((at(1), Uuid::nil())), Some(at(9))));
        let asked = newest.fingerprint(Scope::All);
        let newest = |micros: i64| {
            let after = Some(Cursor::at_number(Numbers::Newest, -micros, id, asked));
            OrderFilter { after, ..newest.clone() }.between().0
        };
        assert_eq!((newest(5_000_000), newest(10_000_000)), (Some((at(5), id)), Some((at(9), Uuid::nil()))));
        let oldest = |micros: i64| {
            let after = Some(Cursor::at_number(Numbers::Oldest, micros, id, asked));
            OrderFilter { after, ..oldest.clone() }.between().0
        };
        assert_eq!((oldest(5_000_000), oldest(0)), (Some((at(5), id)), Some((at(1), Uuid::nil()))));
    }
}
