//! A product comes into the catalog, under a SKU and a slug that nothing else has, with its opening stock.

use crate::claim::{self, Claim, ClaimCommand, ClaimError};
use crate::ids::{PersonalId, ProductId};
use crate::inventory::{Inventory, InventoryCommand, InventoryError};
use crate::product::{Product, ProductCommand, ProductDetails, ProductError};
use crate::{Halt, StreamId, Streams};

/// A product to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateProduct {
    /// The product's id, made by the caller.
    pub product_id: ProductId,
    /// What the catalog says of it.
    pub details: ProductDetails,
    /// How many are received with it.
    pub opening_stock: u64,
    /// Why they are, kept in `personal`.
    pub reason: Option<PersonalId>,
}

/// Why a product is not created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateProductError {
    /// The seller has a product with this SKU.
    #[error("the seller has a product with SKU {sku} already")]
    SkuTaken {
        /// Which.
        sku: String,
    },
    /// The shop has a product with this slug.
    #[error("there is a product with slug {slug} already")]
    SlugTaken {
        /// Which.
        slug: String,
    },
    /// The product refuses.
    #[error(transparent)]
    Product(#[from] ProductError),
    /// The stock refuses.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

/// Claims SKU and slug, creates the product, and receives its opening stock if there is any.
pub fn create_product<S: Streams>(
    streams: &mut S,
    command: &CreateProduct,
) -> Result<(), Halt<CreateProductError>> {
    let CreateProduct { product_id, details, opening_stock, reason } = command;
    let sku = claim::sku(details.seller_id, &details.sku);
    let slug = claim::slug(&details.slug);
    streams.need(&[
        StreamId::of::<Claim>(&sku),
        StreamId::of::<Claim>(&slug),
        StreamId::of::<Product>(product_id),
        StreamId::of::<Inventory>(product_id),
    ])?;
    let create = ProductCommand::Create(Box::new(details.clone()));
    streams.execute::<Product, CreateProductError>(product_id, create)?;
    let claim = || ClaimCommand::Claim { owner: product_id.to_string() };
    streams
        .execute::<Claim, ClaimError>(&sku, claim())
        .map_err(|halt| halt.map(|_| CreateProductError::SkuTaken { sku: details.sku.clone() }))?;
    streams
        .execute::<Claim, ClaimError>(&slug, claim())
        .map_err(|halt| halt.map(|_| CreateProductError::SlugTaken { slug: details.slug.clone() }))?;
    if *opening_stock > 0 {
        let receive = InventoryCommand::Receive { quantity: *opening_stock, reason: *reason };
        streams.execute::<Inventory, CreateProductError>(product_id, receive)?;
    }
    Ok(())
}
