//! The names of shops, remembered for a moment: every list shows some, and they hardly ever change.

use std::collections::HashMap;
use std::time::Duration;

use api_contract::ApiError;
use domain::ids::SellerId;
use moka::sync::Cache;
use sqlx::PgPool;

/// A name is at most so old.
const FRESH: Duration = Duration::from_secs(1);
/// So many are remembered at most.
const MOST: u64 = 10_000;

/// Looks the names of shops up.
pub(super) struct ShopNames {
    pool: PgPool,
    known: Cache<SellerId, String>,
}

impl ShopNames {
    /// By this pool.
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool, known: Cache::builder().max_capacity(MOST).time_to_live(FRESH).build() }
    }

    /// The names of these shops, as far as they are known.
    pub(super) async fn of(&self, mut ids: Vec<SellerId>) -> Result<HashMap<SellerId, String>, ApiError> {
        ids.sort_unstable();
        ids.dedup();
        let mut names = HashMap::with_capacity(ids.len());
        ids.retain(|id| match self.known.get(id) {
            Some(name) => names.insert(*id, name).is_some(),
            None => true,
        });
        if ids.is_empty() {
            return Ok(names);
        }
        for shop in identity::shops::by_ids(&self.pool, &ids).await.map_err(identity::failed)? {
            self.known.insert(shop.id, shop.name.clone());
            names.insert(shop.id, shop.name);
        }
        Ok(names)
    }
}
