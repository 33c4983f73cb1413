//! What comes of an attempt: whether it waits for the customer, and how the payment stands in the end.

use api_contract::views::PaymentView;
use api_contract::{ApiError, BoxError, Code, EventPosition, Success, Version};
use axum::response::{IntoResponse as _, Response};
use domain::decisions::{AttemptPayment, Attempted};
use domain::ids::PaymentId;
use domain::order::Order;
use domain::payment::{AttemptPhase, Payment, PaymentStatus};
use domain::{Halt, Streams as _};
use event_store::Decision;

use super::super::standing::Standing;
use crate::history::{Told, bodies};
use crate::settlement::Unsettled;
use crate::shop::Shop;

/// What became of the wish to pay.
pub(super) enum Decided {
    /// A gateway is asked.
    Attempted(Attempted),
    /// The attempt before waits for the customer: by the same method, or by another one.
    AwaitsCustomer { payment_id: PaymentId, same: bool },
}

/// The attempt that is under way, if it waits for the customer and not for the gateway.
pub(super) fn awaits_customer(
    streams: &Decision<'_>,
    command: &AttemptPayment,
) -> Result<Option<Decided>, Halt<ApiError>> {
    let order = streams.state::<Order, ApiError>(command.order_id)?;
    let Some(payment_id) = order.placed.as_deref().map(|placed| placed.payment_id) else { return Ok(None) };
    let payment = streams.state::<Payment, ApiError>(payment_id)?;
    let Some(last) = &payment.attempt else { return Ok(None) };
    Ok(match last.phase {
        AttemptPhase::ActionRequired { .. } => {
            let same = last.gateway == command.gateway && last.method == command.method;
            Some(Decided::AwaitsCustomer { payment_id, same })
        }
        AttemptPhase::Processing | AttemptPhase::Declined { .. } => None,
    })
}

pub(super) fn unsettled(error: Unsettled) -> ApiError {
    ApiError::unavailable(std::time::Duration::from_secs(1)).because(error)
}

/// The payment as it now stands. Who had an attempt accepted says so where this fails.
pub(super) async fn answer(
    shop: &Shop,
    id: PaymentId,
    Standing { payment, bodies: known }: Standing,
) -> Result<Response, ApiError> {
    let Told { record, position } = payment;
    let headers = (Version(record.version), EventPosition(position));
    let (status, phase) =
        (record.payment.status(), record.payment.attempt.as_ref().map(|attempt| &attempt.phase));
    if let (PaymentStatus::Failed | PaymentStatus::Cancelled, Some(AttemptPhase::Declined { code })) =
        (status, phase)
    {
        let declined = ApiError::new(Code::PaymentFailed, format!("The payment was declined: {code}"));
        return Ok((headers, declined).into_response());
    }
    let bodies = match known {
        Some(known) => known,
        None => bodies(&shop.log, &record.personal()).await?,
    };
    let view = PaymentView::of(id, &record, &bodies)
        .ok_or_else(|| ApiError::internal(BoxError::from("a payment that was attempted is none")))?;
    let view = if record.is_payable() { view.payable_at(shop.gateways.page(id)) } else { view };
    let message = match status {
        PaymentStatus::RequiresAction => "The customer has to confirm the payment",
        PaymentStatus::Pending | PaymentStatus::Processing => "The payment is being processed",
        PaymentStatus::Succeeded
        | PaymentStatus::Failed
        | PaymentStatus::Refunded
        | PaymentStatus::PartiallyRefunded
        | PaymentStatus::Cancelled => "Payment processed successfully",
    };
    Ok((headers, Success::new(view).message(message)).into_response())
}
