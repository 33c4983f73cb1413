//! Reads over HTTP: one folder per resource; holds no SQL and no secret.
//!
//! One cart, order or payment by its id is folded from its stream, so it is never behind. Lists, search and stats come
//! from read models: [`freshness`] makes them show a client at least what he has written himself.

pub mod audit;
mod cart;
pub mod freshness;
mod history;
mod me;
mod orders;
mod payments;
mod products;
mod sellers;

use std::sync::Arc;

use event_store::{Log, LogWatch};
use projections::Positions;
use projections::product_search::ProductSearch;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;

use crate::freshness::Freshness;
pub use crate::history::failed;

/// What the role is started with.
pub struct QueryApi {
    /// The database, as the restricted role.
    pub pool: PgPool,
    /// The log's growth.
    pub watch: LogWatch,
    /// Where the read models stand.
    pub positions: Positions,
    /// This process's index.
    pub search: ProductSearch,
    /// The rate of the cart's tax, by the reader's place; the default's where it isn't known.
    pub tax_rate: rust_decimal::Decimal,
    /// The shop's currency, for a cart that is empty.
    pub currency: domain::Currency,
}

impl QueryApi {
    /// The routes, under no prefix.
    pub fn router(self) -> OpenApiRouter {
        let log = Log::new(self.pool.clone());
        let freshness = Freshness::start(log.clone(), self.watch, self.positions);
        let names = Arc::new(products::Names::new(self.pool.clone()));
        OpenApiRouter::new()
            .merge(me::router(self.pool.clone()).into())
            .merge(
                products::router(
                    Arc::clone(&names),
                    self.search,
                    freshness.clone(),
                    log.clone(),
                    self.currency,
                )
                .into(),
            )
            .merge(
                cart::router(
                    log.clone(),
                    freshness.clone(),
                    Arc::clone(&names),
                    self.tax_rate,
                    self.currency,
                )
                .into(),
            )
            .merge(orders::router(log.clone(), self.pool.clone(), freshness.clone()))
            .merge(payments::router(log.clone(), self.pool.clone(), freshness.clone()).into())
            .merge(sellers::router(self.pool.clone(), names, freshness).into())
            .merge(audit::router(log, self.pool).into())
    }
}
