//! The gateway said no. The order stays pending and may be paid by another attempt.

use crate::ids::PaymentId;
use crate::payment::{Payment, PaymentCommand, PaymentError};
use crate::{Halt, Streams};

/// What a gateway says of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclinePayment {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// The attempt's number.
    pub attempt: u32,
    /// The gateway's code, for example `card_declined`.
    pub code: String,
}

/// Records that the gateway declined the attempt that is under way, also of a payment that was cancelled meanwhile.
pub fn decline_payment<S: Streams>(
    streams: &mut S,
    command: &DeclinePayment,
) -> Result<(), Halt<PaymentError>> {
    let (attempt, code) = (command.attempt, command.code.clone());
    streams.execute::<Payment, PaymentError>(command.payment_id, PaymentCommand::Decline { attempt, code })
}
