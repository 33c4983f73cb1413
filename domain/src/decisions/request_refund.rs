//! Money is to go back. The gateway is asked after this is in the log.

use crate::ids::{OrderId, PaymentId, PersonalId, RefundId};
use crate::order::{GoodsAmount, Split};
use crate::payment::{Payment, PaymentCommand, PaymentError};
use crate::{Currency, Halt, Minor, Money, Streams};

/// A refund to be requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRefund {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// The refund's id, made by the caller.
    pub refund_id: RefundId,
    /// How much, and what for.
    pub of: RefundOf,
    /// Why, kept in `personal`.
    pub reason: Option<PersonalId>,
}

/// How much goes back, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundOf {
    /// All that is left; only money moves.
    All,
    /// So much in minor units, pro rata by largest remainder over what is left; only money moves.
    Amount(Minor),
    /// Exactly this, for example goods that came back at their price.
    Split(Split),
}

/// What was requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestedRefund {
    /// Of which order.
    pub order_id: OrderId,
    /// How much.
    pub amount: Money,
}

/// Why a refund is refused: the payment's rules.
pub type RequestRefundError = PaymentError;

/// Records the request, which sets its part of the capture aside.
pub fn request_refund<S: Streams>(
    streams: &mut S,
    command: &RequestRefund,
) -> Result<RequestedRefund, Halt<RequestRefundError>> {
    let payment = streams.state::<Payment, PaymentError>(command.payment_id)?;
    let opened = payment.opened.ok_or(Halt::Refused(PaymentError::NotOpened))?;
    if payment.captured.is_none() {
        return Err(Halt::Refused(PaymentError::NotCaptured));
    }
    let split = match &command.of {
        RefundOf::All if payment.refundable() == 0 => Err(above(payment, opened.amount.currency)),
        RefundOf::All => pro_rata(payment, payment.refundable()),
        RefundOf::Amount(amount) => pro_rata(payment, *amount),
        RefundOf::Split(split) => Ok(split.clone()),
    }
    .map_err(Halt::Refused)?;
    let amount = split.total().ok_or(Halt::Refused(PaymentError::SplitMismatch))?;
    let (refund_id, reason) = (command.refund_id, command.reason);
    let request = PaymentCommand::RequestRefund { refund_id, split, reason };
    streams.execute::<Payment, PaymentError>(command.payment_id, request)?;
    Ok(RequestedRefund { order_id: opened.order_id, amount: Money::new(amount, opened.amount.currency) })
}

fn pro_rata(payment: &Payment, amount: Minor) -> Result<Split, PaymentError> {
    if amount <= 0 {
        return Err(PaymentError::ZeroRefund);
    }
    let currency = payment.opened.ok_or(PaymentError::NotOpened)?.amount.currency;
    let part = payment.refundable_split().part(amount).filter(|_| amount <= payment.refundable());
    part.ok_or(above(payment, currency))
}

fn above(payment: &Payment, currency: Currency) -> PaymentError {
    PaymentError::RefundAboveCapture { left: Money::new(payment.refundable(), currency) }
}

/// Everything that is left of a cancelled order's payment goes back, the goods' units too: they never left. Nothing
/// happens where nothing is left.
pub(super) fn of_cancelled<S: Streams, E: From<PaymentError>>(
    streams: &mut S,
    payment_id: PaymentId,
    refund_id: RefundId,
    reason: Option<PersonalId>,
) -> Result<Minor, Halt<E>> {
    let payment = streams.state::<Payment, E>(payment_id)?;
    let amount = payment.refundable();
    if amount == 0 {
        return Ok(0);
    }
    let left = payment.refundable_split();
    // A refund at a price of its own may have left the parts above the money.
    let money = left.part(amount).ok_or(Halt::Refused(PaymentError::SplitMismatch.into()))?;
    let split = Split { goods: with_units(&left, &money), ..money };
    streams.execute::<Payment, E>(payment_id, PaymentCommand::RequestRefund { refund_id, split, reason })?;
    Ok(amount)
}

fn with_units(left: &Split, money: &Split) -> Vec<GoodsAmount> {
    let amount_of =
        |line| money.goods.iter().find(|goods| goods.line == line).map_or(0, |goods| goods.amount);
    left.goods
        .iter()
        .map(|goods| GoodsAmount { amount: amount_of(goods.line), ..goods.clone() })
        .filter(|goods| goods.amount > 0 || goods.quantity > 0)
        .collect()
}
