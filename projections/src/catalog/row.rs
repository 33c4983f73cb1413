//! What the queries answer.

use chrono::{DateTime, Utc};
use domain::ids::{CategoryId, ProductId};
use domain::product::public::CatalogEntry;
use serde::Deserialize;

/// A product with its stock.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct CatalogProduct {
    /// Its id.
    pub product_id: ProductId,
    /// Everything that the catalog says of it.
    pub details: CatalogEntry,
    /// The category that it is in, where its id or its word names one.
    pub category: Option<CategoryName>,
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

    /// Whether everybody may see it.
    pub fn is_shown(&self) -> bool {
        !self.withdrawn && !self.details.hidden
    }
}

/// What a product shows of its category.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CategoryName {
    /// Its id.
    pub id: CategoryId,
    /// Its name.
    pub name: String,
    /// Its slug.
    pub slug: String,
}

/// A product with those to show beside it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ProductDetail {
    /// The product.
    #[serde(flatten)]
    pub product: CatalogProduct,
    /// Those that it names and everybody may see; where it names none the newest of its category.
    pub beside: Vec<ProductId>,
}
