//! The gateway refused to give the money back: the refund counts as never requested.

use crate::ids::{PaymentId, RefundId};
use crate::payment::{Payment, PaymentCommand, PaymentError};
use crate::{Halt, Streams};

/// What a gateway says of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailRefund {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Which refund.
    pub refund_id: RefundId,
    /// The gateway's code.
    pub code: String,
}

/// Records that the refund failed; its part of the capture may be refunded anew.
pub fn fail_refund<S: Streams>(streams: &mut S, command: &FailRefund) -> Result<(), Halt<PaymentError>> {
    let (refund_id, code) = (command.refund_id, command.code.clone());
    streams
        .execute::<Payment, PaymentError>(command.payment_id, PaymentCommand::FailRefund { refund_id, code })
}
