//! Money that went back came back to us: in the payment's stream and in the order's. It counts as never refunded.

use crate::ids::{PaymentId, RefundId};
use crate::order::{Order, OrderCommand, OrderError, OrderRefundReversed};
use crate::payment::{Payment, PaymentCommand, PaymentError};
use crate::{Halt, StreamId, Streams};

/// What a gateway says of a refund that failed after it had succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReverseRefund {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Which refund.
    pub refund_id: RefundId,
    /// The gateway's code.
    pub code: String,
}

/// Why a refund can't be reversed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReverseRefundError {
    /// The payment refuses: for example the refund is reversed already, which a gateway may well say twice.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// The order refuses.
    #[error(transparent)]
    Order(#[from] OrderError),
}

/// Records that the refund did not arrive; its part of the capture may be refunded anew.
pub fn reverse_refund<S: Streams>(
    streams: &mut S,
    command: &ReverseRefund,
) -> Result<(), Halt<ReverseRefundError>> {
    let (payment_id, refund_id) = (command.payment_id, command.refund_id);
    let payment = streams.state::<Payment, ReverseRefundError>(payment_id)?;
    let opened = payment.opened.ok_or(Halt::Refused(PaymentError::NotOpened.into()))?;
    streams.need(&[StreamId::of::<Order>(opened.order_id)])?;
    let refund =
        payment.refund(refund_id).ok_or(Halt::Refused(PaymentError::NotRefunded { refund_id }.into()))?;
    let reversed = OrderRefundReversed {
        payment_id,
        refund_id,
        customer_id: opened.customer_id,
        amount: refund.amount,
        currency: opened.amount.currency,
        split: refund.split.money_alone(),
    };
    let reverse = PaymentCommand::ReverseRefund { refund_id, code: command.code.clone() };
    streams.execute::<Payment, ReverseRefundError>(payment_id, reverse)?;
    streams.execute::<Order, ReverseRefundError>(opened.order_id, OrderCommand::ReverseRefund(reversed))
}
