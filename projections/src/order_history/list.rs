//! A page of a list: what is bound to its statement, and what became of the answer.

use sqlx::Arguments as _;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;

use super::counted::{Counted, Whose};
use super::filter::{NumberPrefix, OrderFilter, Scope, Sort};
use super::row::{OrderStatus, OrderSummary, Page};
use super::statements::Kind;

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
            whose: self.whose(),
            by_number: self.filter.number.is_some(),
            down: self.filter.sort == Sort::Newest,
            one_status: self.filter.status.is_some(),
        };
        kind.statement()
    }

    fn whose(&self) -> Whose {
        match self.scope {
            Scope::Customer(_) => Whose::Customer,
            Scope::Seller(_) => Whose::Seller,
            Scope::All => Whose::All,
        }
    }

    /// Binds `$1` to `$4`, whatever the kind, and the others.
    pub(super) fn bind(&self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        arguments.add(match self.scope {
            Scope::Customer(id) => Some(id.0),
            Scope::Seller(id) => Some(id.0),
            Scope::All => None,
        })?;
        arguments.add(self.filter.status.map(OrderStatus::as_str))?;
        // One more than the page has, which says whether there is a next one.
        arguments.add(self.filter.limit.saturating_add(1))?;
        arguments.add(self.filter.offset)?;
        match &self.filter.number {
            Some(prefix) => self.bind_by_number(prefix, arguments),
            None => self.bind_by_time(arguments),
        }
    }

    fn bind_by_time(&self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        let (begin, end) = self.filter.between();
        let (moment, id) = begin.unzip();
        arguments.add(moment)?;
        arguments.add(id)?;
        arguments.add(end)?;
        let counted = Counted::of(self.whose(), self.filter.from, self.filter.until);
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
        arguments.add(self.filter.until)
    }

    /// What was answered, without the order that is one too many.
    pub(super) fn page(&self, mut found: Page<OrderSummary>) -> Page<OrderSummary> {
        let limit = usize::try_from(self.filter.limit).unwrap_or(0);
        if found.items.len() > limit {
            found.items.truncate(limit);
            found.next = found.items.last().map(|order| self.filter.cursor(order));
        }
        found
    }
}
