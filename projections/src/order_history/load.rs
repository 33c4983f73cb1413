//! Rows of whole streams, for a rebuild to load, and what they add to the counters: of an order that is placed in the
//! events that were folded, every row is a new one, as [`super::apply`] inserts it.

use domain::public::PublicEvent;

use super::apply::counts::Counts;
use super::apply::orders::{New, cause, new_orders, units};
use super::changes::Changes;
use super::row::OrderStatus;
use crate::read_model::{ApplyError, Loaded};
use crate::rows::{Rows, Target};
use crate::tally::{Counted, Rule, Tally};

/// Adds what a stream comes to.
pub(super) fn fold(stream: &[PublicEvent], loaded: &mut Loaded) -> Result<(), ApplyError> {
    let changes = Changes::fold(stream)?;
    orders(&changes, loaded.rows(ORDERS));
    lines(&changes, loaded.rows(LINES));
    sellers(&changes, loaded.rows(SELLERS));
    counts(&changes, loaded.tally(COUNTS));
    Ok(())
}

const ORDERS: Target = Target {
    table: "orders",
    columns: &[
        "order_id",
        "number",
        "external_id",
        "customer_id",
        "status",
        "cancel_cause",
        "currency",
        "subtotal",
        "discount",
        "tax",
        "tax_rate",
        "shipping",
        "total",
        "captured",
        "refunded",
        "line_count",
        "unit_count",
        "country",
        "region",
        "payment_id",
        "expires_at",
        "carrier",
        "estimated_delivery",
        "placed_at",
        "updated_at",
        "version",
    ],
};

fn orders(changes: &Changes<'_>, rows: &mut Rows) {
    for New { id, placed, placed_at, change } in new_orders(changes) {
        rows.row()
            .put(id)
            .put(placed.number.as_str())
            .put(placed.external_id.as_deref())
            .put(placed.customer_id.map(|id| id.0))
            .put(change.status.unwrap_or(OrderStatus::Pending).as_str())
            .put(cause(change))
            .put(placed.currency.code())
            .put(placed.subtotal)
            .put(placed.discount)
            .put(placed.tax)
            .put(placed.tax_rate.as_str())
            .put(placed.shipping)
            .put(placed.total)
            .put(change.captured)
            .put(change.refunded)
            .put(number(placed.lines.len()))
            .put(units(&placed.lines))
            .put(placed.ship_to.country.as_deref())
            .put(placed.ship_to.region.as_deref())
            .put(placed.payment_id.0)
            .put(placed.expires_at)
            .put(change.carrier)
            .put(change.estimated_delivery)
            .put(placed_at)
            .put(change.updated_at)
            .put(change.version);
    }
}

const LINES: Target = Target {
    table: "lines",
    columns: &[
        "order_id",
        "line",
        "product_id",
        "seller_id",
        "sku",
        "name",
        "unit_price",
        "quantity",
        "returned",
        "refunded",
    ],
};

fn lines(changes: &Changes<'_>, rows: &mut Rows) {
    for ((order, place), change) in &changes.lines {
        let Some(line) = change.bought else { continue };
        rows.row()
            .put(*order)
            .put(number(*place))
            .put(line.product_id.0)
            .put(line.seller_id.0)
            .put(line.sku.as_str())
            .put(line.name.as_str())
            .put(line.unit_price)
            .put(i64::from(line.quantity))
            .put(change.returned)
            .put(change.refunded);
    }
}

const SELLERS: Target = Target {
    table: "sellers",
    columns: &[
        "seller_id",
        "placed_at",
        "order_id",
        "number",
        "status",
        "total",
        "refunded",
        "line_count",
        "unit_count",
    ],
};

fn sellers(changes: &Changes<'_>, rows: &mut Rows) {
    for ((order, seller), change) in &changes.sellers {
        let Some(part) = &change.placed else { continue };
        rows.row()
            .put(*seller)
            .put(part.placed_at)
            .put(*order)
            .put(part.number)
            .put(changes.seller_status(*order, &part.lines).as_str())
            .put(part.total)
            .put(change.refunded)
            .put(number(part.lines.len()))
            .put(part.units);
    }
}

const COUNTS: Counted = Counted {
    target: Target { table: "counts", columns: &["whose", "owner", "since", "status", "orders"] },
    rules: &[Rule::Sum],
};

fn counts(changes: &Changes<'_>, tally: &mut Tally) {
    for ((whose, owner, since, status), orders) in Counts::placed(changes).rows() {
        tally.add(&[orders], |key| {
            key.put(whose.as_str()).put(*owner).put(*since).put(status.as_str());
        });
    }
}

/// As a column of type integer.
fn number(count: impl TryInto<i32>) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}
