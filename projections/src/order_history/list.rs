//! The statements of a page of orders, and what is bound to them.
//!
//! There is one for each kind of list, so that each runs along its index: whose orders, by time or by number, up or down,
//! in a status or in any. All are made of constants, once. The page's keys are found first, without a look at the rows
//! that are left out; then what is shown of them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sqlx::Arguments as _;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;

use super::counted::{Counted, Whose};
use super::filter::{OrderFilter, Place, Scope, Sort};
use super::row::{OrderStatus, OrderSummary, Page};

/// A page, as it is asked for.
pub(super) struct Wanted<'a> {
    scope: Scope,
    filter: &'a OrderFilter,
    place: Option<Place>,
    counted: Counted,
}

impl<'a> Wanted<'a> {
    pub(super) fn of(scope: Scope, filter: &'a OrderFilter) -> Self {
        let counted = Counted::of(whose(scope), filter.from, filter.until);
        Self { scope, filter, place: filter.place(), counted }
    }

    pub(super) fn statement(&self) -> &'static str {
        &STATEMENTS[&Kind {
            whose: whose(self.scope),
            by_number: self.filter.number.is_some(),
            down: self.filter.sort == Sort::Newest,
            one_status: self.filter.status.is_some(),
        }]
    }

    pub(super) fn bind(&self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        let Self { scope, filter, place, counted } = self;
        arguments.add(match scope {
            Scope::Customer(id) => Some(id.0),
            Scope::Seller(id) => Some(id.0),
            Scope::All => None,
        })?;
        arguments.add(filter.status.map(OrderStatus::as_str))?;
        arguments.add(filter.from)?;
        arguments.add(filter.until)?;
        // One more than the page has, which says whether there is a next one.
        arguments.add(filter.limit.saturating_add(1))?;
        arguments.add(filter.offset)?;
        if let Some(prefix) = &filter.number {
            arguments.add(prefix.first())?;
            arguments.add(prefix.end())?;
            let (number, id) = match place {
                Some(Place::Number(number, id)) => (Some(number.as_str()), Some(*id)),
                Some(Place::Time(..)) | None => (None, None),
            };
            arguments.add(number)?;
            return arguments.add(id);
        }
        let (moment, id) = match place {
            Some(Place::Time(moment, id)) => (Some(*moment), Some(*id)),
            Some(Place::Number(..)) | None => (None, None),
        };
        arguments.add(moment)?;
        arguments.add(id)?;
        arguments.add(counted.first)?;
        arguments.add(counted.last)?;
        let (begins, ends): (Vec<_>, Vec<_>) = counted.spans.iter().copied().unzip();
        arguments.add(begins)?;
        arguments.add(ends)
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

fn whose(scope: Scope) -> Whose {
    match scope {
        Scope::Customer(_) => Whose::Customer,
        Scope::Seller(_) => Whose::Seller,
        Scope::All => Whose::All,
    }
}

/// A kind of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    whose: Whose,
    by_number: bool,
    down: bool,
    one_status: bool,
}

static STATEMENTS: LazyLock<BTreeMap<Kind, String>> =
    LazyLock::new(|| Kind::all().map(|kind| (kind, kind.statement())).collect());

/// The rows that a reader has of orders, `r`, and what an answer takes from the order's own row beside that, `o`.
struct Rows {
    table: &'static str,
    /// Which are the reader's.
    owned: &'static str,
    /// What is held against the beginning of a number.
    number: &'static str,
    /// The rows of some keys, `k`.
    of_keys: &'static str,
    /// Whose the order is, as far as the reader is told.
    customer: &'static str,
}

const OF_CUSTOMER: Rows = Rows {
    table: "order_history_g{g}_orders",
    owned: "r.customer_id = $1",
    // No index has this: a customer's orders are found by whose they are, not among all with such a number.
    number: "(r.number || '')",
    of_keys: "JOIN order_history_g{g}_orders r ON r.order_id = k.order_id, LATERAL (SELECT r.*) o",
    customer: "r.customer_id",
};

const OF_SELLER: Rows = Rows {
    table: "order_history_g{g}_sellers",
    owned: "r.seller_id = $1",
    number: "r.number",
    of_keys: "JOIN order_history_g{g}_sellers r ON r.seller_id = $1 AND r.order_id = k.order_id
              JOIN order_history_g{g}_orders o ON o.order_id = k.order_id",
    customer: "NULL::uuid",
};

const OF_ALL: Rows = Rows { owned: "$1::uuid IS NULL", number: "r.number", ..OF_CUSTOMER };

/// How a kind of list finds its rows, counts them and puts them in order.
struct Way {
    which: String,
    total: String,
    /// The column that it goes by, before the order's id.
    key: &'static str,
    /// Which of the rows are wanted, and come after the place.
    after: String,
}

impl Kind {
    fn all() -> impl Iterator<Item = Self> {
        let whose = [Whose::Customer, Whose::Seller, Whose::All];
        whose.into_iter().flat_map(|whose| {
            (0..8).map(move |bits| Self {
                whose,
                by_number: bits & 1 != 0,
                down: bits & 2 != 0,
                one_status: bits & 4 != 0,
            })
        })
    }

    fn statement(self) -> String {
        let rows = match self.whose {
            Whose::Customer => OF_CUSTOMER,
            Whose::Seller => OF_SELLER,
            Whose::All => OF_ALL,
        };
        let Way { which, total, key, after } =
            if self.by_number { self.by_number(&rows) } else { self.by_time(&rows) };
        let Rows { table, of_keys, customer, .. } = rows;
        let direction = if self.down { "DESC" } else { "ASC" };
        format!(
            "SELECT json_build_object('total', {total}, 'items', coalesce((SELECT json_agg(page) FROM (
                 SELECT r.order_id, r.number, o.external_id, {customer} AS customer_id, r.status, o.currency, r.total,
                        r.refunded, r.line_count, r.unit_count, r.placed_at, o.updated_at
                 FROM (SELECT r.{key}, r.order_id FROM {table} r WHERE {which} AND {after}
                       ORDER BY r.{key} {direction}, r.order_id {direction} LIMIT $5 OFFSET $6) k {of_keys}
                 ORDER BY k.{key} {direction}, k.order_id {direction}) page), '[]'))"
        )
    }

    /// `$7` and `$8` are the place, `$9` to `$12` how the orders are counted. The place stands in the condition even
    /// where there is none, so that a plan is good for both.
    fn by_time(self, rows: &Rows) -> Way {
        let Rows { table, owned, .. } = rows;
        let whose = self.whose.as_str();
        let (status, counted) = if self.one_status {
            ("r.status = $2", "c.status = $2")
        } else {
            ("$2::text IS NULL", "$2::text IS NULL")
        };
        let which = format!("{owned} AND {status}");
        let place = if self.down {
            "< (coalesce($7, 'infinity'), coalesce($8, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))"
        } else {
            "> (coalesce($7, '-infinity'), coalesce($8, '00000000-0000-0000-0000-000000000000'))"
        };
        Way {
            total: format!(
                "(SELECT coalesce(sum(c.orders), 0) FROM order_history_g{{g}}_counts c
                  WHERE c.whose = '{whose}' AND c.owner = coalesce($1, '00000000-0000-0000-0000-000000000000')
                    AND c.since BETWEEN coalesce($9, '-infinity') AND coalesce($10, '-infinity') AND {counted})
                 + (SELECT count(*) FROM unnest($11, $12) AS span(begins, ends)
                    JOIN {table} r ON r.placed_at >= span.begins AND r.placed_at < span.ends WHERE {which})"
            ),
            key: "placed_at",
            after: format!(
                "r.placed_at >= coalesce($3, '-infinity') AND r.placed_at < coalesce($4, 'infinity')
                 AND (r.placed_at, r.order_id) {place}"
            ),
            which,
        }
    }

    /// `$7` and `$8` are the first text that begins so and the first after all that do, `$9` and `$10` the place. Times
    /// are written so that no index is chosen for them.
    fn by_number(self, rows: &Rows) -> Way {
        let Rows { table, owned, number, .. } = rows;
        let status = if self.one_status { "r.status = $2" } else { "$2::text IS NULL" };
        let which = format!(
            "{owned} AND {status} AND ($3::timestamptz IS NULL OR r.placed_at >= $3)
             AND ($4::timestamptz IS NULL OR r.placed_at < $4)"
        );
        let id = "coalesce($10, '00000000-0000-0000-0000-000000000000')";
        let after = if self.down {
            format!("{number} >= $7 AND ({number}, r.order_id) < (least($9, $8), {id})")
        } else {
            format!("{number} < $8 AND ({number}, r.order_id) > (greatest($9, $7), {id})")
        };
        Way {
            total: format!(
                "(SELECT count(*) FROM {table} r WHERE {which} AND {number} >= $7 AND {number} < $8)"
            ),
            key: "number",
            after,
            which,
        }
    }
}
