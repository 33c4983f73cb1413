//! What the index keeps of a product, to write its document again and to show it.

use chrono::{DateTime, Utc};
use domain::product::public::CatalogEntry;
use serde::{Deserialize, Serialize};

/// A product as it was last described.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Everything that the catalog says of it.
    pub product: CatalogEntry,
    /// When it came into the catalog.
    pub created_at: DateTime<Utc>,
    /// When its details last changed.
    pub updated_at: DateTime<Utc>,
    /// The aggregate's version then.
    pub version: i64,
}

impl Entry {
    /// The id of its category, else the word that it has for one.
    pub(in crate::product_search) fn category(&self) -> Option<String> {
        let product = &self.product;
        product.category_id.map(|id| id.to_string()).or_else(|| product.category.clone())
    }

    /// Codes of it: its model number, if a specification or an attribute is called so, and the seller's.
    pub(super) fn codes(&self) -> impl Iterator<Item = &str> {
        let product = &self.product;
        let named = self.facts().filter(|(name, _)| is_code(name)).map(|(_, value)| value);
        named
            .chain([product.sku.as_str()])
            .chain(product.external_id.as_deref().filter(|id| *id != product.sku))
    }

    /// What its attributes and specifications say in words. Of what it has or hasn't, the name of what it has.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.facts().filter(|(name, _)| !is_code(name)).filter_map(|(name, value)| match value {
            "true" | "yes" | "Yes" => Some(name),
            "false" | "no" | "No" => None,
            value => has_words(value).then_some(value),
        })
    }

    /// What they say in numbers alone: `24`, `100-240`. One of one digit says nothing, so many have it.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &str> {
        let digits = |value: &str| value.chars().filter(|c| c.is_numeric()).count();
        let values = self.facts().filter(|(name, _)| !is_code(name)).map(|(_, value)| value);
        values.filter(move |value| !has_words(value) && digits(value) > 1)
    }

    fn facts(&self) -> impl Iterator<Item = (&str, &str)> {
        let product = &self.product;
        let attributes = product.attributes.iter().map(|it| (it.name.as_str(), it.value.as_str()));
        attributes.chain(product.specifications.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

/// Whether a value is more than a number: it has letters, or it is of inches.
fn has_words(value: &str) -> bool {
    value.contains(|c: char| c.is_alphabetic() || ['"', '”', '″'].contains(&c))
}

/// Whether a specification of this name is a code of the product.
fn is_code(name: &str) -> bool {
    const CODES: [&str; 9] =
        ["model", "modelnumber", "mpn", "partnumber", "productcode", "ean", "gtin", "upc", "isbn"];
    let letters: String = name.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    CODES.contains(&letters.as_str())
}
