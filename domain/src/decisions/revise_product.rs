//! A seller changes some of what the catalog says of a product, and perhaps sets its stock.

use super::categorise::{categorise, place, require_related, shelve};
use super::change_stock::{ReceiveOrAdjustStock, StockChange, StockError, receive_or_adjust_stock};
use super::create_product::CatalogError;
use super::rename::rename;
use crate::claim;
use crate::ids::ProductId;
use crate::inventory::Inventory;
use crate::product::{Product, ProductChanges, ProductCommand, ProductError};
use crate::{Change, Halt, StreamId, Streams};

/// A change of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviseProduct {
    /// Which.
    pub product_id: ProductId,
    /// What changes of its details.
    pub changes: ProductChanges,
    /// How many shall be for sale; the difference is an adjustment.
    pub stock: Option<u64>,
}

/// Revises a product: a new SKU or slug is claimed and the old one given back, and it moves to its new category. What
/// changes nothing makes no event.
pub fn revise_product<S: Streams>(
    streams: &mut S,
    command: &ReviseProduct,
) -> Result<(), Halt<CatalogError>> {
    let ReviseProduct { product_id, changes, stock } = command;
    let mut known = vec![StreamId::of::<Product>(product_id), StreamId::of::<Inventory>(product_id)];
    known.extend(changes.related.iter().flatten().map(StreamId::of::<Product>));
    streams.need(&known)?;
    let product = streams.state::<Product, CatalogError>(product_id)?;
    let before = product.kept().cloned().ok_or(Halt::Refused(ProductError::NotFound.into()))?;
    let mut after = changes.applied_to(&before).map_err(|error| Halt::Refused(error.into()))?;
    match &changes.category {
        Change::Keep => {}
        Change::Clear => categorise(streams, &mut after, None)?,
        Change::To(word) => categorise(streams, &mut after, Some(word.clone()))?,
    }
    if changes.related.is_some() {
        require_related(streams, *product_id, &mut after)?;
    }
    let (sku, slug, to) = (after.sku.clone(), after.slug.clone(), place(&after));
    streams.execute::<Product, CatalogError>(product_id, ProductCommand::Revise(Box::new(after)))?;
    let sku_name = |sku| claim::sku(before.seller_id, sku);
    rename(streams, product_id, &sku_name(&before.sku), &sku_name(&sku))
        .map_err(|halt| halt.map(|_| CatalogError::SkuTaken { sku }))?;
    rename(streams, product_id, &claim::slug(&before.slug), &claim::slug(&slug))
        .map_err(|halt| halt.map(|_| CatalogError::SlugTaken { slug }))?;
    shelve(streams, *product_id, place(&before), to)?;
    if let Some(stock) = stock {
        let change = StockChange::SetAvailable(*stock);
        let set = ReceiveOrAdjustStock { product_id: *product_id, change, reason: None };
        receive_or_adjust_stock(streams, &set).map_err(|halt| halt.map(Into::into))?;
    }
    Ok(())
}

impl From<StockError> for CatalogError {
    fn from(error: StockError) -> Self {
        match error {
            StockError::UnknownProduct { product_id: _ } => ProductError::NotFound.into(),
            StockError::Inventory(error) => error.into(),
        }
    }
}
