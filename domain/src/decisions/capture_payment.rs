//! The money is ours: the payment is captured, and its order confirmed; or refunded, if it was given up meanwhile.

use super::request_refund;
use crate::ids::{OrderId, PaymentId, PersonalId, RefundId};
use crate::order::{Order, OrderCommand, OrderError, OrderPaid, OrderStatus, Split};
use crate::payment::{Capture, Payment, PaymentCommand, PaymentError};
use crate::{Halt, Money, StreamId, Streams};

/// What a gateway says of a charge that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturePayment {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// How much.
    pub amount: Money,
    /// Which gateway.
    pub gateway: String,
    /// The gateway's own id of the charge.
    pub reference: Option<String>,
    /// The card's brand.
    pub brand: Option<String>,
    /// Its last four digits.
    pub last4: Option<String>,
    /// Where the gateway shows its receipt, kept in `personal`.
    pub receipt_id: Option<PersonalId>,
    /// The id of the refund of the whole, needed if the order was cancelled meanwhile.
    pub refund_id: RefundId,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CapturedPayment {
    /// For which order.
    pub order_id: OrderId,
    /// `Confirmed`, or `Cancelled`: then a refund of the whole was requested.
    pub status: OrderStatus,
}

/// Why a capture is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CapturePaymentError {
    /// The payment refuses: for example it was captured already, which a gateway may well say twice.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// The order refuses.
    #[error(transparent)]
    Order(#[from] OrderError),
}

/// Records the capture and what follows from it, in the payment's and the order's stream.
pub fn capture_payment<S: Streams>(
    streams: &mut S,
    command: &CapturePayment,
) -> Result<CapturedPayment, Halt<CapturePaymentError>> {
    let captured = capture(streams, command.payment_id, |split| Capture {
        amount: command.amount,
        gateway: command.gateway.clone(),
        reference: command.reference.clone(),
        brand: command.brand.clone(),
        last4: command.last4.clone(),
        receipt_id: command.receipt_id,
        receipt: None,
        split,
    })?;
    if captured.status == OrderStatus::Cancelled {
        request_refund::of_cancelled(streams, command.payment_id, command.refund_id, None)?;
    }
    Ok(captured)
}

/// The capture of an order that costs nothing: no gateway is asked.
pub(super) fn nothing_owed<S: Streams>(
    streams: &mut S,
    payment_id: PaymentId,
) -> Result<CapturedPayment, Halt<CapturePaymentError>> {
    capture_owed(streams, payment_id, "none")
}

/// Captures whatever is owed, without a gateway's word.
pub(super) fn capture_owed<S: Streams>(
    streams: &mut S,
    payment_id: PaymentId,
    gateway: &str,
) -> Result<CapturedPayment, Halt<CapturePaymentError>> {
    let payment = streams.state::<Payment, CapturePaymentError>(payment_id)?;
    let amount = payment.opened.ok_or(Halt::Refused(PaymentError::NotOpened.into()))?.amount;
    let gateway = gateway.to_owned();
    capture(streams, payment_id, |split| Capture {
        amount,
        gateway,
        reference: None,
        brand: None,
        last4: None,
        receipt_id: None,
        receipt: None,
        split,
    })
}

fn capture<S: Streams>(
    streams: &mut S,
    payment_id: PaymentId,
    of: impl FnOnce(Split) -> Capture,
) -> Result<CapturedPayment, Halt<CapturePaymentError>> {
    let payment = streams.state::<Payment, CapturePaymentError>(payment_id)?;
    let opened = payment.opened.ok_or(Halt::Refused(PaymentError::NotOpened.into()))?;
    streams.need(&[StreamId::of::<Order>(opened.order_id)])?;
    let order = streams.state::<Order, CapturePaymentError>(opened.order_id)?;
    let placed = order.placed().map_err(|error| Halt::Refused(error.into()))?;
    let split = Split::of_order(placed).ok_or(Halt::Refused(PaymentError::SplitMismatch.into()))?;

    let capture = of(split.clone());
    let Money { amount, currency } = capture.amount;
    streams
        .execute::<Payment, CapturePaymentError>(payment_id, PaymentCommand::Capture(Box::new(capture)))?;
    let paid = OrderPaid { payment_id, customer_id: opened.customer_id, amount, currency, split };
    streams.execute::<Order, CapturePaymentError>(opened.order_id, OrderCommand::RecordPayment(paid))?;
    if streams.state::<Order, CapturePaymentError>(opened.order_id)?.status == OrderStatus::Pending {
        streams.execute::<Order, CapturePaymentError>(opened.order_id, OrderCommand::Confirm)?;
    }
    let status = streams.state::<Order, CapturePaymentError>(opened.order_id)?.status;
    Ok(CapturedPayment { order_id: opened.order_id, status })
}
