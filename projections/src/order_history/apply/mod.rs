//! Writing folded changes: one statement for new rows and one for changed ones, by table.
//!
//! The events of an order come in order, so what changes and was not placed in this batch has its row already.

pub(super) mod counts;
mod lines;
pub(super) mod orders;
pub(super) mod payments;
mod sellers;

use sqlx::PgConnection;

use self::counts::Counts;
use self::lines::{insert_lines, update_lines};
use self::orders::{insert_orders, update_orders};
use self::payments::{insert_payments, update_payments};
use self::sellers::{insert_sellers, update_sellers};
use super::changes::Changes;
use crate::arrays::column;
use crate::generation::Generation;
use crate::read_model::ApplyError;

pub(super) async fn write(
    changes: &Changes<'_>,
    generation: Generation,
    db: &mut PgConnection,
) -> Result<(), ApplyError> {
    insert_orders(changes, generation, db).await?;
    let mut counts = Counts::placed(changes);
    counts.orders(update_orders(changes, generation, db).await?)?;
    insert_lines(changes, generation, db).await?;
    update_lines(changes, generation, db).await?;
    insert_sellers(changes, generation, db).await?;
    counts.sellers(update_sellers(changes, generation, db).await?)?;
    insert_history(changes, generation, db).await?;
    insert_refunds(changes, generation, db).await?;
    delete_refunds(changes, generation, db).await?;
    insert_payments(changes, generation, db).await?;
    update_payments(changes, generation, db).await?;
    counts.write(generation, db).await?;
    Ok(())
}

async fn insert_history(
    changes: &Changes<'_>,
    generation: Generation,
    db: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let new: Vec<_> = changes.history.iter().collect();
    if new.is_empty() {
        return Ok(());
    }
    let insert = "INSERT INTO order_history_g{g}_history (order_id, sequence, status, occurred_at)
                  SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::timestamptz[])";
    sqlx::query(&generation.sql(insert))
        .bind(column(&new, |(key, _)| key.0))
        .bind(column(&new, |(key, _)| key.1))
        .bind(column(&new, |(_, step)| step.0.as_str()))
        .bind(column(&new, |(_, step)| step.1))
        .execute(db)
        .await?;
    Ok(())
}

async fn insert_refunds(
    changes: &Changes<'_>,
    generation: Generation,
    db: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let new: Vec<_> = changes.refunds.iter().filter_map(|(key, refund)| Some((key, (*refund)?))).collect();
    if new.is_empty() {
        return Ok(());
    }
    let insert = "INSERT INTO order_history_g{g}_refunds (order_id, refund_id, amount, occurred_at)
                  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[])";
    sqlx::query(&generation.sql(insert))
        .bind(column(&new, |(key, _)| key.0))
        .bind(column(&new, |(key, _)| key.1))
        .bind(column(&new, |(_, refund)| refund.0))
        .bind(column(&new, |(_, refund)| refund.1))
        .execute(db)
        .await?;
    Ok(())
}

/// Those that came back to us.
async fn delete_refunds(
    changes: &Changes<'_>,
    generation: Generation,
    db: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    let reversed: Vec<_> = changes.refunds.iter().filter(|(_, refund)| refund.is_none()).collect();
    if reversed.is_empty() {
        return Ok(());
    }
    let delete = "DELETE FROM order_history_g{g}_refunds r
                  USING unnest($1::uuid[], $2::uuid[]) AS c(order_id, refund_id)
                  WHERE r.order_id = c.order_id AND r.refund_id = c.refund_id";
    sqlx::query(&generation.sql(delete))
        .bind(column(&reversed, |(key, _)| key.0))
        .bind(column(&reversed, |(key, _)| key.1))
        .execute(db)
        .await?;
    Ok(())
}
