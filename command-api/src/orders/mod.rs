//! Orders: thought of, placed, moved on, given up.

mod address;
mod cancel;
mod change_status;
mod items;
mod place_order;
mod preview;

use api_contract::views::{OrderRecord, OrderSight, OrderView, PaymentBrief, PaymentRecord};
use api_contract::{ApiError, EventPosition, Principal, Success, Version};
use axum::response::{IntoResponse, Response};
use domain::ids::{OrderId, UserId};
use domain::order::{Order, OrderPlaced};
use domain::{Halt, Streams as _};
use event_store::Decision;
use utoipa_axum::router::OpenApiRouter;

use crate::history::{Told, bodies, told};
use crate::shop::Shop;

/// The routes.
pub fn routes(shop: Shop) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(place_order::route())
        .merge(preview::route())
        .merge(change_status::route())
        .merge(cancel::route())
        .with_state(shop)
}

/// An order that the caller may see. Somebody else's is answered like one that doesn't exist.
fn visible<'s>(
    streams: &'s Decision<'_>,
    order_id: OrderId,
    may_see: impl FnOnce(&OrderPlaced) -> bool,
) -> Result<&'s Order, Halt<ApiError>> {
    let order = streams.state::<Order, ApiError>(order_id)?;
    match order.placed.as_deref() {
        Some(placed) if may_see(placed) => Ok(order),
        Some(_) | None => Err(Halt::Refused(ApiError::not_found("Order"))),
    }
}

/// Whose order it is; a guest's is nobody's.
fn customer(order: &Order) -> Option<UserId> {
    order.placed.as_deref().and_then(|placed| placed.customer_id)
}

/// The whole order as a command left it, whose last event is at `position`.
async fn order_at(
    shop: &Shop,
    id: OrderId,
    position: i64,
    message: &'static str,
) -> Result<Response, ApiError> {
    let seen = answer(shop, id, position, message, |_| Some(OrderSight::Whole)).await;
    seen.map_err(ApiError::after_acceptance)
}

/// As [`order_at`], what this reader sees of it.
async fn order_seen_by(
    shop: &Shop,
    reader: &Principal,
    id: OrderId,
    position: i64,
    message: &'static str,
) -> Result<Response, ApiError> {
    let seen = answer(shop, id, position, message, |placed| OrderSight::of(reader, placed)).await;
    seen.map_err(ApiError::after_acceptance)
}

async fn answer(
    shop: &Shop,
    id: OrderId,
    position: i64,
    message: &'static str,
    sight: impl FnOnce(&OrderPlaced) -> Option<OrderSight>,
) -> Result<Response, ApiError> {
    let Told { record, .. }: Told<OrderRecord> = told(&shop.log, id, Some(position)).await?;
    let missing = || ApiError::not_found("Order");
    let placed = record.order.placed.as_deref().ok_or_else(missing)?;
    let (payment_id, sight) = (placed.payment_id, sight(placed).ok_or_else(missing)?);
    let Told { record: payment, .. }: Told<PaymentRecord> =
        told(&shop.log, payment_id, Some(position)).await?;
    let bodies = bodies(&shop.log, &[record.personal(), payment.personal()].concat()).await?;
    let brief = PaymentBrief { id: payment_id, status: payment.payment.status().as_str() };
    let page =
        if payment.is_payable() { shop.gateways.page(payment_id) } else { payment.payment_url(&bodies) };
    let view =
        OrderView::seen(id, &record, &bodies, Some(brief), sight).ok_or_else(missing)?.payable_at(page);
    let answer = Success::new(view).message(message);
    Ok((Version(record.version), EventPosition(position), answer).into_response())
}
