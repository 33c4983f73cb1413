//! The rows of orders.

use chrono::{DateTime, Utc};
use domain::order::CancelCause;
use domain::order::public::{OrderLine, OrderPlaced};
use uuid::Uuid;

use super::super::changes::{Changes, OrderChange};
use super::super::row::OrderStatus;
use crate::arrays::column;
use crate::one_statement::OneStatement;

const INSERT_ORDERS: &str = "
    INSERT INTO order_history_g{g}_orders (order_id, number, external_id, customer_id, status, cancel_cause, currency,
        subtotal, discount, tax, tax_rate, shipping, total, captured, refunded, line_count, unit_count, country, region,
        payment_id, expires_at, carrier, estimated_delivery, placed_at, updated_at, version)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[],
        $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::bigint[], $13::bigint[], $14::bigint[],
        $15::bigint[], $16::integer[], $17::bigint[], $18::text[], $19::text[], $20::uuid[], $21::timestamptz[],
        $22::text[], $23::timestamptz[], $24::timestamptz[], $25::timestamptz[], $26::bigint[])";

/// An order that was placed in this batch.
pub(in super::super) struct New<'a> {
    pub(in super::super) id: Uuid,
    pub(in super::super) placed: &'a OrderPlaced,
    pub(in super::super) placed_at: DateTime<Utc>,
    pub(in super::super) change: &'a OrderChange<'a>,
}

pub(in super::super) fn new_orders<'a>(changes: &'a Changes<'a>) -> impl Iterator<Item = New<'a>> {
    changes.orders.iter().filter_map(|(id, change)| {
        change.placed.map(|(placed, placed_at)| New { id: *id, placed, placed_at, change })
    })
}

pub(super) fn insert_orders(changes: &Changes<'_>, statement: &mut OneStatement) {
    let new: Vec<New<'_>> = new_orders(changes).collect();
    if new.is_empty() {
        return;
    }
    let placed = || new.iter().map(|new| new.placed);
    let change = || new.iter().map(|new| new.change);
    statement
        .add("new_orders", INSERT_ORDERS)
        .bind(column(&new, |new| new.id))
        .bind(placed().map(|p| p.number.as_str()).collect::<Vec<_>>())
        .bind(placed().map(|p| p.external_id.as_deref()).collect::<Vec<_>>())
        .bind(placed().map(|p| p.customer_id.map(|id| id.0)).collect::<Vec<_>>())
        .bind(change().map(|c| c.status.unwrap_or(OrderStatus::Pending).as_str()).collect::<Vec<_>>())
        .bind(change().map(cause).collect::<Vec<_>>())
        .bind(placed().map(|p| p.currency.code()).collect::<Vec<_>>())
        .bind(placed().map(|p| p.subtotal).collect::<Vec<_>>())
        .bind(placed().map(|p| p.discount).collect::<Vec<_>>())
        .bind(placed().map(|p| p.tax).collect::<Vec<_>>())
        .bind(placed().map(|p| p.tax_rate.as_str()).collect::<Vec<_>>())
        .bind(placed().map(|p| p.shipping).collect::<Vec<_>>())
        .bind(placed().map(|p| p.total).collect::<Vec<_>>())
        .bind(change().map(|c| c.captured).collect::<Vec<_>>())
        .bind(change().map(|c| c.refunded).collect::<Vec<_>>())
        .bind(placed().map(|p| i32::try_from(p.lines.len()).unwrap_or(i32::MAX)).collect::<Vec<_>>())
        .bind(placed().map(|p| units(&p.lines)).collect::<Vec<_>>())
        .bind(placed().map(|p| p.ship_to.country.as_deref()).collect::<Vec<_>>())
        .bind(placed().map(|p| p.ship_to.region.as_deref()).collect::<Vec<_>>())
        .bind(placed().map(|p| p.payment_id.0).collect::<Vec<_>>())
        .bind(placed().map(|p| p.expires_at).collect::<Vec<_>>())
        .bind(change().map(|c| c.carrier).collect::<Vec<_>>())
        .bind(change().map(|c| c.estimated_delivery).collect::<Vec<_>>())
        .bind(column(&new, |new| new.placed_at))
        .bind(change().map(|c| c.updated_at).collect::<Vec<_>>())
        .bind(change().map(|c| c.version).collect::<Vec<_>>());
}

pub(in super::super) fn units(lines: &[OrderLine]) -> i64 {
    lines.iter().map(|line| i64::from(line.quantity)).sum()
}

pub(in super::super) fn cause(change: &OrderChange<'_>) -> Option<&'static str> {
    change.cancel_cause.map(|cause| match cause {
        CancelCause::Customer => "customer",
        CancelCause::Staff => "staff",
        CancelCause::Expired => "expired",
    })
}

/// And what each was before: `was` is the row as this statement found it.
const UPDATE_ORDERS: &str = "
    UPDATE order_history_g{g}_orders o
    SET status = coalesce(c.status, o.status), cancel_cause = coalesce(c.cancel_cause, o.cancel_cause),
        captured = o.captured + c.captured, refunded = o.refunded + c.refunded,
        carrier = coalesce(c.carrier, o.carrier),
        estimated_delivery = coalesce(c.estimated_delivery, o.estimated_delivery),
        updated_at = c.updated_at, version = c.version
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::timestamptz[],
                $8::timestamptz[], $9::bigint[])
        AS c(order_id, status, cancel_cause, captured, refunded, carrier, estimated_delivery, updated_at, version)
    JOIN order_history_g{g}_orders was ON was.order_id = c.order_id
    WHERE o.order_id = was.order_id
    RETURNING o.customer_id, o.placed_at, was.status AS was, o.status";

/// Returns which came to another status.
pub(super) fn update_orders(changes: &Changes<'_>, statement: &mut OneStatement) {
    let existing: Vec<(&Uuid, &OrderChange<'_>)> =
        changes.orders.iter().filter(|(_, change)| change.placed.is_none()).collect();
    if existing.is_empty() {
        return;
    }
    statement
        .add("changed_orders", UPDATE_ORDERS)
        .bind(column(&existing, |(id, _)| **id))
        .bind(column(&existing, |(_, c)| c.status.map(OrderStatus::as_str)))
        .bind(column(&existing, |(_, c)| cause(c)))
        .bind(column(&existing, |(_, c)| c.captured))
        .bind(column(&existing, |(_, c)| c.refunded))
        .bind(column(&existing, |(_, c)| c.carrier))
        .bind(column(&existing, |(_, c)| c.estimated_delivery))
        .bind(column(&existing, |(_, c)| c.updated_at))
        .bind(column(&existing, |(_, c)| c.version));
}
