//! What each seller earned: by day and currency, and by product.
//!
//! Revenue counts from the capture: line totals after discount, without tax and shipping, as the capture's split says,
//! so that the sums are the ledger's goods. A refund counts on the day it occurred. Days are of `occurred_at` in UTC.
//! An order counts for each seller in its capture; units are those paid and those that came back with a refund.

mod apply;
mod queries;
mod row;
#[cfg(test)]
mod tests;

use domain::order::public::OrderPublicEvent;
use domain::public::{PublicData, PublicEvent};
use futures::future::BoxFuture;
use sqlx::PgConnection;

use self::apply::Changes;
use crate::generation::Generation;
use crate::read_model::{ApplyError, ReadModel, Table};

pub use self::queries::{Stats, StatsFilter};
pub use self::row::{CurrencyTotals, DayRow, ProductRow, Rate, Report, Sums, divide_half_up};

/// The read model's name.
pub const NAME: &str = "seller_stats";

/// The read model.
#[derive(Clone, Copy, Debug)]
pub struct SellerStats;

impl ReadModel for SellerStats {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tables(&self) -> &'static [Table] {
        &[
            Table { suffix: "days", key: "seller_id, currency, day" },
            Table { suffix: "products", key: "seller_id, currency, day, product_id" },
        ]
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["orders"]
    }

    fn concerns(&self, event: &PublicEvent) -> bool {
        matches!(
            event.data,
            PublicData::Orders(OrderPublicEvent::OrderPaid(_) | OrderPublicEvent::OrderRefunded(_))
        )
    }

    fn apply<'a>(
        &'a self,
        events: &'a [PublicEvent],
        generation: Generation,
        db: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move { Changes::fold(events)?.write(generation, db).await })
    }
}
