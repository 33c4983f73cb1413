//! A product of an outside system is sold in an imported history: it is in the catalog, with stock enough.

use super::create_product::{self, CatalogError, CreateProduct};
use crate::claim::{self, Claim};
use crate::ids::ProductId;
use crate::inventory::{Inventory, InventoryCommand, InventoryError};
use crate::product::{Product, ProductDetails, ProductError};
use crate::{Halt, StreamId, Streams};

/// A product that a history needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportProduct {
    /// The id that it gets if the seller has no product with this SKU; made by the caller.
    pub product_id: ProductId,
    /// What the catalog is to say of it; of `slug`s the first one that is free is taken instead of the one here.
    pub details: ProductDetails,
    /// At least one, the last of them certainly free.
    pub slugs: Vec<String>,
    /// How many must be for sale before the history begins.
    pub stock: u64,
}

/// Why a product is not taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportProductError {
    /// The SKU belongs to something that is no product.
    #[error("SKU {sku} is not a product's")]
    NotAProduct {
        /// Which.
        sku: String,
    },
    /// It can't be created.
    #[error(transparent)]
    Create(#[from] CatalogError),
    /// The product refuses.
    #[error(transparent)]
    Product(#[from] ProductError),
    /// The stock refuses.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

/// Finds the seller's product with this SKU, or creates it, and receives what its stock lacks. Asked again for the same
/// stock, it changes nothing. What the catalog says of a product that is there already stays.
pub fn import_product<S: Streams>(
    streams: &mut S,
    command: &ImportProduct,
) -> Result<ProductId, Halt<ImportProductError>> {
    let details = &command.details;
    let sku = claim::sku(details.seller_id, &details.sku);
    let mut known = vec![
        StreamId::of::<Claim>(&sku),
        StreamId::of::<Product>(command.product_id),
        StreamId::of::<Inventory>(command.product_id),
    ];
    known.extend(command.slugs.iter().map(|slug| StreamId::of::<Claim>(claim::slug(slug))));
    streams.need(&known)?;
    match &streams.state::<Claim, ImportProductError>(&sku)?.owner {
        Some(owner) => {
            let not_a_product = || ImportProductError::NotAProduct { sku: details.sku.clone() };
            let product_id = owner.parse().map_err(|_| Halt::Refused(not_a_product()))?;
            stock(streams, product_id, command.stock)?;
            Ok(product_id)
        }
        None => create(streams, command),
    }
}

/// Receives what a product lacks of so many for sale.
pub(super) fn stock<S: Streams, E: From<InventoryError>>(
    streams: &mut S,
    product_id: ProductId,
    least: u64,
) -> Result<(), Halt<E>> {
    let available = streams.state::<Inventory, E>(product_id)?.available();
    if available >= least {
        return Ok(());
    }
    let receive = InventoryCommand::Receive { quantity: least - available, reason: None };
    streams.execute::<Inventory, E>(product_id, receive)
}

fn create<S: Streams>(
    streams: &mut S,
    command: &ImportProduct,
) -> Result<ProductId, Halt<ImportProductError>> {
    let mut slug = command.details.slug.clone();
    for candidate in &command.slugs {
        slug.clone_from(candidate);
        if streams.state::<Claim, ImportProductError>(claim::slug(candidate))?.owner.is_none() {
            break;
        }
    }
    let create = CreateProduct {
        product_id: command.product_id,
        details: ProductDetails { slug, ..command.details.clone() },
        opening_stock: command.stock,
        reason: None,
    };
    create_product::create_product(streams, &create).map_err(|halt| halt.map(Into::into))?;
    Ok(command.product_id)
}
