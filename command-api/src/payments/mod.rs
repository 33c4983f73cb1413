//! Payments: an order is paid, money goes back, gateways tell what happened.

mod add_method;
pub(crate) mod by_page;
pub mod method;
mod process_payment;
mod refund;
mod remove_method;
mod standing;
mod webhook;

use api_contract::ApiError;
use api_contract::views::PaymentRecord;
use domain::decisions::AttemptPaymentError;
use domain::payment::{AttemptPhase, PaymentError};
use utoipa_axum::router::OpenApiRouter;

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
