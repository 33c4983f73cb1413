//! The names of shops, remembered for a moment: every list shows some, and they hardly ever change.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use api_contract::ApiError;
use domain::ids::SellerId;
use sqlx::PgPool;

/// A name is at most so old.
const FRESH: Duration = Duration::from_secs(2);
/// So many are remembered at most.
const MOST: usize = 10_000;

/// Looks the names of shops up.
pub(super) struct ShopNames {
    pool: PgPool,
    known: Mutex<HashMap<SellerId, (Instant, String)>>,
}

impl ShopNames {
    /// By this pool.
    pub(super) fn new(pool: PgPool) -> Self {
        Self { pool, known: Mutex::default() }
    }

    /// The names of these shops, as far as they are known.
    pub(super) async fn of(&self, mut ids: Vec<SellerId>) -> Result<HashMap<SellerId, String>, ApiError> {
        ids.sort_unstable();
        ids.dedup();
        let mut names = self.remembered(&ids);
        ids.retain(|id| !names.contains_key(id));
        if ids.is_empty() {
            return Ok(names);
        }
        let found = identity::shops::by_ids(&self.pool, &ids).await.map_err(identity::failed)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() + found.len() > MOST {
            known.clear();
        }
        for shop in found {
            known.insert(shop.id, (Instant::now(), shop.name.clone()));
            names.insert(shop.id, shop.name);
        }
        Ok(names)
    }

    fn remembered(&self, ids: &[SellerId]) -> HashMap<SellerId, String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |id: &SellerId| {
            let (since, name) = known.get(id)?;
            (since.elapsed() < FRESH).then(|| (*id, name.clone()))
        };
        ids.iter().filter_map(fresh).collect()
    }
}
