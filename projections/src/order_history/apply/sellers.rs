//! The rows of sellers: of each order, what is theirs.

use sqlx::PgConnection;
use uuid::Uuid;

use super::super::changes::{Changes, OrderChange};
use super::super::row::OrderStatus;
use super::counts::Stepped;
use crate::arrays::column;
use crate::generation::Generation;
use crate::one_statement::OneStatement;

const INSERT: &str = "
    INSERT INTO order_history_g{g}_sellers
        (seller_id, placed_at, order_id, number, status, total, refunded, line_count, unit_count)
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], $6::bigint[],
                         $7::bigint[], $8::integer[], $9::bigint[])";

pub(super) fn insert_sellers(changes: &Changes<'_>, statement: &mut OneStatement) {
    let placed =
        changes.sellers.iter().filter_map(|(key, change)| Some((key, change.placed.as_ref()?, change)));
    let new: Vec<_> = placed.collect();
    if new.is_empty() {
        return;
    }
    let status = |order: Uuid, lines: &[u32]| changes.seller_status(order, lines).as_str();
    statement
        .add("new_sellers", INSERT)
        .bind(column(&new, |((_, seller), ..)| *seller))
        .bind(column(&new, |(_, part, _)| part.placed_at))
        .bind(column(&new, |((order, _), ..)| *order))
        .bind(column(&new, |(_, part, _)| part.number))
        .bind(column(&new, |((order, _), part, _)| status(*order, &part.lines)))
        .bind(column(&new, |(_, part, _)| part.total))
        .bind(column(&new, |(.., change)| change.refunded))
        .bind(column(&new, |(_, part, _)| i32::try_from(part.lines.len()).unwrap_or(i32::MAX)))
        .bind(column(&new, |(_, part, _)| part.units));
}

/// And what each part was before: `was` is the row as this statement found it.
const ALL_LINES: &str = "
    UPDATE order_history_g{g}_sellers s SET status = c.status
    FROM unnest($1::uuid[], $2::text[]) AS c(order_id, status)
    JOIN order_history_g{g}_sellers was ON was.order_id = c.order_id
    WHERE s.seller_id = was.seller_id AND s.placed_at = was.placed_at AND s.order_id = was.order_id
    RETURNING s.seller_id, s.placed_at, was.status AS was, s.status";

/// The sellers of the lines that took a step of their own: a seller's lines step together.
const OWN_LINES: &str = "
    UPDATE order_history_g{g}_sellers s SET status = c.status
    FROM (SELECT DISTINCT l.order_id, l.seller_id, c.status
          FROM unnest($1::uuid[], $2::integer[], $3::text[]) AS c(order_id, line, status)
          JOIN order_history_g{g}_lines l ON l.order_id = c.order_id AND l.line = c.line) c
    JOIN order_history_g{g}_sellers was ON was.order_id = c.order_id AND was.seller_id = c.seller_id
    WHERE s.seller_id = was.seller_id AND s.placed_at = was.placed_at AND s.order_id = was.order_id
    RETURNING false, s.seller_id, s.placed_at, was.status, s.status";

const REFUNDED: &str = "
    UPDATE order_history_g{g}_sellers s SET refunded = s.refunded + c.refunded
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS c(order_id, seller_id, refunded)
    WHERE s.order_id = c.order_id AND s.seller_id = c.seller_id";

/// Whether there are any that step; which they were is returned.
pub(super) fn step_sellers(changes: &Changes<'_>, statement: &mut OneStatement) -> bool {
    let stepped = known(changes).filter_map(|(id, it)| Some((*id, it.all_lines?)));
    let stepped: Vec<(Uuid, OrderStatus)> = stepped.collect();
    if stepped.is_empty() {
        return false;
    }
    statement
        .add("stepped_sellers", ALL_LINES)
        .bind(column(&stepped, |(order, _)| *order))
        .bind(column(&stepped, |(_, status)| status.as_str()));
    true
}

/// The sellers of lines that took a step of their own, after those of whole orders. Says which came to another status.
pub(super) async fn step_own_lines(
    changes: &Changes<'_>,
    generation: Generation,
    db: &mut PgConnection,
) -> Result<Vec<Stepped>, sqlx::Error> {
    let stepped =
        known(changes).flat_map(|(id, it)| it.own_lines.iter().map(|(line, status)| (*id, *line, *status)));
    let stepped: Vec<(Uuid, u32, OrderStatus)> = stepped.collect();
    if stepped.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_as(&generation.sql(OWN_LINES))
        .bind(column(&stepped, |(order, ..)| *order))
        .bind(column(&stepped, |(_, line, _)| i32::try_from(*line).unwrap_or(i32::MAX)))
        .bind(column(&stepped, |(.., status)| status.as_str()))
        .fetch_all(db)
        .await
}

/// Orders that were there before.
fn known<'a>(changes: &'a Changes<'a>) -> impl Iterator<Item = (&'a Uuid, &'a OrderChange<'a>)> {
    changes.orders.iter().filter(|(_, change)| change.placed.is_none())
}

pub(super) async fn refund_sellers(
    changes: &Changes<'_>,
    generation: Generation,
    db: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let refunded: Vec<_> = changes
        .sellers
        .iter()
        .filter(|(_, change)| change.placed.is_none() && change.refunded != 0)
        .collect();
    if refunded.is_empty() {
        return Ok(());
    }
    sqlx::query(&generation.sql(REFUNDED))
        .bind(column(&refunded, |((order, _), _)| *order))
        .bind(column(&refunded, |((_, seller), _)| *seller))
        .bind(column(&refunded, |(_, change)| change.refunded))
        .execute(db)
        .await?;
    Ok(())
}
