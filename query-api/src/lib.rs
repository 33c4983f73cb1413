//! Reads over HTTP: one folder per resource; holds no SQL and no secret.
//!
//! One cart, order or payment by its id is folded from its stream, so it is never behind. Lists, search and stats come
//! from read models: [`freshness`] makes them show a client at least what he has written himself.

pub mod audit;
mod cart;
mod categories;
mod coupons;
mod days;
pub mod freshness;
mod history;
mod lists;
mod me;
mod orders;
mod payments;
mod products;
mod public_read;
mod sellers;
mod unanswered;

use std::sync::Arc;
use std::time::Duration;

use event_store::{Log, LogWatch};
use projections::Positions;
use projections::coupons::CouponList;
use projections::product_search::ProductSearch;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;

use crate::freshness::Freshness;
use crate::history::Records;

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
    /// The rates of a cart's tax, by its user's default address.
    pub tax_rates: domain::tax::TaxRates,
    /// The shop's currency, for a cart that is empty.
    pub currency: domain::Currency,
    /// How long a read waits for its reader's own last event, if it doesn't say so itself.
    pub read_wait: Duration,
}

impl QueryApi {
    /// The routes, under no prefix.
    pub fn router(self) -> OpenApiRouter {
        let log = Log::followed(self.pool.clone(), &self.watch);
        let records = Records::start(&self.pool);
        let freshness = Freshness::start(log.clone(), self.watch, self.positions, self.read_wait);
        let names = Arc::new(products::Names::new(self.pool.clone()));
        let reviews = Arc::new(products::Reviews::new(self.pool.clone(), records.clone()));
        let coupons = Arc::new(CouponList::new(self.pool.clone()));
        OpenApiRouter::new()
            .merge(me::router(self.pool.clone()))
            .merge(products::router(
                Arc::clone(&names),
                reviews,
                self.search,
                freshness.clone(),
                log.clone(),
                self.currency,
            ))
            .merge(categories::router(Arc::clone(&names), freshness.clone()))
            .merge(cart::router(cart::Carts {
                log: log.clone(),
                pool: self.pool.clone(),
                freshness: freshness.clone(),
                names: Arc::clone(&names),
                coupons: Arc::clone(&coupons),
                tax_rates: Arc::new(self.tax_rates),
                currency: self.currency,
            }))
            .merge(coupons::router(coupons, freshness.clone(), self.currency))
            .merge(orders::router(records.clone(), self.pool.clone(), freshness.clone()))
            .merge(payments::router(records, self.pool.clone(), freshness.clone()))
            .merge(sellers::router(self.pool.clone(), names, freshness))
            .merge(audit::router(log, self.pool))
    }
}
