//! A product.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::Currency;
use domain::ids::{ProductId, SellerId};
use domain::inventory::Inventory;
use domain::product::{Attribute, Image, ProductDetails};
use serde::Serialize;

use crate::amount::Amount;
use crate::envelope::Timestamp;

/// How much of a product there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// In the house.
    pub on_hand: u64,
    /// Of these set aside for orders.
    pub reserved: u64,
}

impl Stock {
    /// For sale: what clients call `stock`.
    pub fn available(self) -> u64 {
        self.on_hand.saturating_sub(self.reserved)
    }
}

impl From<&Inventory> for Stock {
    fn from(inventory: &Inventory) -> Self {
        Self { on_hand: inventory.on_hand, reserved: inventory.reserved }
    }
}

/// A product as a client reads it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductView<'a> {
    id: ProductId,
    name: &'a str,
    slug: &'a str,
    sku: &'a str,
    description: &'a str,
    long_description: Option<&'a str>,
    brand: Option<&'a str>,
    category: Option<CategoryBrief<'a>>,
    price: Amount,
    compare_at_price: Option<Amount>,
    currency: Currency,
    images: &'a [Image],
    tags: &'a [String],
    attributes: &'a [Attribute],
    specifications: &'a BTreeMap<String, String>,
    stock: u64,
    in_stock: bool,
    is_featured: bool,
    shipping_profile_id: Option<&'a str>,
    seller: SellerBrief,
    seller_id: SellerId,
    rating: Option<Amount>,
    review_count: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Whose a product is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SellerBrief {
    /// The shop.
    pub id: SellerId,
    /// Its name, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop_name: Option<String>,
}

/// The category as the product names it; the tree of categories is joined once there is one.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CategoryBrief<'a> {
    id: &'a str,
    name: &'a str,
}

impl<'a> ProductView<'a> {
    /// What the catalog says of a product.
    pub fn of(
        id: ProductId,
        details: &'a ProductDetails,
        stock: Stock,
        created_at: DateTime<Utc>,
        updated_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            name: &details.name,
            slug: &details.slug,
            sku: &details.sku,
            description: &details.description,
            long_description: details.long_description.as_deref(),
            brand: details.brand.as_deref(),
            category: details
                .category
                .as_deref()
                .map(|category| CategoryBrief { id: category, name: category }),
            price: details.price.into(),
            compare_at_price: details.compare_at_price.map(Amount::from),
            currency: details.price.currency,
            images: &details.images,
            tags: &details.tags,
            attributes: &details.attributes,
            specifications: &details.specifications,
            stock: stock.available(),
            in_stock: stock.available() > 0,
            is_featured: details.featured,
            shipping_profile_id: details.shipping_profile_id.as_deref(),
            seller: SellerBrief { id: details.seller_id, shop_name: None },
            seller_id: details.seller_id,
            rating: None,
            review_count: 0,
            created_at: created_at.into(),
            updated_at: updated_at.into(),
        }
    }

    /// Names the shop.
    #[must_use]
    pub fn sold_by(mut self, shop_name: Option<String>) -> Self {
        self.seller.shop_name = shop_name;
        self
    }
}
