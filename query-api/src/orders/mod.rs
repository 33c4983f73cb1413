//! Orders: one by its id, its invoice, lists by customer, by seller and for admins.

mod filters;
mod find;
mod get_invoice;
mod get_order;
mod invoice;
mod list;
mod printers;

use std::sync::Arc;

use projections::order_history::Orders;
use sqlx::PgPool;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::printers::Printers;
use crate::freshness::Freshness;
use crate::history::Records;

#[derive(Clone)]
struct History {
    records: Records,
    pool: PgPool,
    orders: Arc<Orders>,
    freshness: Freshness,
    printers: Printers,
}

/// The routes.
pub fn router(records: Records, pool: PgPool, freshness: Freshness) -> OpenApiRouter {
    let orders = Arc::new(Orders::new(pool.clone()));
    OpenApiRouter::new()
        .routes(routes!(list::mine))
        .routes(routes!(list::of_my_shop))
        .routes(routes!(get_order::get_order))
        .routes(routes!(get_invoice::get_invoice))
        .with_state(History {
            records,
            pool,
            orders,
            freshness,
            printers: Printers::one_for_each_processor(),
        })
}
