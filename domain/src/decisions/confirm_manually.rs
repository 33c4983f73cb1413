//! An admin says that the money came, by a way that Daybook doesn't see: a capture by gateway `manual`.

use super::attempt_payment::{AttemptPaymentError, awaiting};
use super::capture_payment::{CapturePaymentError, CapturedPayment, capture_owed};
use crate::ids::OrderId;
use crate::payment::{Payment, PaymentError};
use crate::{Halt, Streams};

/// The order whose money came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfirmManually {
    /// Which.
    pub order_id: OrderId,
}

/// Captures what the pending order owes and confirms it.
///
/// Refused while an attempt to pay is under way: its gateway might capture as well.
pub fn confirm_manually<S: Streams>(
    streams: &mut S,
    command: &ConfirmManually,
) -> Result<CapturedPayment, Halt<AttemptPaymentError>> {
    let payment_id = awaiting(streams, command.order_id)?;
    let payment = streams.state::<Payment, AttemptPaymentError>(payment_id)?;
    if payment.attempt.as_ref().is_some_and(crate::payment::Attempt::is_under_way) {
        return Err(Halt::Refused(PaymentError::AttemptUnderWay.into()));
    }
    capture_owed(streams, payment_id, "manual").map_err(|halt| {
        halt.map(|error| match error {
            CapturePaymentError::Payment(error) => AttemptPaymentError::Payment(error),
            CapturePaymentError::Order(error) => AttemptPaymentError::Order(error),
        })
    })
}
