//! The rows of payments.

use super::super::changes::{Changes, PaymentChange};
use super::super::row::PaymentStatus;
use crate::arrays::column;
use crate::one_statement::OneStatement;

pub(super) fn insert_payments(changes: &Changes<'_>, statement: &mut OneStatement) {
    let new: Vec<_> = changes
        .payments
        .iter()
        .filter_map(|(id, change)| change.opened.map(|opened| (id, opened, change)))
        .collect();
    if new.is_empty() {
        return;
    }
    let insert = "INSERT INTO order_history_g{g}_payments
                      (payment_id, order_id, phase, currency, amount, captured, refunded, updated_at, version)
                  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
                                       $7::bigint[], $8::timestamptz[], $9::bigint[])";
    statement
        .add("new_payments", insert)
        .bind(column(&new, |(id, ..)| **id))
        .bind(column(&new, |(_, opened, _)| opened.0))
        .bind(column(&new, |(.., change)| phase(change).unwrap_or("pending")))
        .bind(column(&new, |(_, opened, _)| opened.1))
        .bind(column(&new, |(_, opened, _)| opened.2))
        .bind(column(&new, |(.., change)| change.captured))
        .bind(column(&new, |(.., change)| change.refunded))
        .bind(column(&new, |(.., change)| change.updated_at))
        .bind(column(&new, |(.., change)| change.version));
}

const UPDATE_PAYMENTS: &str = "
    UPDATE order_history_g{g}_payments p
    SET phase = coalesce(c.phase, p.phase), captured = p.captured + c.captured, refunded = p.refunded + c.refunded,
        updated_at = c.updated_at, version = c.version
    FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::bigint[])
        AS c(payment_id, phase, captured, refunded, updated_at, version)
    WHERE p.payment_id = c.payment_id";

pub(super) fn update_payments(changes: &Changes<'_>, statement: &mut OneStatement) {
    let existing: Vec<_> = changes.payments.iter().filter(|(_, change)| change.opened.is_none()).collect();
    if existing.is_empty() {
        return;
    }
    statement
        .add("changed_payments", UPDATE_PAYMENTS)
        .bind(column(&existing, |(id, _)| **id))
        .bind(column(&existing, |(_, change)| phase(change)))
        .bind(column(&existing, |(_, change)| change.captured))
        .bind(column(&existing, |(_, change)| change.refunded))
        .bind(column(&existing, |(_, change)| change.updated_at))
        .bind(column(&existing, |(_, change)| change.version));
}

pub(in super::super) fn phase(change: &PaymentChange<'_>) -> Option<&'static str> {
    change.phase.map(|phase| match phase {
        PaymentStatus::Pending => "pending",
        PaymentStatus::Processing => "processing",
        PaymentStatus::RequiresAction => "requires_action",
        PaymentStatus::Succeeded | PaymentStatus::Refunded | PaymentStatus::PartiallyRefunded => "succeeded",
        PaymentStatus::Failed => "failed",
        PaymentStatus::Cancelled => "cancelled",
    })
}
