//! What stands beside an id: products for carts and statistics, shops for products.

use std::collections::HashMap;

use api_contract::ApiError;
use api_contract::views::{ProductView, Stock};
use domain::Decide;
use domain::ids::{ProductId, SellerId};
use domain::inventory::Inventory;
use domain::product::{Product, ProductDetails};
use event_store::Log;
use projections::catalog::{CatalogProduct, Products};
use projections::{Answer, QueryError};
use sqlx::PgPool;

use crate::history::failed;

/// How a failure of a read model is answered.
pub fn unanswered(error: QueryError) -> ApiError {
    match error {
        QueryError::Postgres(_, error) => identity::failed(error),
        // The index is still being built, or the read model is being made.
        error @ QueryError::Missing(_) => {
            ApiError::unavailable(std::time::Duration::from_secs(1)).because(error)
        }
        error @ (QueryError::Unexpected(..) | QueryError::Search(_)) => ApiError::internal(error),
    }
}

/// Looks names up.
pub struct Names {
    /// The catalog.
    pub products: Products,
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
        }
    }
}

impl Shown {
    /// Its view.
    pub fn view(&self, shops: &HashMap<SellerId, String>) -> ProductView<'_> {
        let stock = Stock { on_hand: self.stock, reserved: 0 };
        ProductView::of(self.id, &self.details, stock, self.created_at, self.updated_at)
            .sold_by(shops.get(&self.details.seller_id).cloned())
    }
}

impl Names {
    /// By this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { products: Products::new(pool.clone()), pool }
    }

    /// These products in this order; those that are no longer sold and those that are not known are left out.
    pub async fn shown(&self, ids: &[ProductId]) -> Result<Answer<Vec<Shown>>, ApiError> {
        let found = self.products.by_ids(ids).await.map_err(unanswered)?;
        Ok(found.map(|found| found.into_iter().filter(|p| !p.withdrawn).map(Into::into).collect()))
    }

    /// The names of the shops of these products.
    pub async fn shops(&self, products: &[Shown]) -> Result<HashMap<SellerId, String>, ApiError> {
        let mut ids: Vec<_> = products.iter().map(|product| product.details.seller_id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let shops = identity::shops::by_ids(&self.pool, &ids).await.map_err(identity::failed)?;
        Ok(shops.into_iter().map(|shop| (shop.id, shop.name)).collect())
    }

    /// A product that is sold, from its stream: for the moment before the catalog has it.
    pub async fn folded(&self, log: &Log, id: ProductId) -> Result<Option<Shown>, ApiError> {
        let events = log.events_of::<Product>(id, None).await.map_err(failed)?;
        let (Some((first, _)), Some((last, _))) = (events.first(), events.last()) else { return Ok(None) };
        let (created_at, updated_at, version) =
            (first.occurred_at(), last.occurred_at(), last.sequence.unsigned_abs());
        let mut product = Product::default();
        for (_, event) in &events {
            product.evolve(event);
        }
        let Some(details) = product.on_sale() else { return Ok(None) };
        let mut inventory = Inventory::default();
        for (_, event) in log.events_of::<Inventory>(id, None).await.map_err(failed)? {
            inventory.evolve(&event);
        }
        Ok(Some(Shown {
            id,
            details: details.as_ref().clone(),
            stock: inventory.available(),
            created_at,
            updated_at,
            version,
        }))
    }
}
