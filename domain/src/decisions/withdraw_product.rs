//! A product is no longer sold: its SKU, its slug and its place in a category are free again.

use super::categorise::{place, shelve};
use super::create_product::CatalogError;
use super::rename::release;
use crate::claim::{self, Claim};
use crate::ids::ProductId;
use crate::product::{Product, ProductCommand, ProductError};
use crate::{Halt, StreamId, Streams};

/// Withdraws a product. What is reserved of it stays reserved: it was sold.
pub fn withdraw_product<S: Streams>(
    streams: &mut S,
    product_id: ProductId,
) -> Result<(), Halt<CatalogError>> {
    let product = streams.state::<Product, CatalogError>(product_id)?;
    let details = product.kept().cloned().ok_or(Halt::Refused(ProductError::NotFound.into()))?;
    let sku = claim::sku(details.seller_id, &details.sku);
    let slug = claim::slug(&details.slug);
    streams.need(&[StreamId::of::<Claim>(&sku), StreamId::of::<Claim>(&slug)])?;
    streams.execute::<Product, CatalogError>(product_id, ProductCommand::Withdraw)?;
    release(streams, product_id, &sku)?;
    release(streams, product_id, &slug)?;
    shelve(streams, product_id, place(&details), None)
}
