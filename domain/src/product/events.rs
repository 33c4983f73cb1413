//! What may have happened to a product.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{CategoryId, ProductId, SellerId};
use crate::{Money, domain_event};

/// What may have happened to a product.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProductEvent {
    /// It is in the catalog.
    ProductCreated(Box<ProductDetails>),
    /// Its details are now these.
    ProductRevised(Box<ProductDetails>),
    /// It is no longer sold. History keeps it.
    ProductWithdrawn {},
}

domain_event!(ProductEvent { ProductCreated, ProductRevised, ProductWithdrawn });

/// Everything that a catalog says of a product, except its stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProductDetails {
    /// Whose.
    pub seller_id: SellerId,
    /// The seller's code, unique within the seller.
    pub sku: String,
    /// The id that an outside system gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Unique over the shop; made from the name where none is given.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// One paragraph.
    #[serde(default)]
    pub description: String,
    /// As long as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub long_description: Option<String>,
    /// Who makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The name of its category; the word that was given where no category has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The category that the word was found to name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// The price of one.
    pub price: Money,
    /// A former or recommended price to show beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at_price: Option<Money>,
    /// Pictures, the primary one marked.
    #[serde(default)]
    pub images: Vec<Image>,
    /// Free words.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What distinguishes this variant, in order.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    /// Technical data.
    #[serde(default)]
    pub specifications: BTreeMap<String, String>,
    /// Shown first.
    #[serde(default)]
    pub featured: bool,
    /// Kept for the day when shipping profiles exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_profile_id: Option<String>,
    /// Products to show beside it; where there are none, readers find their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<ProductId>,
    /// Not for sale for now: a draft, a season that is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

impl ProductDetails {
    /// What a product has at least, and nothing else: no slug yet, no words, no pictures.
    pub fn plain(seller_id: SellerId, sku: String, name: String, price: Money) -> Self {
        Self {
            seller_id,
            sku,
            external_id: None,
            slug: String::new(),
            name,
            description: String::new(),
            long_description: None,
            brand: None,
            category: None,
            category_id: None,
            price,
            compare_at_price: None,
            images: Vec::new(),
            tags: Vec::new(),
            attributes: Vec::new(),
            specifications: BTreeMap::new(),
            featured: false,
            shipping_profile_id: None,
            related: Vec::new(),
            hidden: false,
        }
    }
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Where it is.
    pub url: String,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// The one to show first.
    #[serde(default)]
    pub is_primary: bool,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attribute {
    /// For example `Color`.
    pub name: String,
    /// For example `Black`.
    pub value: String,
}
