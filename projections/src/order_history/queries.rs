//! What may be asked of order history.

use chrono::{DateTime, Utc};
use domain::ids::{OrderId, SellerId, UserId};
use sqlx::Arguments as _;
use sqlx::PgPool;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgArguments;

use super::NAME;
use super::row::{OrderDetail, OrderStatus, OrderSummary, Page};
use crate::live::{Answer, Live, QueryError};

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

/// Which orders, and which page of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only in this status.
    pub status: Option<OrderStatus>,
    /// Only placed at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Only placed before this time.
    pub until: Option<DateTime<Utc>>,
    /// How many to leave out.
    pub offset: i64,
    /// How many at most.
    pub limit: i64,
}

/// Asks order history. One for a process: it knows which generation is live.
#[derive(Debug)]
pub struct Orders {
    live: Live,
}

/// A page of the orders of this FROM and WHERE, the newest first. `$of` has the status and amounts that are shown:
/// the order itself, or a seller's part of it. `$1` is status, `$2` and `$3` the times, `$4` and `$5` limit and
/// offset, `$6` whose.
macro_rules! page {
    ($from:literal, $of:literal, $scope:literal, $customer:literal) => {
        concat!(
            "SELECT json_build_object(
                 'total', (SELECT count(*) FROM ", $from, " WHERE ", $scope, " AND
                     ", $of, ".placed_at >= coalesce($2, '-infinity') AND
                     ", $of, ".placed_at < coalesce($3, 'infinity') AND ($1::text IS NULL OR ", $of, ".status = $1)),
                 'items', coalesce((SELECT json_agg(page ORDER BY page.placed_at DESC, page.order_id DESC) FROM (
                     SELECT o.order_id, o.number, o.external_id, ", $customer, " AS customer_id, ", $of, ".status,
                            o.currency, ", $of, ".total, ", $of, ".refunded, ", $of, ".line_count,
                            ", $of, ".unit_count, o.placed_at, o.updated_at
                     FROM ", $from, " WHERE ", $scope, " AND
                     ", $of, ".placed_at >= coalesce($2, '-infinity') AND
                     ", $of, ".placed_at < coalesce($3, 'infinity') AND ($1::text IS NULL OR ", $of, ".status = $1)
                     ORDER BY ", $of, ".placed_at DESC, ", $of, ".order_id DESC LIMIT $4 OFFSET $5) page), '[]'))"
        )
    };
}

const PAGE_OF_CUSTOMER: &str =
    page!("order_history_g{g}_orders o", "o", "o.customer_id = $6", "o.customer_id");
const PAGE_OF_SELLER: &str = page!(
    "order_history_g{g}_sellers s JOIN order_history_g{g}_orders o ON o.order_id = s.order_id",
    "s",
    "s.seller_id = $6",
    "NULL::uuid"
);
const PAGE_OF_ALL: &str = page!("order_history_g{g}_orders o", "o", "$6::uuid IS NULL", "o.customer_id");

/// One order, by this condition on `$1`.
macro_rules! detail {
    ($condition:literal) => {
        concat!(
            "SELECT json_build_object(
                 'order', to_json(o),
                 'lines', coalesce((SELECT json_agg(l ORDER BY l.line) FROM order_history_g{g}_lines l
                                    WHERE l.order_id = o.order_id), '[]'),
                 'history', coalesce((SELECT json_agg(h ORDER BY h.sequence) FROM order_history_g{g}_history h
                                      WHERE h.order_id = o.order_id), '[]'),
                 'refunds', coalesce((SELECT json_agg(r ORDER BY r.occurred_at, r.refund_id)
                                      FROM order_history_g{g}_refunds r WHERE r.order_id = o.order_id), '[]'),
                 'payment', (SELECT to_json(p) FROM order_history_g{g}_payments p
                             WHERE p.payment_id = o.payment_id))
             FROM order_history_g{g}_orders o WHERE ", $condition, " ORDER BY o.order_id LIMIT 1"
        )
    };
}

const BY_ID: &str = detail!("o.order_id = $1");
const BY_NUMBER: &str = detail!("o.number = $1");

const BY_EXTERNAL_ID: &str = "
    SELECT coalesce(json_agg(o ORDER BY o.placed_at, o.order_id), '[]')
    FROM (SELECT * FROM order_history_g{g}_orders WHERE external_id = $1 ORDER BY placed_at, order_id LIMIT 100) o";

impl Orders {
    /// Asks by this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { live: Live::new(NAME, pool) }
    }

    /// A page of orders, the newest first, and how many there are.
    pub async fn list(
        &self,
        scope: Scope,
        filter: &OrderFilter,
    ) -> Result<Answer<Page<OrderSummary>>, QueryError> {
        let (template, whose) = match scope {
            Scope::Customer(id) => (PAGE_OF_CUSTOMER, Some(id.0)),
            Scope::Seller(id) => (PAGE_OF_SELLER, Some(id.0)),
            Scope::All => (PAGE_OF_ALL, None),
        };
        let bind = |arguments: &mut PgArguments| -> Result<(), BoxDynError> {
            arguments.add(filter.status.map(OrderStatus::as_str))?;
            arguments.add(filter.from)?;
            arguments.add(filter.until)?;
            arguments.add(filter.limit)?;
            arguments.add(filter.offset)?;
            arguments.add(whose)
        };
        self.live.ask(template, bind).await
    }

    /// An order by its id.
    pub async fn by_id(&self, id: OrderId) -> Result<Answer<Option<OrderDetail>>, QueryError> {
        self.live.ask(BY_ID, |arguments| arguments.add(id.0)).await
    }

    /// An order by its number, `ORD-2026-000100`.
    pub async fn by_number(&self, number: &str) -> Result<Answer<Option<OrderDetail>>, QueryError> {
        self.live.ask(BY_NUMBER, |arguments| arguments.add(number)).await
    }

    /// The orders with an outside system's number, which is unique only within a seller; at most 100.
    pub async fn by_external_id(&self, external_id: &str) -> Result<Answer<Vec<OrderSummary>>, QueryError> {
        self.live.ask(BY_EXTERNAL_ID, |arguments| arguments.add(external_id)).await
    }
}
