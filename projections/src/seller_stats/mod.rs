//! What each seller earned: by quarter of an hour and currency, by product, and from which customers.
//!
//! Revenue counts from the capture: line totals after discount, without tax and shipping, as the capture's split says,
//! so that the sums are the ledger's goods. A refund counts when it occurred, and one that came back to us is taken off when
//! that occurred: so what a time that is over came to stays as it was, and refunds may be below 0 in the time after.
//! Quarters of an hour are of `occurred_at`:
//! every time zone of today is a whole number of them from UTC, so a day of any of them is a sum of whole rows. An order
//! counts for each seller in its capture; units are those paid and those that came back with a refund, and that they did
//! stays so where its money comes back to us.
//!
//! A customer is new to a seller with the first order that was paid, and returns with those after it. Guests aren't
//! counted as customers.

mod apply;
mod fold;
mod load;
mod period;
mod queries;
mod row;
#[cfg(test)]
mod tests;
mod zone;

use domain::order::public::OrderPublicEvent;
use domain::public::{PublicData, PublicEvent};
use futures::future::BoxFuture;
use sqlx::PgConnection;

use self::fold::Changes;
use crate::generation::Generation;
use crate::read_model::{ApplyError, Fold, ReadModel, Table};

pub use self::period::{Interval, Period};
pub use self::queries::{Stats, StatsFilter};
pub use self::row::{
    CurrencyTotals, Customers, CustomersRow, PeriodRow, ProductRow, Rate, Report, Sums, divide_half_up,
};

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
            Table { suffix: "sums", key: "seller_id, at, currency" },
            Table { suffix: "products", key: "seller_id, at, product_id, currency" },
            Table { suffix: "product_days", key: "seller_id, day, product_id, currency" },
            Table { suffix: "customers", key: "seller_id, customer_id" },
            Table { suffix: "purchases", key: "seller_id, at, customer_id" },
        ]
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["orders"]
    }

    fn concerns(&self, event: &PublicEvent) -> bool {
        matches!(
            event.data,
            PublicData::Orders(
                OrderPublicEvent::OrderPaid(_)
                    | OrderPublicEvent::OrderRefunded(_)
                    | OrderPublicEvent::OrderRefundReversed(_)
            )
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

    fn fold(&self) -> Option<Fold> {
        Some(load::fold)
    }
}
