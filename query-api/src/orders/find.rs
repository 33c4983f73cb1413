//! One order, by its id or its number, as far as its reader may see it.

use api_contract::views::{OrderRecord, OrderSight, PaymentRecord, PersonalBodies};
use api_contract::{ApiError, MinPosition, Principal};
use domain::ids::{OrderId, PaymentId};

use super::History;
use crate::history::{bodies, told};
use crate::products::unanswered;

/// An order and what it is shown with.
pub(super) struct Found {
    pub(super) id: OrderId,
    pub(super) record: OrderRecord,
    pub(super) payment_id: PaymentId,
    pub(super) payment: PaymentRecord,
    pub(super) bodies: PersonalBodies,
    pub(super) sight: OrderSight,
}

/// Folds it from its stream. One that the reader may not see is answered like one that doesn't exist.
pub(super) async fn find(
    history: &History,
    reader: &Principal,
    min: MinPosition,
    word: &str,
) -> Result<Found, ApiError> {
    history.freshness.folded(min).await?;
    let id = if let Ok(id) = word.parse::<OrderId>() {
        id
    } else {
        let found = history.orders.by_number(word).await.map_err(unanswered)?;
        found.value.ok_or_else(missing)?.order.summary.order_id
    };
    let record: OrderRecord = told(&history.log, id).await?;
    let placed = record.order.placed.as_deref().ok_or_else(missing)?;
    let sight = OrderSight::of(reader, placed).ok_or_else(missing)?;
    let payment_id = placed.payment_id;
    let payment: PaymentRecord = told(&history.log, payment_id).await?;
    let bodies = bodies(&history.pool, &[record.personal(), payment.personal()].concat()).await?;
    Ok(Found { id, record, payment_id, payment, bodies, sight })
}

pub(super) fn missing() -> ApiError {
    ApiError::not_found("Order")
}
