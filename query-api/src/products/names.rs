//! What stands beside an id: products for carts and statistics, shops for products.

use std::collections::HashMap;
use std::time::Duration;

use api_contract::ApiError;
use api_contract::views::{CategoryBrief, ProductRecord, ProductView, Stock};
use domain::Decide;
use domain::ids::{ProductId, SellerId};
use domain::inventory::Inventory;
use domain::product::ProductDetails;
use event_store::Log;
use moka::sync::Cache;
use projections::catalog::{CatalogProduct, CategoryName, Products};
use projections::{Answer, QueryError};
use sqlx::PgPool;

use crate::history::{failed, told};

/// How a failure of a read model is answered.
pub fn unanswered(error: QueryError) -> ApiError {
    match error {
        QueryError::Postgres(_, error) => identity::failed(error),
        // The index is still being built, or the read model is being made.
        error @ QueryError::Missing(_) => ApiError::unavailable(Duration::from_secs(1)).because(error),
        error @ (QueryError::Unexpected(..) | QueryError::Search(_)) => ApiError::internal(error),
    }
}

/// So many shops' names are remembered, each for so long: a shop that was renamed is soon shown so.
const SHOPS: u64 = 10_000;
const SHOP_NAME_KEPT: Duration = Duration::from_secs(1);

/// Looks names up.
pub struct Names {
    /// The catalog.
    pub products: Products,
    shop_names: Cache<SellerId, String>,
    pool: PgPool,
}

/// A product as it is shown.
pub struct Shown {
    /// Which.
    pub id: ProductId,
    /// What the catalog says of it.
    pub details: ProductDetails,
    /// How much there is.
    pub stock: u64,
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
            details: product.details.into(),
            stock: u64::try_from(product.stock).unwrap_or(0),
            created_at: product.created_at,
            updated_at: product.updated_at,
            version: product.version.unsigned_abs(),
            category: product.category.map(brief),
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
    }
}

impl Names {
    /// By this pool.
    pub fn new(pool: PgPool) -> Self {
        let shop_names = Cache::builder().max_capacity(SHOPS).time_to_live(SHOP_NAME_KEPT).build();
        Self { products: Products::new(pool.clone()), shop_names, pool }
    }

    /// These products in this order; those that are not for everybody to see and those that are not known are left out.
    pub async fn shown(&self, ids: &[ProductId]) -> Result<Answer<Vec<Shown>>, ApiError> {
        let found = self.products.by_ids(ids).await.map_err(unanswered)?;
        Ok(found.map(|found| found.into_iter().filter(CatalogProduct::is_shown).map(Into::into).collect()))
    }

    /// The names of the shops of these products.
    pub async fn shops(&self, products: &[Shown]) -> Result<HashMap<SellerId, String>, ApiError> {
        let mut ids: Vec<_> = products.iter().map(|product| product.details.seller_id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut names = HashMap::with_capacity(ids.len());
        ids.retain(|id| match self.shop_names.get(id) {
            Some(name) => names.insert(*id, name).is_some(),
            None => true,
        });
        if !ids.is_empty() {
            for shop in identity::shops::by_ids(&self.pool, &ids).await.map_err(identity::failed)? {
                self.shop_names.insert(shop.id, shop.name.clone());
                names.insert(shop.id, shop.name);
            }
        }
        Ok(names)
    }

    /// A product that was not withdrawn, from its stream: for the moment before the catalog has it.
    pub async fn folded(&self, log: &Log, id: ProductId) -> Result<Option<Shown>, ApiError> {
        let record: ProductRecord = told(log, id).await?;
        let Some(details) = record.product.kept() else { return Ok(None) };
        let mut inventory = Inventory::default();
        for (_, event) in log.events_of::<Inventory>(id, None).await.map_err(failed)? {
            inventory.evolve(&event);
        }
        let category = match (&details.category, details.category_id) {
            (Some(name), Some(id)) => Some(CategoryBrief { id: Some(id), name: name.clone(), slug: None }),
            (Some(_) | None, _) => None,
        };
        Ok(Some(Shown {
            id,
            details: details.as_ref().clone(),
            stock: inventory.available(),
            created_at: record.created_at,
            updated_at: record.updated_at,
            version: record.version,
            category,
        }))
    }
}
