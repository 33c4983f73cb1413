//! Orders by customer, by seller, by number: what GET /orders shows. One order by its id is folded from its stream.
//!
//! Tables: `orders`; `lines` with what came back of each; `sellers`, by which a seller finds the orders with the
//! shop's lines, their status and what falls on them; and `counts` of customers, sellers and all by status. Nothing personal is
//! here: notes, addresses and a parcel's tracking number are not in public events and are folded from the order's stream when it
//! is shown.
//!
//! A list is read along an index, from its beginning or from a place in it, and says how many orders there are on all its
//! pages: [counted] has how that is fast, [statements] what is asked, for customers, sellers and admins
//! alike but for their [reading].

mod apply;
mod changes;
mod counted;
mod filter;
mod list;
mod load;
mod number;
mod owed;
mod queries;
mod reading;
mod row;
mod statements;
#[cfg(test)]
mod tests;

use domain::public::PublicEvent;
use futures::future::BoxFuture;
use sqlx::PgConnection;

use self::changes::Changes;
use crate::generation::Generation;
use crate::read_model::{ApplyError, Fold, ReadModel, Table};

pub use self::filter::{OrderFilter, Scope, Sort};
pub use self::number::NumberPrefix;
pub use self::owed::Owed;
pub use self::queries::Orders;
pub use self::row::{OrderDetail, OrderLineRow, OrderRow, OrderStatus, OrderSummary, Page, UnknownStatus};

/// The read model's name.
pub const NAME: &str = "order_history";

/// The read model.
#[derive(Clone, Copy, Debug)]
pub struct OrderHistory;

impl ReadModel for OrderHistory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> i32 {
        2
    }

    fn tables(&self) -> &'static [Table] {
        &[
            Table { suffix: "orders", key: "order_id" },
            Table { suffix: "lines", key: "order_id, line" },
            Table { suffix: "sellers", key: "seller_id, placed_at, order_id" },
            Table { suffix: "counts", key: "whose, owner, since, status" },
        ]
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["orders"]
    }

    fn apply<'a>(
        &'a self,
        events: &'a [PublicEvent],
        generation: Generation,
        db: &'a mut PgConnection,
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move { apply::write(&Changes::fold(events)?, generation, db).await })
    }

    fn fold(&self) -> Option<Fold> {
        Some(load::fold)
    }
}
