//! What the index keeps of a product, to write its document again.

use chrono::{DateTime, Utc};
use domain::Money;
use domain::ids::SellerId;
use domain::product::public::CatalogEntry;
use serde::{Deserialize, Serialize};

/// A product, as far as it is searched, filtered and sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) seller_id: SellerId,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) brand: Option<String>,
    /// The id of its category, else the word that it has for one.
    pub(super) category: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) price: i64,
    pub(super) featured: bool,
    #[serde(default)]
    pub(super) hidden: bool,
    pub(super) created_at: DateTime<Utc>,
}

impl Entry {
    pub(super) fn new(product: &CatalogEntry, created_at: DateTime<Utc>) -> Self {
        Self {
            seller_id: product.seller_id,
            name: product.name.clone(),
            description: product.description.clone(),
            brand: product.brand.clone(),
            category: product.category_id.map(|id| id.to_string()).or_else(|| product.category.clone()),
            tags: product.tags.clone(),
            price: price_key(product.price),
            featured: product.featured,
            hidden: product.hidden,
            created_at,
        }
    }
}

/// A price as a number of ten-thousandths of the currency's major unit, so that prices of currencies with and without
/// cents compare as the numbers that people see. No currency of ISO 4217 has more than four decimals.
pub(super) fn price_key(price: Money) -> i64 {
    price.amount.saturating_mul(10_i64.pow(4_u32.saturating_sub(price.currency.decimals())))
}
