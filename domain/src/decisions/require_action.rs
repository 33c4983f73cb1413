//! The gateway wants the customer to act first (3-D Secure).

use crate::ids::{PaymentId, PersonalId};
use crate::payment::{Payment, PaymentCommand, PaymentError};
use crate::{Halt, Streams};

/// What a gateway says of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequireAction {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// The attempt's number.
    pub attempt: u32,
    /// Where the customer acts, kept in `personal`.
    pub page: PersonalId,
}

/// Records where the customer has to act for the attempt that is under way.
pub fn require_action<S: Streams>(
    streams: &mut S,
    command: &RequireAction,
) -> Result<(), Halt<PaymentError>> {
    let (attempt, page) = (command.attempt, command.page);
    streams
        .execute::<Payment, PaymentError>(command.payment_id, PaymentCommand::RequireAction { attempt, page })
}
