//! What a seller changes of a product, and leaves.

use std::collections::BTreeMap;

use super::{Attribute, Image, ProductDetails, ProductError};
use crate::ids::{ProductId, SellerId};
use crate::{Change, Money};

/// A partial change of a product's details: what isn't named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductChanges {
    /// Whose; it can't become another's.
    pub seller_id: Option<SellerId>,
    /// The seller's code.
    pub sku: Option<String>,
    /// Unique over the shop.
    pub slug: Option<String>,
    /// What people call it.
    pub name: Option<String>,
    /// One paragraph.
    pub description: Option<String>,
    /// As long as it takes.
    pub long_description: Change<String>,
    /// Who makes it.
    pub brand: Change<String>,
    /// Category: id, slug, name or any other word; the decision finds what it names.
    pub category: Change<String>,
    /// The price of one.
    pub price: Option<Money>,
    /// A price to show beside it.
    pub compare_at_price: Change<Money>,
    /// The price from now on, with the one before to show beside it.
    pub discount_price: Option<Money>,
    /// Pictures, all of them.
    pub images: Option<Vec<Image>>,
    /// Free words, all of them.
    pub tags: Option<Vec<String>>,
    /// What distinguishes this variant, all of it.
    pub attributes: Option<Vec<Attribute>>,
    /// Technical data, all of it.
    pub specifications: Option<BTreeMap<String, String>>,
    /// Shown first.
    pub featured: Option<bool>,
    /// Not for sale for now.
    pub hidden: Option<bool>,
    /// How it is shipped.
    pub shipping_profile_id: Change<String>,
    /// Products to show beside it, all of them.
    pub related: Option<Vec<ProductId>>,
}

impl ProductChanges {
    /// The details after the change. The category is left to the decision, which knows the categories.
    pub fn applied_to(&self, before: &ProductDetails) -> Result<ProductDetails, ProductError> {
        let it = self.clone();
        let mut after = ProductDetails {
            seller_id: it.seller_id.unwrap_or(before.seller_id),
            sku: it.sku.unwrap_or_else(|| before.sku.clone()),
            external_id: before.external_id.clone(),
            slug: it.slug.unwrap_or_else(|| before.slug.clone()),
            name: it.name.unwrap_or_else(|| before.name.clone()),
            description: it.description.unwrap_or_else(|| before.description.clone()),
            long_description: it.long_description.apply(before.long_description.as_ref()),
            brand: it.brand.apply(before.brand.as_ref()),
            category: before.category.clone(),
            category_id: before.category_id,
            price: it.price.unwrap_or(before.price),
            compare_at_price: it.compare_at_price.apply(before.compare_at_price.as_ref()),
            images: it.images.unwrap_or_else(|| before.images.clone()),
            tags: it.tags.unwrap_or_else(|| before.tags.clone()),
            attributes: it.attributes.unwrap_or_else(|| before.attributes.clone()),
            specifications: it.specifications.unwrap_or_else(|| before.specifications.clone()),
            featured: it.featured.unwrap_or(before.featured),
            shipping_profile_id: it.shipping_profile_id.apply(before.shipping_profile_id.as_ref()),
            related: it.related.unwrap_or_else(|| before.related.clone()),
            hidden: it.hidden.unwrap_or(before.hidden),
        };
        if let Some(discounted) = it.discount_price {
            if it.price.is_none() {
                after.price = after.compare_at_price.unwrap_or(after.price);
            }
            after.discount_to(discounted)?;
        }
        Ok(after)
    }
}

impl ProductDetails {
    /// Makes it cheaper: the price that it had is shown beside the new one.
    pub fn discount_to(&mut self, discounted: Money) -> Result<(), ProductError> {
        if discounted.currency != self.price.currency {
            return Err(ProductError::TwoCurrencies);
        }
        if discounted.amount > self.price.amount {
            return Err(ProductError::DiscountAbovePrice);
        }
        // What is sent back as it was read names the discounted price twice.
        if discounted != self.price {
            self.compare_at_price = Some(self.price);
            self.price = discounted;
        }
        Ok(())
    }
}
