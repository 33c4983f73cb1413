//! The statements of a page of orders.
//!
//! There is one for each kind of list, so that each runs along its index: whose orders, by time or by number, up or down,
//! in a status, in some or in any. All are made of constants, once. The page's keys are found first, without a look at the
//! rows that are left out; then what is shown of them.
//!
//! Postgres doesn't know how many keys a page has, for it plans once for all pages, and takes them for a tenth of all orders:
//! so their rows are looked up in a way (`LATERAL`, one) that can't become reading all orders to join them.
//!
//! `$1` is whose, `$2` the status or statuses, `$3` and `$4` limit and offset. Where nothing is bound the condition stands
//! all the same, so that a plan is good for every page.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::counted::Whose;
use super::reading::{Reading, Rows};

/// A kind of list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) reading: Reading,
    pub(super) by: By,
    /// The newest, or the highest number, first.
    pub(super) down: bool,
    pub(super) statuses: Statuses,
}

/// What a list goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum By {
    Time,
    /// By numbers that begin in some way, and by an outside one.
    Number,
    /// And by the last digits of one.
    NumberOrLastDigits,
}

/// In which status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Statuses {
    Any,
    One,
    Several,
}

static STATEMENTS: LazyLock<BTreeMap<Kind, String>> =
    LazyLock::new(|| Kind::all().map(|kind| (kind, kind.make())).collect());

impl Statuses {
    /// That a column is in the status, or in one of them.
    fn of(self, column: &str) -> String {
        match self {
            Self::Any => "$2::text IS NULL".to_owned(),
            Self::One => format!("{column} = $2"),
            Self::Several => format!("{column} = ANY($2)"),
        }
    }
}

/// How a kind of list finds its keys in order, and counts its orders.
struct Way {
    keys: String,
    total: String,
    /// The column that it goes by, before the order's id.
    key: &'static str,
}

impl Kind {
    /// Each that there is.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let all = Reading::EACH
            .into_iter()
            .flat_map(|reading| [By::Time, By::Number, By::NumberOrLastDigits].map(|by| (reading, by)));
        let all = all.flat_map(|(reading, by)| [true, false].map(|down| (reading, by, down)));
        all.flat_map(|(reading, by, down)| {
            [Statuses::Any, Statuses::One, Statuses::Several].map(|statuses| Self {
                reading,
                by,
                down,
                statuses,
            })
        })
    }

    /// Its statement: a scalar expression of type json.
    pub(super) fn statement(self) -> &'static str {
        &STATEMENTS[&self]
    }

    fn make(self) -> String {
        let rows = self.reading.rows();
        let Way { keys, total, key } = match self.by {
            By::Time => self.by_time(rows),
            By::Number | By::NumberOrLastDigits => self.by_number(rows),
        };
        let Rows { of_keys, customer, .. } = rows;
        let direction = self.direction();
        format!(
            "SELECT json_build_object('total', {total}, 'items', coalesce((SELECT json_agg(page) FROM (
                 SELECT r.order_id, r.number, o.external_id, {customer} AS customer_id, r.status, o.currency, r.total,
                        r.refunded, r.line_count, r.unit_count, r.placed_at, o.updated_at
                 FROM ({keys}) k {of_keys}
                 ORDER BY k.{key} {direction}, k.order_id {direction}) page), '[]'))"
        )
    }

    fn direction(self) -> &'static str {
        if self.down { "DESC" } else { "ASC" }
    }

    /// `$5` and `$6` are the place after which the list begins, `$7` the moment at which it ends, `$8` to `$11` how its
    /// orders are counted. Two bounds that Postgres would take for a narrow range, whatever is bound, are written as two
    /// things, so that it reads on from the first.
    fn by_time(self, rows: &Rows) -> Way {
        let Rows { table, owned, owner, .. } = rows;
        let whose = self.reading.counters().map_or("", Whose::as_str);
        let (status, counted) = (self.statuses.of("r.status"), self.statuses.of("c.status"));
        let after = if self.down {
            "(r.placed_at, r.order_id) < (coalesce($5, 'infinity'), coalesce($6, '00000000-0000-0000-0000-000000000000'))
             AND r.placed_at >= coalesce($7, '-infinity')"
        } else {
            "(r.placed_at, r.order_id) > (coalesce($5, '-infinity'), coalesce($6, '00000000-0000-0000-0000-000000000000'))
             AND r.placed_at < coalesce($7, 'infinity')"
        };
        let direction = self.direction();
        let order = |of: &str| format!("ORDER BY {of}.placed_at {direction}, {of}.order_id {direction}");
        let found = |status: &str, limit: &str| {
            format!(
                "SELECT r.placed_at, r.order_id FROM {table} r WHERE {owned} AND {status} AND {after}
                 {order} {limit}",
                order = order("r")
            )
        };
        let keys = if self.statuses_have_an_index() {
            // Each status has its part of the index; together they are not in order.
            format!(
                "SELECT each.placed_at, each.order_id FROM unnest($2::text[]) AS wanted(status)
                 CROSS JOIN LATERAL ({}) each {} LIMIT $3 OFFSET $4",
                found("r.status = wanted.status", "LIMIT $3::bigint + $4::bigint"),
                order("each")
            )
        } else {
            found(&status, "LIMIT $3 OFFSET $4")
        };
        Way {
            total: format!(
                "(SELECT coalesce(sum(c.orders), 0) FROM order_history_g{{g}}_counts c
                  WHERE c.whose = '{whose}' AND c.owner = {owner} AND c.since BETWEEN $8 AND $9 AND {counted})
                 + (SELECT count(*) FROM unnest($10, $11) AS span(begins, ends)
                    JOIN {table} r ON r.placed_at >= span.begins AND r.placed_at < span.ends
                    WHERE {owned} AND {status})"
            ),
            keys,
            key: "placed_at",
        }
    }

    /// Whether a list in several statuses is put together of one of each. A customer's orders are not many.
    fn statuses_have_an_index(self) -> bool {
        let is_indexed = match self.reading {
            Reading::OfSeller | Reading::All | Reading::OfSellerByStaff => true,
            Reading::OfCustomer | Reading::OfBothByStaff => false,
        };
        is_indexed && self.statuses == Statuses::Several
    }

    /// `$5` and `$6` are the first text that begins so and the first after all that do, `$7` and `$8` the place, `$9` and
    /// `$10` the times, which are written so that no index is chosen for them; `$11` the outside numbers, and `$12` the
    /// numbers of which last digits were given. These are few, whoever has how many orders.
    fn by_number(self, rows: &Rows) -> Way {
        let Rows { table, owned, number, outside, last_digits, .. } = rows;
        let status = self.statuses.of("r.status");
        let which = format!(
            "{owned} AND {status} AND ($9::timestamptz IS NULL OR r.placed_at >= $9)
             AND ($10::timestamptz IS NULL OR r.placed_at < $10)"
        );
        let id = "coalesce($8, '00000000-0000-0000-0000-000000000000')";
        let (after, few_after) = if self.down {
            (
                format!("{number} >= $5 AND ({number}, r.order_id) < (least($7, $6), {id})"),
                format!("($7::text IS NULL OR (r.number, r.order_id) < ($7, {id}))"),
            )
        } else {
            (
                format!("{number} < $6 AND ({number}, r.order_id) > (greatest($7, $5), {id})"),
                format!("($7::text IS NULL OR (r.number, r.order_id) > ($7, {id}))"),
            )
        };
        // Each once, and none that begins so.
        let few = |how: &str| {
            format!(
                "SELECT r.number, r.order_id FROM {table} r
                 WHERE {which} AND {how} AND NOT ({number} >= $5 AND {number} < $6)"
            )
        };
        let mut few_ways = few(outside);
        if self.by == By::NumberOrLastDigits {
            few_ways = format!("{few_ways} UNION {}", few(last_digits));
        }
        let direction = self.direction();
        Way {
            keys: format!(
                "SELECT b.number, b.order_id FROM (
                     (SELECT r.number, r.order_id FROM {table} r WHERE {which} AND {after}
                      ORDER BY {number} {direction}, r.order_id {direction} LIMIT $3::bigint + $4::bigint)
                     UNION ALL SELECT r.number, r.order_id FROM ({few_ways}) r WHERE {few_after}) b
                 ORDER BY b.number {direction}, b.order_id {direction} LIMIT $3 OFFSET $4"
            ),
            total: format!(
                "(SELECT count(*) FROM {table} r WHERE {which} AND {number} >= $5 AND {number} < $6)
                 + (SELECT count(*) FROM ({few_ways}) r)"
            ),
            key: "number",
        }
    }
}
