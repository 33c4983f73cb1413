//! `GET /orders/{id}`, by its id or its number: its customer's, of a seller with a line in it, or an admin's.

use api_contract::openapi::{Envelope, FreshnessParams};
use api_contract::views::{OrderRecord, OrderView, PaymentBrief, PaymentRecord};
use api_contract::{ApiError, MinPosition, PathText, Principal, Role, Success, Version};
use axum::extract::State;
use axum::response::IntoResponse;
use domain::ids::OrderId;
use domain::order::OrderPlaced;

use super::History;
use crate::history::{bodies, told};
use crate::products::unanswered;

#[utoipa::path(
    get, path = "/orders/{id}", operation_id = "getOrder", tag = "orders", security(("bearer" = [])),
    params(("id" = String, Path, description = "The order's id or its number"), FreshnessParams),
    responses((status = 200, description = "The order", body = Envelope<OrderView>)),
)]
pub async fn get_order(
    State(history): State<History>,
    principal: Principal,
    min: MinPosition,
    PathText(word): PathText,
) -> Result<impl IntoResponse, ApiError> {
    history.freshness.folded(min).await?;
    let missing = || ApiError::not_found("Order");
    let id = if let Ok(id) = word.parse::<OrderId>() {
        id
    } else {
        let found = history.orders.by_number(&word).await.map_err(unanswered)?;
        found.value.ok_or_else(missing)?.order.summary.order_id
    };
    let record: OrderRecord = told(&history.log, id).await?;
    let placed = record.order.placed.as_deref().filter(|placed| may_see(&principal, placed));
    let payment_id = placed.ok_or_else(missing)?.payment_id;
    let payment: PaymentRecord = told(&history.log, payment_id).await?;
    let bodies = bodies(&history.pool, &record.personal()).await?;
    let brief = PaymentBrief { id: payment_id, status: payment.payment.status().as_str() };
    let view = OrderView::of(id, &record, &bodies, Some(brief)).ok_or_else(missing)?;
    let view = view.payable_at(payment.payment_url());
    Ok((Version(record.version), Success::new(view)).into_response())
}

fn may_see(reader: &Principal, placed: &OrderPlaced) -> bool {
    let own = placed.customer_id == Some(reader.user);
    let sold = reader.shop.is_some_and(|shop| placed.lines.iter().any(|line| line.seller_id == shop));
    own || reader.is(Role::Admin) || (sold && reader.is(Role::Seller))
}
