//! One order, by its id or its number, as far as its reader may see it.

use api_contract::views::{OrderRecord, OrderSight, PaymentRecord, PersonalBodies};
use api_contract::{ApiError, MinPosition, Principal};
use domain::ids::{OrderId, PaymentId};
use projections::order_history::NAME;

use super::History;
use crate::unanswered::unanswered;

/// An order and what it is shown with.
pub(super) struct Found {
    pub(super) id: OrderId,
    pub(super) record: OrderRecord,
    pub(super) payment_id: PaymentId,
    pub(super) payment: PaymentRecord,
    pub(super) bodies: PersonalBodies,
    pub(super) sight: OrderSight,
}

/// Folds it from its stream; `word` is its id or its number, in any case. One that the reader may not see is answered like one
/// that doesn't exist.
pub(super) async fn find(
    history: &History,
    reader: &Principal,
    min: MinPosition,
    word: &str,
) -> Result<Found, ApiError> {
    let id = if let Ok(id) = word.trim().parse::<OrderId>() {
        history.freshness.folded(min).await?;
        id
    } else {
        // Which one it is, order history says; what it is like, its stream.
        history.freshness.ready(NAME, min, Some(reader)).await?;
        history.orders.id_by_number(word).await.map_err(unanswered)?.value.ok_or_else(missing)?
    };
    let record: OrderRecord = history.records.told(id).await?;
    let placed = record.order.placed.as_deref().ok_or_else(missing)?;
    let sight = OrderSight::of(reader, placed).ok_or_else(missing)?;
    let payment_id = placed.payment_id;
    let payment: PaymentRecord = history.records.told(payment_id).await?;
    let bodies = history.records.bodies([record.personal(), payment.personal()].concat()).await?;
    Ok(Found { id, record, payment_id, payment, bodies, sight })
}

pub(super) fn missing() -> ApiError {
    ApiError::not_found("Order")
}
