//! A page of a list: what is bound to its statement, and what became of the answer.

use std::collections::BTreeSet;

use sqlx::Arguments as _;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;
use uuid::Uuid;

use super::counted::Counted;
use super::filter::{NumberPrefix, OrderFilter, Scope, Sort};
use super::reading::Reading;
use super::row::{OrderSummary, Page};
use super::statements::{By, Kind, Statuses};

/// A page, as it is asked for.
pub(super) struct Wanted<'a> {
    scope: Scope,
    filter: &'a OrderFilter,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(scope: Scope, filter: &'a OrderFilter) -> Self {
        Self { scope, filter }
    }

    pub(super) fn statement(&self) -> &'static str {
        let kind = Kind {
            reading: self.reading(),
            by: match &self.filter.number {
                None => By::Time,
                Some(number) if number.last_digits().is_empty() => By::Number,
                Some(_) => By::NumberOrLastDigits,
            },
            down: self.filter.sort == Sort::Newest,
            statuses: match self.filter.statuses[..] {
                [] => Statuses::Any,
                [_] => Statuses::One,
                [_, _, ..] => Statuses::Several,
            },
        };
        kind.statement()
    }

    fn reading(&self) -> Reading {
        match self.scope {
            Scope::Customer(_) => Reading::OfCustomer,
            Scope::Seller(_) => Reading::OfSeller,
            Scope::All => Reading::All,
            Scope::WithLineOf(_, None) => Reading::OfSellerByStaff,
            Scope::WithLineOf(_, Some(_)) => Reading::OfBothByStaff,
        }
    }

    /// Binds `$1` to `$4`, whatever the kind, and the others.
    pub(super) fn bind(&self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        match self.scope {
            Scope::Customer(id) => arguments.add(Some(id.0)),
            Scope::Seller(id) | Scope::WithLineOf(id, None) => arguments.add(Some(id.0)),
            Scope::WithLineOf(seller, Some(customer)) => arguments.add([seller.0, customer.0].as_slice()),
            Scope::All => arguments.add(None::<Uuid>),
        }?;
        self.bind_statuses(arguments)?;
        // One more than the page has, which says whether there is a next one.
        arguments.add(self.filter.limit.saturating_add(1))?;
        arguments.add(self.filter.offset)?;
        match &self.filter.number {
            Some(prefix) => self.bind_by_number(prefix, arguments),
            None => self.bind_by_time(arguments),
        }
    }

    fn bind_statuses(&self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        match self.filter.statuses[..] {
            [] => arguments.add(None::<&str>),
            [one] => arguments.add(one.as_str()),
            // One that is named twice would be listed twice.
            [_, _, ..] => {
                let words: BTreeSet<_> = self.filter.statuses.iter().map(|it| it.as_str()).collect();
                arguments.add(words.into_iter().collect::<Vec<_>>())
            }
        }
    }

    fn bind_by_time(&self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        let (begin, end) = self.filter.between();
        let (moment, id) = begin.unzip();
        arguments.add(moment)?;
        arguments.add(id)?;
        arguments.add(end)?;
        let (from, until) = (self.filter.from, self.filter.until);
        let counted = match self.reading().counters() {
            Some(whose) => Counted::of(whose, from, until),
            None => Counted::by_order(from, until),
        };
        arguments.add(counted.first)?;
        arguments.add(counted.last)?;
        let (begins, ends): (Vec<_>, Vec<_>) = counted.spans.into_iter().unzip();
        arguments.add(begins)?;
        arguments.add(ends)
    }

    fn bind_by_number(&self, prefix: &NumberPrefix, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        arguments.add(prefix.first())?;
        arguments.add(prefix.end())?;
        let (number, id) = self.filter.after_number().unzip();
        arguments.add(number)?;
        arguments.add(id)?;
        arguments.add(self.filter.from)?;
        arguments.add(self.filter.until)?;
        arguments.add(prefix.outside())?;
        if !prefix.last_digits().is_empty() {
            arguments.add(prefix.last_digits())?;
        }
        Ok(())
    }

    /// What was answered, without the order that is one too many.
    pub(super) fn page(&self, mut found: Page<OrderSummary>) -> Page<OrderSummary> {
        let limit = usize::try_from(self.filter.limit).unwrap_or(0);
        if found.items.len() > limit {
            found.items.truncate(limit);
            found.next = found.items.last().map(|order| self.filter.cursor(self.scope, order));
        }
        found
    }
}
