//! What may be asked of order history.

use domain::ids::{OrderId, ProductId, UserId};
use sqlx::Arguments as _;
use sqlx::PgPool;

use super::NAME;
use super::filter::{OrderFilter, Scope};
use super::list::Wanted;
use super::row::{OrderDetail, OrderSummary, Page};
use crate::live::{Answer, Live, QueryError};

/// Asks order history. One for a process: it knows which generation is live.
#[derive(Debug)]
pub struct Orders {
    pub(super) live: Live,
}

const BY_ID: &str = "
    SELECT json_build_object(
        'order', to_json(o),
        'lines', coalesce((SELECT json_agg(l ORDER BY l.line) FROM order_history_g{g}_lines l
                           WHERE l.order_id = o.order_id), '[]'))
    FROM order_history_g{g}_orders o WHERE o.order_id = $1";
/// The number is unique; should it not be, the first is meant.
const ID_BY_NUMBER: &str = "
    SELECT to_json(order_id) FROM order_history_g{g}_orders WHERE number = $1 ORDER BY order_id LIMIT 1";

const BY_EXTERNAL_ID: &str = "
    SELECT coalesce(json_agg(o ORDER BY o.placed_at, o.order_id), '[]')
    FROM (SELECT * FROM order_history_g{g}_orders WHERE external_id = $1 ORDER BY placed_at, order_id LIMIT 100) o";

/// Those of which a shop's part was delivered come first: of many the ones that count are not left out.
const WITH_PRODUCT: &str = "
    SELECT coalesce(json_agg(found.order_id ORDER BY found.delivered DESC, found.placed_at DESC), '[]') FROM (
        SELECT o.order_id, o.placed_at, EXISTS (
                   SELECT FROM order_history_g{g}_lines l JOIN order_history_g{g}_sellers s USING (order_id, seller_id)
                   WHERE l.order_id = o.order_id AND l.product_id = $2 AND s.status = 'delivered') AS delivered
        FROM order_history_g{g}_orders o
        WHERE o.customer_id = $1 AND o.status <> 'cancelled' AND EXISTS (
            SELECT FROM order_history_g{g}_lines l WHERE l.order_id = o.order_id AND l.product_id = $2)
        ORDER BY delivered DESC, o.placed_at DESC, o.order_id LIMIT 10) found";

impl Orders {
    /// Asks by this pool.
    pub fn new(pool: PgPool) -> Self {
        Self { live: Live::new(NAME, pool) }
    }

    /// A page of orders, and how many there are on all pages.
    pub async fn list(
        &self,
        scope: Scope,
        filter: &OrderFilter,
    ) -> Result<Answer<Page<OrderSummary>>, QueryError> {
        let wanted = Wanted::of(scope, filter);
        let found = self.live.ask(wanted.statement(), |arguments| wanted.bind(arguments)).await?;
        Ok(found.map(|page| wanted.page(page)))
    }

    /// An order by its id.
    pub async fn by_id(&self, id: OrderId) -> Result<Answer<Option<OrderDetail>>, QueryError> {
        self.live.ask(BY_ID, |arguments| arguments.add(id.0)).await
    }

    /// The orders of a customer with a product that were not cancelled; at most 10, those that were delivered first.
    pub async fn with_product(
        &self,
        customer: UserId,
        product: ProductId,
    ) -> Result<Answer<Vec<OrderId>>, QueryError> {
        self.live
            .ask(WITH_PRODUCT, |arguments| {
                arguments.add(customer.0)?;
                arguments.add(product.0)
            })
            .await
    }

    /// Which order has a number, as people write it: `ORD-2026-000100`, or `ord-2026-000100` with blanks around.
    pub async fn id_by_number(&self, typed: &str) -> Result<Answer<Option<OrderId>>, QueryError> {
        let number = typed.trim().to_uppercase();
        self.live.ask(ID_BY_NUMBER, |arguments| arguments.add(&number)).await
    }

    /// The orders with an outside system's number, which is unique only within a seller; at most 100.
    pub async fn by_external_id(&self, external_id: &str) -> Result<Answer<Vec<OrderSummary>>, QueryError> {
        self.live.ask(BY_EXTERNAL_ID, |arguments| arguments.add(external_id)).await
    }
}
