//! What the queries answer.

use chrono::{DateTime, Utc};
use domain::ids::ProductId;
use domain::product::public::CatalogEntry;
use serde::Deserialize;

/// A product with its stock.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct CatalogProduct {
    /// Its id.
    pub product_id: ProductId,
    /// Everything that the catalog says of it.
    pub details: CatalogEntry,
    /// No longer sold; history keeps it.
    pub withdrawn: bool,
    /// For sale: on hand − reserved.
    pub stock: i64,
    /// When it came into the catalog.
    pub created_at: DateTime<Utc>,
    /// When its details last changed; its stock doesn't count.
    pub updated_at: DateTime<Utc>,
    /// The aggregate's version: the sequence of its last event.
    pub version: i64,
}

impl CatalogProduct {
    /// Whether there is any.
    pub fn in_stock(&self) -> bool {
        self.stock > 0
    }
}
