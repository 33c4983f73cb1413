//! Payments: an order is paid, money goes back, gateways tell what happened.

mod add_method;
pub(crate) mod by_page;
pub mod method;
mod process_payment;
mod refund;
mod remove_method;
mod webhook;

use api_contract::ApiError;
use api_contract::views::{PaymentRecord, PersonalBodies};
use domain::decisions::AttemptPaymentError;
use domain::ids::PaymentId;
use domain::payment::{AttemptPhase, PaymentError};
use tokio::time::{Instant, timeout_at};
use utoipa_axum::router::OpenApiRouter;

use crate::history::{Told, told};
use crate::process_managers::outcomes::Outcome;
use crate::shop::Shop;

/// The routes.
pub fn routes(shop: Shop) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(process_payment::route())
        .merge(refund::route())
        .merge(add_method::route())
        .merge(remove_method::route())
        .merge(webhook::route())
        .with_state(shop)
}

/// A payment, and what it is shown with.
struct Standing {
    payment: Told<PaymentRecord>,
    /// All that is kept in `personal` for it, where that is known.
    bodies: Option<PersonalBodies>,
}

impl From<Told<PaymentRecord>> for Standing {
    fn from(payment: Told<PaymentRecord>) -> Self {
        Self { payment, bodies: None }
    }
}

impl Standing {
    /// As its outcome left it; read from the stream where that isn't known.
    async fn after(shop: &Shop, payment_id: PaymentId, outcome: Option<Outcome>) -> Result<Self, ApiError> {
        let Some(Outcome { position, left: Some(left) }) = outcome else {
            return Ok(told::<PaymentRecord>(&shop.log, payment_id, None).await?.into());
        };
        let payment = Told { record: left.record.clone(), position };
        Ok(Self { payment, bodies: Some(left.bodies.clone()) })
    }
}

/// The payment once it is settled, or as it is when the time is over. `position` is that of the event that asked a
/// gateway.
async fn settled(
    shop: &Shop,
    payment_id: PaymentId,
    position: i64,
    is_settled: impl Fn(&PaymentRecord) -> bool,
) -> Result<Standing, ApiError> {
    let deadline = Instant::now() + shop.payments.answer_within;
    let mut after = position;
    loop {
        // The outcome is waited for first: a look before it would nearly always come too early.
        let outcome = timeout_at(deadline, shop.outcomes.after(payment_id, after)).await.ok();
        let at = outcome.as_ref().map(|outcome| outcome.position);
        let standing = Standing::after(shop, payment_id, outcome).await?;
        match at {
            Some(at) if !is_settled(&standing.payment.record) => after = at,
            Some(_) | None => return Ok(standing),
        }
    }
}

/// As [`settled`], for a request that is answered again: it was probably settled long ago.
async fn settled_again(
    shop: &Shop,
    payment_id: PaymentId,
    position: i64,
    is_settled: impl Fn(&PaymentRecord) -> bool,
) -> Result<Standing, ApiError> {
    let payment = told::<PaymentRecord>(&shop.log, payment_id, None).await?;
    if is_settled(&payment.record) {
        return Ok(payment.into());
    }
    // What became of it before this look has been seen: the outcome of an earlier attempt is no answer.
    settled(shop, payment_id, position.max(payment.position), is_settled).await
}

/// Whether its gateway still has to answer: this attempt, or whichever is the last.
fn is_open(record: &PaymentRecord, attempt: Option<u32>) -> bool {
    let last = record.payment.attempt.as_ref();
    let last = last.filter(|last| attempt.is_none_or(|attempt| last.number == attempt));
    record.payment.captured.is_none() && last.is_some_and(|last| last.phase == AttemptPhase::Processing)
}

/// How a refusal of the payment is answered.
fn refusal(error: PaymentError) -> ApiError {
    match error {
        PaymentError::NotOpened => ApiError::not_found("Payment"),
        PaymentError::ZeroRefund | PaymentError::WrongAmount { .. } => {
            ApiError::invalid("amount", error.to_string())
        }
        PaymentError::AlreadyOpened
        | PaymentError::NegativeAmount
        | PaymentError::AlreadyCaptured
        | PaymentError::Cancelled
        | PaymentError::AttemptUnderWay
        | PaymentError::TooManyAttempts
        | PaymentError::NoSuchAttempt { .. }
        | PaymentError::SplitMismatch
        | PaymentError::NotCaptured
        | PaymentError::RefundAboveCapture { .. }
        | PaymentError::RepeatedRefund
        | PaymentError::NoSuchRefund { .. }
        | PaymentError::NotRefunded { .. } => ApiError::conflict(error.to_string()),
    }
}

/// How a refusal to pay an order is answered.
fn attempt_refusal(error: &AttemptPaymentError) -> ApiError {
    match error {
        AttemptPaymentError::UnknownOrder => ApiError::not_found("Order").field("orderId"),
        AttemptPaymentError::WrongAmount { .. } => ApiError::invalid("amount", error.to_string()),
        AttemptPaymentError::NotPending { .. } | AttemptPaymentError::Order(_) => {
            ApiError::conflict(error.to_string())
        }
        AttemptPaymentError::Payment(error) => refusal(*error),
    }
}
