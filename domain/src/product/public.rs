//! The public events of a product. Everything in a catalog is public.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Product, ProductDetails, ProductEvent};
use crate::Money;
use crate::ids::{CategoryId, ProductId, SellerId};
use crate::public::public_events;

public_events! {
    /// What the world may know of a product.
    ProductPublicEvent of Product {
        ProductCreated,
        ProductRevised,
        ProductWithdrawn,
    }
}

impl From<ProductEvent> for ProductPublicEvent {
    fn from(event: ProductEvent) -> Self {
        match event {
            ProductEvent::ProductCreated(details) => {
                Self::ProductCreated(ProductCreated { product: (*details).into() })
            }
            ProductEvent::ProductRevised(details) => {
                Self::ProductRevised(ProductRevised { product: (*details).into() })
            }
            ProductEvent::ProductWithdrawn {} => Self::ProductWithdrawn(ProductWithdrawn {}),
        }
    }
}

/// It is in the catalog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductCreated {
    /// What the catalog says of it.
    #[serde(flatten)]
    pub product: CatalogEntry,
}

/// Its details are now these, all of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductRevised {
    /// What the catalog says of it now.
    #[serde(flatten)]
    pub product: CatalogEntry,
}

/// It is no longer sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductWithdrawn {}

/// Everything that a catalog says of a product, except its stock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CatalogEntry {
    /// Whose.
    pub seller_id: SellerId,
    /// The seller's code, unique within the seller.
    pub sku: String,
    /// The id that an outside system gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Unique over the shop.
    pub slug: String,
    /// What people call it.
    pub name: String,
    /// One paragraph.
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
    /// The price of one, in minor units.
    pub price: Money,
    /// A former or recommended price to show beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare_at_price: Option<Money>,
    /// Pictures, the primary one marked.
    pub images: Vec<Image>,
    /// Free words.
    pub tags: Vec<String>,
    /// What distinguishes this variant, in order.
    pub attributes: Vec<Attribute>,
    /// Technical data.
    pub specifications: BTreeMap<String, String>,
    /// Shown first.
    pub featured: bool,
    /// How it is shipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_profile_id: Option<String>,
    /// Products to show beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<ProductId>,
    /// Not for sale for now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// Where it is.
    pub url: String,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
    /// The one to show first.
    pub is_primary: bool,
}

/// A name and a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attribute {
    /// For example `Color`.
    pub name: String,
    /// For example `Black`.
    pub value: String,
}

impl From<ProductDetails> for CatalogEntry {
    fn from(it: ProductDetails) -> Self {
        Self {
            seller_id: it.seller_id,
            sku: it.sku,
            external_id: it.external_id,
            slug: it.slug,
            name: it.name,
            description: it.description,
            long_description: it.long_description,
            brand: it.brand,
            category: it.category,
            category_id: it.category_id,
            price: it.price,
            compare_at_price: it.compare_at_price,
            images: it.images.into_iter().map(Into::into).collect(),
            tags: it.tags,
            attributes: it.attributes.into_iter().map(Into::into).collect(),
            specifications: it.specifications,
            featured: it.featured,
            shipping_profile_id: it.shipping_profile_id,
            related: it.related,
            hidden: it.hidden,
        }
    }
}

impl From<super::Image> for Image {
    fn from(it: super::Image) -> Self {
        Self { url: it.url, alt: it.alt, is_primary: it.is_primary }
    }
}

impl From<super::Attribute> for Attribute {
    fn from(it: super::Attribute) -> Self {
        Self { name: it.name, value: it.value }
    }
}

/// Everything in a catalog is public, so an entry is the whole of the details.
impl From<CatalogEntry> for ProductDetails {
    fn from(it: CatalogEntry) -> Self {
        let image = |it: Image| super::Image { url: it.url, alt: it.alt, is_primary: it.is_primary };
        let attribute = |it: Attribute| super::Attribute { name: it.name, value: it.value };
        Self {
            seller_id: it.seller_id,
            sku: it.sku,
            external_id: it.external_id,
            slug: it.slug,
            name: it.name,
            description: it.description,
            long_description: it.long_description,
            brand: it.brand,
            category: it.category,
            category_id: it.category_id,
            price: it.price,
            compare_at_price: it.compare_at_price,
            images: it.images.into_iter().map(image).collect(),
            tags: it.tags,
            attributes: it.attributes.into_iter().map(attribute).collect(),
            specifications: it.specifications,
            featured: it.featured,
            shipping_profile_id: it.shipping_profile_id,
            related: it.related,
            hidden: it.hidden,
        }
    }
}
