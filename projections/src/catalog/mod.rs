//! The products and how many of each are for sale.
//!
//! Three tables: `products`, written when a seller changes a product; `stock`, written for every movement of goods;
//! `categories`. They are of three aggregates whose events come in any order, so none waits for another: what belongs
//! together is joined when it is asked for, and a category's products are counted then.

mod apply;
mod queries;
mod row;
#[cfg(test)]
mod tests;
mod tree;

use domain::public::PublicEvent;
use futures::future::BoxFuture;
use sqlx::PgConnection;

use self::apply::Changes;
use crate::generation::Generation;
use crate::read_model::{ApplyError, ReadModel, Table};

pub(crate) use self::apply::stock_change;
pub use self::queries::Products;
pub use self::row::{CatalogProduct, CategoryName, ProductDetail};
pub use self::tree::{Branch, Tree};
pub(crate) use domain::shelf::word_key;

/// The read model's name.
pub const NAME: &str = "catalog";

/// The read model.
#[derive(Clone, Copy, Debug)]
pub struct Catalog;

impl ReadModel for Catalog {
    fn name(&self) -> &'static str {
        NAME
    }

    fn tables(&self) -> &'static [Table] {
        &[
            Table { suffix: "products", key: "product_id" },
            Table { suffix: "stock", key: "product_id" },
            Table { suffix: "categories", key: "category_id" },
        ]
    }

    fn aggregates(&self) -> &'static [&'static str] {
        &["products", "inventory", "categories"]
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
