//! The statements of a page of orders.
//!
//! There is one for each kind of list, so that each runs along its index: whose orders, by time or by number, up or down,
//! in a status or in any. All are made of constants, once. The page's keys are found first, without a look at the rows
//! that are left out; then what is shown of them.
//!
//! `$1` is whose, `$2` the status, `$3` and `$4` limit and offset. Where nothing is bound the condition stands all the
//! same, so that a plan is good for every page.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::counted::Whose;

/// A kind of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) whose: Whose,
    pub(super) by_number: bool,
    /// The newest, or the highest number, first.
    pub(super) down: bool,
    pub(super) one_status: bool,
}

static STATEMENTS: LazyLock<BTreeMap<Kind, String>> =
    LazyLock::new(|| Kind::all().map(|kind| (kind, kind.make())).collect());

/// The rows that a reader has of orders, `r`, and what an answer takes from the order's own row beside that, `o`.
struct Rows {
    table: &'static str,
    /// Which are the reader's.
    owned: &'static str,
    /// What is held against the beginning of a number, and put in order.
    number: &'static str,
    /// The rows of some keys, `k`.
    of_keys: &'static str,
    /// Whose the order is, as far as the reader is told.
    customer: &'static str,
}

const OF_CUSTOMER: Rows = Rows {
    table: "order_history_g{g}_orders",
    owned: "r.customer_id = $1",
    // No index has this: a customer's orders are found by whose they are, and not among all with such a number.
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
    /// The same of the rows.
    order: &'static str,
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

    /// Its statement: a scalar expression of type json.
    pub(super) fn statement(self) -> &'static str {
        &STATEMENTS[&self]
    }

    fn make(self) -> String {
        let rows = match self.whose {
            Whose::Customer => OF_CUSTOMER,
            Whose::Seller => OF_SELLER,
            Whose::All => OF_ALL,
        };
        let Way { which, total, key, order, after } =
            if self.by_number { self.by_number(&rows) } else { self.by_time(&rows) };
        let Rows { table, of_keys, customer, .. } = rows;
        let direction = if self.down { "DESC" } else { "ASC" };
        format!(
            "SELECT json_build_object('total', {total}, 'items', coalesce((SELECT json_agg(page) FROM (
                 SELECT r.order_id, r.number, o.external_id, {customer} AS customer_id, r.status, o.currency, r.total,
                        r.refunded, r.line_count, r.unit_count, r.placed_at, o.updated_at
                 FROM (SELECT r.{key}, r.order_id FROM {table} r WHERE {which} AND {after}
                       ORDER BY {order} {direction}, r.order_id {direction} LIMIT $3 OFFSET $4) k {of_keys}
                 ORDER BY k.{key} {direction}, k.order_id {direction}) page), '[]'))"
        )
    }

    /// `$5` and `$6` are the place after which the list begins, `$7` the moment at which it ends, `$8` to `$11` how its
    /// orders are counted. Two bounds that Postgres would take for a narrow range, whatever is bound, are written as two
    /// things, so that it reads on from the first.
    fn by_time(self, rows: &Rows) -> Way {
        let Rows { table, owned, .. } = rows;
        let whose = self.whose.as_str();
        let (status, counted) = if self.one_status {
            ("r.status = $2", "c.status = $2")
        } else {
            ("$2::text IS NULL", "$2::text IS NULL")
        };
        let which = format!("{owned} AND {status}");
        let after = if self.down {
            "(r.placed_at, r.order_id) < (coalesce($5, 'infinity'), coalesce($6, '00000000-0000-0000-0000-000000000000'))
             AND r.placed_at >= coalesce($7, '-infinity')"
        } else {
            "(r.placed_at, r.order_id) > (coalesce($5, '-infinity'), coalesce($6, '00000000-0000-0000-0000-000000000000'))
             AND r.placed_at < coalesce($7, 'infinity')"
        };
        Way {
            total: format!(
                "(SELECT coalesce(sum(c.orders), 0) FROM order_history_g{{g}}_counts c
                  WHERE c.whose = '{whose}' AND c.owner = coalesce($1, '00000000-0000-0000-0000-000000000000')
                    AND c.since BETWEEN $8 AND $9 AND {counted})
                 + (SELECT count(*) FROM unnest($10, $11) AS span(begins, ends)
                    JOIN {table} r ON r.placed_at >= span.begins AND r.placed_at < span.ends WHERE {which})"
            ),
            key: "placed_at",
            order: "r.placed_at",
            after: after.to_owned(),
            which,
        }
    }

    /// `$5` and `$6` are the first text that begins so and the first after all that do, `$7` and `$8` the place, `$9` and
    /// `$10` the times, which are written so that no index is chosen for them.
    fn by_number(self, rows: &Rows) -> Way {
        let Rows { table, owned, number, .. } = *rows;
        let status = if self.one_status { "r.status = $2" } else { "$2::text IS NULL" };
        let which = format!(
            "{owned} AND {status} AND ($9::timestamptz IS NULL OR r.placed_at >= $9)
             AND ($10::timestamptz IS NULL OR r.placed_at < $10)"
        );
        let id = "coalesce($8, '00000000-0000-0000-0000-000000000000')";
        let after = if self.down {
            format!("{number} >= $5 AND ({number}, r.order_id) < (least($7, $6), {id})")
        } else {
            format!("{number} < $6 AND ({number}, r.order_id) > (greatest($7, $5), {id})")
        };
        Way {
            total: format!(
                "(SELECT count(*) FROM {table} r WHERE {which} AND {number} >= $5 AND {number} < $6)"
            ),
            key: "number",
            order: number,
            after,
            which,
        }
    }
}
