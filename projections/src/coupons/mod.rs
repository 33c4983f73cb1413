//! The coupons, how often each was used, and by whom.
//!
//! Two tables: `coupons`, one row each; `users`, one row for each user of each. An order is placed against the coupon's
//! stream and not against this: here it is shown what is left.

mod apply;
mod queries;
mod row;
#[cfg(test)]
mod tests;

use domain::public::PublicEvent;
use futures::future::BoxFuture;
use sqlx::PgConnection;

use self::apply::Changes;
use crate::generation::Generation;
use crate::read_model::{ApplyError, ReadModel, Table};

pub use self::queries::CouponList;
pub use self::row::{CouponPage, CouponRow, MetCoupon};

/// The read model's name.
pub const NAME: &str = "coupons";

/// The read model.
#[derive(Clone, Copy, Debug)]
pub struct Coupons;

impl ReadModel for Coupons {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tables(&self) -> &'static [Table] {
        &[Table { suffix: "coupons", key: "code" }, Table { suffix: "users", key: "code, user_id" }]
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["coupons"]
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
