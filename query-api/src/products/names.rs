//! What stands beside an id: products for carts and statistics, shops for products.

use std::collections::HashMap;
use std::sync::Arc;

use api_contract::ApiError;
use api_contract::views::{CategoryBrief, ProductRecord, ProductView, Stock};
use domain::Decide;
use domain::ids::{ProductId, SellerId};
use domain::inventory::Inventory;
use domain::product::ProductDetails;
use domain::review::Rating;
use event_store::Log;
use projections::catalog::{CatalogProduct, CategoryName, Products};
use projections::product_search::Hit;
use sqlx::PgPool;

use super::shops::ShopNames;
use crate::history::told;

/// Looks names up.
pub struct Names {
    /// The catalog.
    pub products: Products,
    shops: ShopNames,
}

/// A product as it is shown.
pub struct Shown {
    /// Which.
    pub id: ProductId,
    /// What the catalog says of it.
    pub details: Arc<ProductDetails>,
    /// How much there is.
    pub stock: u64,
    /// What its reviews come to, where it is told with the product.
    pub rating: Rating,
    /// When it came in.
    pub created_at: chrono::DateTime<chrono::Utc>,
    /// When it last changed.
    pub updated_at: chrono::DateTime<chrono::Utc>,
    /// The aggregate's version.
    pub version: u64,
    /// The category that it is in.
    pub category: Option<CategoryBrief>,
}

impl From<CatalogProduct> for Shown {
    fn from(product: CatalogProduct) -> Self {
        Self {
            id: product.product_id,
            details: Arc::new(product.details.into()),
            stock: u64::try_from(product.stock).unwrap_or(0),
            rating: Rating::default(),
            created_at: product.created_at,
            updated_at: product.updated_at,
            version: product.version.unsigned_abs(),
            category: product.category.map(brief),
        }
    }
}

impl From<Hit> for Shown {
    fn from(hit: Hit) -> Self {
        let category =
            hit.category.map(|it| CategoryBrief { id: Some(it.id), name: it.name, slug: Some(it.slug) });
        Self {
            id: hit.id,
            details: hit.details,
            stock: u64::try_from(hit.stock).unwrap_or(0),
            rating: hit.rating,
            created_at: hit.created_at,
            updated_at: hit.updated_at,
            version: hit.version.unsigned_abs(),
            category,
        }
    }
}

fn brief(CategoryName { id, name, slug }: CategoryName) -> CategoryBrief {
    CategoryBrief { id: Some(id), name, slug: Some(slug) }
}

impl Shown {
    /// Its view.
    pub fn view(&self, shops: &HashMap<SellerId, String>) -> ProductView<'_> {
        let stock = Stock { on_hand: self.stock, reserved: 0 };
        ProductView::of(self.id, &self.details, stock, self.created_at, self.updated_at)
            .sold_by(shops.get(&self.details.seller_id).cloned())
            .in_category(self.category.clone())
            .rated(self.rating)
    }
}

impl Names {
    /// By this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { products: Products::new(pool.clone()), shops: ShopNames::new(pool) }
    }

    /// The names of the shops of these products.
    pub async fn shops(&self, products: &[Shown]) -> Result<HashMap<SellerId, String>, ApiError> {
        self.shops.of(products.iter().map(|product| product.details.seller_id).collect()).await
    }

    /// Whether there is such a shop.
    pub async fn has_shop(&self, id: SellerId) -> Result<bool, ApiError> {
        Ok(self.shops.of(vec![id]).await?.contains_key(&id))
    }

    /// A product that was not withdrawn, from its stream: for the moment before the catalog has it.
    pub async fn folded(&self, log: &Log, id: ProductId) -> Result<Option<Shown>, ApiError> {
        let record: ProductRecord = told(log, id).await?;
        let Some(details) = record.product.kept() else { return Ok(None) };
        let mut inventory = Inventory::default();
        for (_, event) in log.events_of::<Inventory>(id, None).await.map_err(identity::failed)? {
            inventory.evolve(&event);
        }
        let category = match (&details.category, details.category_id) {
            (Some(name), Some(id)) => Some(CategoryBrief { id: Some(id), name: name.clone(), slug: None }),
            (Some(_) | None, _) => None,
        };
        Ok(Some(Shown {
            id,
            details: Arc::clone(details),
            stock: inventory.available(),
            rating: Rating::default(),
            created_at: record.created_at,
            updated_at: record.updated_at,
            version: record.version,
            category,
        }))
    }
}
