//! `GET /orders/{id}`, by its id or its number: its customer's, an admin's, and as far as it is theirs a seller's.

use api_contract::openapi::{Envelope, FreshnessParams};
use api_contract::views::{OrderView, PaymentBrief};
use api_contract::{ApiError, MinPosition, PathText, Principal, Success, Version};
use axum::extract::State;
use axum::response::IntoResponse;

use super::History;
use super::find::{find, missing};

/// An order. A seller sees the shop's lines and what of the amounts falls on them.
#[utoipa::path(
    get, path = "/orders/{id}", operation_id = "getOrder", tag = "orders", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "The order's id or its number, whatever the case of its letters"),
        FreshnessParams,
    ),
    responses((status = 200, description = "The order", body = Envelope<OrderView>)),
)]
pub async fn get_order(
    State(history): State<History>,
    principal: Principal,
    min: MinPosition,
    PathText(word): PathText,
) -> Result<impl IntoResponse, ApiError> {
    let found = find(&history, &principal, min, &word).await?;
    let brief = PaymentBrief { id: found.payment_id, status: found.payment.payment.status().as_str() };
    let view = OrderView::seen(found.id, &found.record, &found.bodies, Some(brief), found.sight);
    let view = view.ok_or_else(missing)?.payable_at(found.payment.payment_url(&found.bodies));
    Ok((Version(found.record.version), Success::new(view)).into_response())
}
