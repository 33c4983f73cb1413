//! Money went back: in the payment's stream and in the order's.

use crate::ids::{PaymentId, RefundId};
use crate::order::{Order, OrderCommand, OrderError, OrderRefunded};
use crate::payment::{Payment, PaymentCommand, PaymentError};
use crate::{Halt, StreamId, Streams};

/// What a gateway says of a refund that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettleRefund {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Which refund.
    pub refund_id: RefundId,
    /// The gateway's own id of the refund.
    pub reference: Option<String>,
}

/// Why a refund can't be settled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettleRefundError {
    /// The payment refuses: for example the refund is settled already, which a gateway may well say twice.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// The order refuses.
    #[error(transparent)]
    Order(#[from] OrderError),
}

/// Records the refund that was requested as done.
pub fn settle_refund<S: Streams>(
    streams: &mut S,
    command: &SettleRefund,
) -> Result<(), Halt<SettleRefundError>> {
    let (payment_id, refund_id) = (command.payment_id, command.refund_id);
    let payment = streams.state::<Payment, SettleRefundError>(payment_id)?;
    let opened = payment.opened.ok_or(Halt::Refused(PaymentError::NotOpened.into()))?;
    streams.need(&[StreamId::of::<Order>(opened.order_id)])?;
    let refund =
        payment.refund(refund_id).ok_or(Halt::Refused(PaymentError::NoSuchRefund { refund_id }.into()))?;
    let refunded = OrderRefunded {
        payment_id,
        refund_id,
        customer_id: opened.customer_id,
        amount: refund.amount,
        currency: opened.amount.currency,
        split: refund.split.clone(),
    };
    let settle = PaymentCommand::SettleRefund { refund_id, reference: command.reference.clone() };
    streams.execute::<Payment, SettleRefundError>(payment_id, settle)?;
    streams.execute::<Order, SettleRefundError>(opened.order_id, OrderCommand::RecordRefund(refunded))
}
