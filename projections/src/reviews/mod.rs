//! Which reviews a product has, and what their stars come to.
//!
//! Two tables: `reviews`, a row each; `ratings`, a row for each product that has any. What somebody said is not here: it is
//! their own, and joined when it is read.

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

pub use self::queries::ReviewList;
pub use self::row::{ReviewPage, ReviewRow};

/// The read model's name.
pub const NAME: &str = "reviews";

/// So many of a product's reviews stand beside it, where it is shown by itself.
pub const LATEST: i64 = 5;

/// The read model.
#[derive(Clone, Copy, Debug)]
pub struct Reviews;

impl ReadModel for Reviews {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tables(&self) -> &'static [Table] {
        &[
            Table { suffix: "reviews", key: "product_id, user_id" },
            Table { suffix: "ratings", key: "product_id" },
        ]
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["reviews"]
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
