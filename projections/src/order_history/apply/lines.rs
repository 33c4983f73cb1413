//! The rows of order lines.

use super::super::changes::Changes;
use crate::arrays::column;
use crate::one_statement::OneStatement;

const INSERT_LINES: &str = "
    INSERT INTO order_history_g{g}_lines
        (order_id, line, product_id, seller_id, sku, name, unit_price, quantity, returned, refunded)
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bigint[],
                         $8::bigint[], $9::bigint[], $10::bigint[])";

pub(super) fn insert_lines(changes: &Changes<'_>, statement: &mut OneStatement) {
    let new: Vec<_> = changes
        .lines
        .iter()
        .filter_map(|(key, change)| change.bought.map(|bought| (key, bought, change)))
        .collect();
    if new.is_empty() {
        return;
    }
    statement
        .add("new_lines", INSERT_LINES)
        .bind(column(&new, |(key, ..)| key.0))
        .bind(column(&new, |(key, ..)| place(key.1)))
        .bind(column(&new, |(_, line, _)| line.product_id.0))
        .bind(column(&new, |(_, line, _)| line.seller_id.0))
        .bind(column(&new, |(_, line, _)| line.sku.as_str()))
        .bind(column(&new, |(_, line, _)| line.name.as_str()))
        .bind(column(&new, |(_, line, _)| line.unit_price))
        .bind(column(&new, |(_, line, _)| i64::from(line.quantity)))
        .bind(column(&new, |(.., change)| change.returned))
        .bind(column(&new, |(.., change)| change.refunded));
}

const UPDATE_LINES: &str = "
    UPDATE order_history_g{g}_lines l
    SET returned = l.returned + c.returned, refunded = l.refunded + c.refunded
    FROM unnest($1::uuid[], $2::integer[], $3::bigint[], $4::bigint[]) AS c(order_id, line, returned, refunded)
    WHERE l.order_id = c.order_id AND l.line = c.line";

pub(super) fn update_lines(changes: &Changes<'_>, statement: &mut OneStatement) {
    let existing: Vec<_> = changes.lines.iter().filter(|(_, change)| change.bought.is_none()).collect();
    if existing.is_empty() {
        return;
    }
    statement
        .add("changed_lines", UPDATE_LINES)
        .bind(column(&existing, |(key, _)| key.0))
        .bind(column(&existing, |(key, _)| place(key.1)))
        .bind(column(&existing, |(_, change)| change.returned))
        .bind(column(&existing, |(_, change)| change.refunded));
}

fn place(line: u32) -> i32 {
    i32::try_from(line).unwrap_or(i32::MAX)
}
