//! A product comes into the catalog, under a SKU and a slug that nothing else has, with its opening stock.

use super::categorise::{categorise, place, require_related, shelve};
use crate::claim::{self, Claim, ClaimCommand, ClaimError};
use crate::ids::{CategoryId, PersonalId, ProductId};
use crate::inventory::{Inventory, InventoryCommand, InventoryError};
use crate::product::{Product, ProductCommand, ProductDetails, ProductError};
use crate::{Halt, StreamId, Streams};

/// A product to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateProduct {
    /// The product's id, made by the caller.
    pub product_id: ProductId,
    /// What the catalog says of it. Of its category only the word counts: what it names is found here.
    pub details: ProductDetails,
    /// How many are received with it.
    pub opening_stock: u64,
    /// Why they are, kept in `personal`.
    pub reason: Option<PersonalId>,
}

/// Why a product is not in the catalog as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
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
    /// The id of no category, or of one that was removed.
    #[error("there is no category {category_id}")]
    UnknownCategory {
        /// Which.
        category_id: CategoryId,
    },
    /// A product to be shown beside it is not there.
    #[error("there is no product {product_id}")]
    UnknownRelated {
        /// Which.
        product_id: ProductId,
    },
    /// The product refuses.
    #[error(transparent)]
    Product(#[from] ProductError),
    /// The stock refuses.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
}

/// Claims SKU and slug, finds the category, creates the product, and receives its opening stock if there is any.
pub fn create_product<S: Streams>(
    streams: &mut S,
    command: &CreateProduct,
) -> Result<(), Halt<CatalogError>> {
    let CreateProduct { product_id, details, opening_stock, reason } = command;
    let sku = claim::sku(details.seller_id, &details.sku);
    let slug = claim::slug(&details.slug);
    let mut known = vec![
        StreamId::of::<Claim>(&sku),
        StreamId::of::<Claim>(&slug),
        StreamId::of::<Product>(product_id),
        StreamId::of::<Inventory>(product_id),
    ];
    known.extend(details.related.iter().map(StreamId::of::<Product>));
    streams.need(&known)?;
    let mut details = details.clone();
    let word = details.category.take();
    categorise(streams, &mut details, word)?;
    require_related(streams, *product_id, &mut details)?;
    let (sku_name, slug_name, place) = (details.sku.clone(), details.slug.clone(), place(&details));
    let create = ProductCommand::Create(Box::new(details));
    streams.execute::<Product, CatalogError>(product_id, create)?;
    let claim = || ClaimCommand::Claim { owner: product_id.to_string() };
    streams
        .execute::<Claim, ClaimError>(&sku, claim())
        .map_err(|halt| halt.map(|_| CatalogError::SkuTaken { sku: sku_name }))?;
    streams
        .execute::<Claim, ClaimError>(&slug, claim())
        .map_err(|halt| halt.map(|_| CatalogError::SlugTaken { slug: slug_name }))?;
    shelve(streams, *product_id, None, place)?;
    if *opening_stock > 0 {
        let receive = InventoryCommand::Receive { quantity: *opening_stock, reason: *reason };
        streams.execute::<Inventory, CatalogError>(product_id, receive)?;
    }
    Ok(())
}
