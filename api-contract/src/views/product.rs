//! A product.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::ids::{CategoryId, ProductId, SellerId};
use domain::inventory::Inventory;
use domain::product::{Attribute, Image, Product, ProductDetails, ProductEvent};
use domain::review::Rating;
use domain::{Currency, Decide};
use serde::Serialize;
use utoipa::ToSchema;

use super::{CategoryBrief, Record, ReviewView, StarsView};
use crate::amount::Amount;
use crate::envelope::Timestamp;

/// A product, and when it came and last changed.
#[derive(Clone, Debug, Default)]
pub struct ProductRecord {
    /// The product.
    pub product: Product,
    /// When it came into the catalog.
    pub created_at: DateTime<Utc>,
    /// When its details last changed.
    pub updated_at: DateTime<Utc>,
    /// How many events it has.
    pub version: u64,
}

impl ProductRecord {
    /// A product that came just now, as its decision left it.
    pub fn created_at(product: Product, version: u64, at: DateTime<Utc>) -> Self {
        Self { product, created_at: at, updated_at: at, version }
    }
}

impl Record for ProductRecord {
    type Of = Product;

    fn apply(&mut self, event: &ProductEvent, at: DateTime<Utc>) {
        self.product.evolve(event);
        if self.version == 0 {
            self.created_at = at;
        }
        self.updated_at = at;
        self.version += 1;
    }
}

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
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Product)]
pub struct ProductView<'a> {
    #[schema(value_type = Uuid)]
    id: ProductId,
    name: &'a str,
    /// The name.
    title: &'a str,
    slug: &'a str,
    sku: &'a str,
    description: &'a str,
    long_description: Option<&'a str>,
    brand: Option<&'a str>,
    category: Option<CategoryBrief>,
    #[schema(value_type = Option<Uuid>)]
    category_id: Option<CategoryId>,
    /// What one costs.
    price: Amount,
    /// A former or recommended price to show beside it.
    compare_at_price: Option<Amount>,
    /// The price, where it is below the one beside it.
    discount_price: Option<Amount>,
    #[schema(value_type = String)]
    currency: Currency,
    images: Vec<ImageView<'a>>,
    /// The primary picture's.
    image_url: Option<&'a str>,
    tags: &'a [String],
    attributes: Vec<AttributeView<'a>>,
    specifications: &'a BTreeMap<String, String>,
    /// How many are for sale: on hand, less what is reserved.
    stock: u64,
    in_stock: bool,
    is_featured: bool,
    /// Whether the shop shows it.
    is_active: bool,
    shipping_profile_id: Option<&'a str>,
    #[schema(value_type = Vec<Uuid>)]
    related_products: Vec<ProductId>,
    seller: SellerBrief,
    #[schema(value_type = Uuid)]
    seller_id: SellerId,
    /// What its reviews come to on average; none without reviews.
    rating: Option<StarsView>,
    review_count: u32,
    /// The latest, where one product is shown; lists have none of them.
    reviews: Vec<ReviewView>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A picture.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Image)]
pub struct ImageView<'a> {
    url: &'a str,
    alt: Option<&'a str>,
    is_primary: bool,
}

impl<'a> From<&'a Image> for ImageView<'a> {
    fn from(image: &'a Image) -> Self {
        Self { url: &image.url, alt: image.alt.as_deref(), is_primary: image.is_primary }
    }
}

/// A name and a value.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Attribute)]
pub struct AttributeView<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> From<&'a Attribute> for AttributeView<'a> {
    fn from(attribute: &'a Attribute) -> Self {
        Self { name: &attribute.name, value: &attribute.value }
    }
}

/// Whose a product is.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SellerBrief {
    /// The shop.
    #[schema(value_type = Uuid)]
    pub id: SellerId,
    /// Its name, where it is known.
    pub shop_name: Option<String>,
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
        let below = |beside: &domain::Money| {
            beside.currency == details.price.currency && beside.amount > details.price.amount
        };
        let discounted = details.compare_at_price.as_ref().is_some_and(below);
        let primary = details.images.iter().find(|image| image.is_primary).or(details.images.first());
        Self {
            id,
            name: &details.name,
            title: &details.name,
            slug: &details.slug,
            sku: &details.sku,
            description: &details.description,
            long_description: details.long_description.as_deref(),
            brand: details.brand.as_deref(),
            category: details.category.as_deref().map(CategoryBrief::word),
            category_id: None,
            price: details.price.into(),
            compare_at_price: details.compare_at_price.map(Amount::from),
            discount_price: discounted.then(|| details.price.into()),
            currency: details.price.currency,
            images: details.images.iter().map(Into::into).collect(),
            image_url: primary.map(|image| image.url.as_str()),
            tags: &details.tags,
            attributes: details.attributes.iter().map(Into::into).collect(),
            specifications: &details.specifications,
            stock: stock.available(),
            in_stock: stock.available() > 0,
            is_featured: details.featured,
            is_active: !details.hidden,
            shipping_profile_id: details.shipping_profile_id.as_deref(),
            related_products: details.related.clone(),
            seller: SellerBrief { id: details.seller_id, shop_name: None },
            seller_id: details.seller_id,
            rating: None,
            review_count: 0,
            reviews: Vec::new(),
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

    /// Names the category that it was found to be in.
    #[must_use]
    pub fn in_category(mut self, category: Option<CategoryBrief>) -> Self {
        if let Some(category) = category {
            self.category_id = category.id;
            self.category = Some(category);
        }
        self
    }

    /// Says what its reviews come to.
    #[must_use]
    pub fn rated(mut self, rating: Rating) -> Self {
        self.rating = rating.average().map(StarsView);
        self.review_count = rating.reviews;
        self
    }

    /// Shows some of its reviews.
    #[must_use]
    pub fn reviewed(mut self, latest: Vec<ReviewView>) -> Self {
        self.reviews = latest;
        self
    }

    /// Names the products to show beside it.
    #[must_use]
    pub fn beside(mut self, related: Vec<ProductId>) -> Self {
        self.related_products = related;
        self
    }
}
