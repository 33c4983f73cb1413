//! Writing folded changes: one statement for new rows and one for changed ones, by table, most of them sent as one.
//!
//! The events of an order come in order, so what changes and was not placed in this batch has its row already. Counters
//! come last, and where an order came to another status they wait for what it was before.

pub(super) mod counts;
mod lines;
pub(super) mod orders;
mod sellers;

use sqlx::PgConnection;

use self::counts::Counts;
use self::lines::{insert_lines, update_lines};
use self::orders::{insert_orders, update_orders};
use self::sellers::{insert_sellers, refund_sellers, step_own_lines, step_sellers};
use super::changes::Changes;
use crate::generation::Generation;
use crate::one_statement::OneStatement;
use crate::read_model::ApplyError;

/// Which orders came to another status, and which sellers' parts of them.
const STEPPED: &str = "SELECT true, * FROM changed_orders UNION ALL SELECT false, * FROM stepped_sellers";

/// Where no seller's part did.
const STEPPED_ORDERS: &str = "SELECT true, * FROM changed_orders";

pub(super) async fn write(
    changes: &Changes<'_>,
    generation: Generation,
    db: &mut PgConnection,
) -> Result<(), ApplyError> {
    let mut statement = OneStatement::of(generation);
    let mut counts = Counts::placed(changes);
    let any_known = changes.orders.values().any(|change| change.placed.is_none());
    if !any_known {
        // Added first, so that it runs last: other writers want the counters' rows too.
        counts.add_to(&mut statement);
    }
    insert_orders(changes, &mut statement);
    insert_lines(changes, &mut statement);
    update_lines(changes, &mut statement);
    insert_sellers(changes, &mut statement);
    if !any_known {
        return Ok(statement.execute(db).await?);
    }
    update_orders(changes, &mut statement);
    let stepped = if step_sellers(changes, &mut statement) { STEPPED } else { STEPPED_ORDERS };
    counts.stepped(statement.fetch(stepped, db).await?)?;
    // A seller's part may have changed above, and one statement changes a row once.
    counts.stepped(step_own_lines(changes, generation, db).await?)?;
    refund_sellers(changes, generation, db).await?;
    Ok(counts.write(generation, db).await?)
}
