//! Orders: one by its id, lists by customer, by seller and for admins.

mod get_order;
mod list;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use event_store::Log;
use projections::order_history::Orders;
use sqlx::PgPool;

use crate::freshness::Freshness;

#[derive(Clone)]
struct History {
    log: Log,
    pool: PgPool,
    orders: Arc<Orders>,
    freshness: Freshness,
}

/// The routes.
pub fn router(log: Log, pool: PgPool, freshness: Freshness) -> Router {
    let orders = Arc::new(Orders::new(pool.clone()));
    Router::new()
        .route("/orders", get(list::mine))
        .route("/sellers/me/orders", get(list::of_my_shop))
        .route("/orders/{id}", get(get_order::get_order))
        .with_state(History { log, pool, orders, freshness })
}
