//! Payments: an order is paid, money goes back.

pub mod method;
mod process_payment;
mod refund;

use api_contract::ApiError;
use api_contract::views::PaymentRecord;
use axum::Router;
use domain::ids::PaymentId;
use domain::payment::PaymentError;
use tokio::time::{Instant, timeout_at};

use crate::history::{Told, told};
use crate::shop::Shop;

/// The routes.
pub fn routes(shop: Shop) -> Router {
    Router::new().merge(process_payment::route()).merge(refund::route()).with_state(shop)
}

/// The payment once it is settled, or as it is when the time is over. `position` is that of the event that asked a
/// gateway.
async fn settled(
    shop: &Shop,
    payment_id: PaymentId,
    position: i64,
    is_settled: impl Fn(&PaymentRecord) -> bool,
) -> Result<Told<PaymentRecord>, ApiError> {
    let deadline = Instant::now() + shop.payments.answer_within;
    let mut after = position;
    loop {
        // The outcome is waited for first: a look before it would nearly always come too early.
        let outcome = timeout_at(deadline, shop.outcomes.after(payment_id, after)).await;
        let payment = told::<PaymentRecord>(&shop.log, payment_id, None).await?;
        match outcome {
            Ok(at) if !is_settled(&payment.record) => after = at,
            Ok(_) | Err(_) => return Ok(payment),
        }
    }
}

/// As [`settled`], for a request that is answered again: it was probably settled long ago.
async fn settled_again(
    shop: &Shop,
    payment_id: PaymentId,
    position: i64,
    is_settled: impl Fn(&PaymentRecord) -> bool,
) -> Result<Told<PaymentRecord>, ApiError> {
    let payment = told::<PaymentRecord>(&shop.log, payment_id, None).await?;
    if is_settled(&payment.record) {
        return Ok(payment);
    }
    settled(shop, payment_id, position, is_settled).await
}

/// How a refusal of the payment is answered.
fn refusal(error: PaymentError) -> ApiError {
    match error {
        PaymentError::NotOpened => ApiError::not_found("Payment"),
        PaymentError::ZeroRefund | PaymentError::WrongAmount { .. } => {
            ApiError::invalid("amount", error.to_string())
        }
        PaymentError::RefundAboveCapture { .. } => ApiError::conflict(error.to_string()).field("amount"),
        PaymentError::AlreadyOpened
        | PaymentError::NegativeAmount
        | PaymentError::AlreadyCaptured
        | PaymentError::Cancelled
        | PaymentError::AttemptUnderWay
        | PaymentError::TooManyAttempts
        | PaymentError::NoSuchAttempt { .. }
        | PaymentError::SplitMismatch
        | PaymentError::NotCaptured
        | PaymentError::RepeatedRefund
        | PaymentError::NoSuchRefund { .. } => ApiError::conflict(error.to_string()),
    }
}
