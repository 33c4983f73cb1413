//! Asking for the money: the attempt is in the log before a gateway is asked.

use crate::ids::{OrderId, PaymentId, PersonalId};
use crate::order::{Order, OrderError, OrderStatus};
use crate::payment::{Payment, PaymentCommand, PaymentError};
use crate::{Halt, Money, StreamId, Streams};

/// A method to charge for an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptPayment {
    /// For which order.
    pub order_id: OrderId,
    /// How much the caller means to pay: it has to be what is owed.
    pub amount: Money,
    /// At which gateway.
    pub gateway: String,
    /// Our id of a stored method, or else the gateway's token.
    pub method: String,
    /// Where the customer goes from the gateway's own page, kept in `personal`.
    pub pages: Option<PersonalId>,
}

/// The attempt that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Its number, from 1.
    pub attempt: u32,
}

/// Why an order can't be paid now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttemptPaymentError {
    /// There is no such order.
    #[error("there is no such order")]
    UnknownOrder,
    /// Only a pending order is paid.
    #[error("the order is {status}, it cannot be paid")]
    NotPending {
        /// What it is.
        status: OrderStatus,
    },
    /// Only what is owed can be paid.
    #[error("the amount must be {owed} {}", owed.currency)]
    WrongAmount {
        /// What is owed.
        owed: Money,
    },
    /// The payment refuses: for example another attempt is under way.
    #[error(transparent)]
    Payment(#[from] PaymentError),
    /// The order refuses.
    #[error(transparent)]
    Order(#[from] OrderError),
}

/// Records that a gateway is to be asked for the money of a pending order.
pub fn attempt_payment<S: Streams>(
    streams: &mut S,
    command: &AttemptPayment,
) -> Result<Attempted, Halt<AttemptPaymentError>> {
    let payment_id = awaiting(streams, command.order_id)?;
    let payment = streams.state::<Payment, AttemptPaymentError>(payment_id)?;
    let owed = payment.opened.ok_or(Halt::Refused(PaymentError::NotOpened.into()))?.amount;
    if owed != command.amount {
        return Err(Halt::Refused(AttemptPaymentError::WrongAmount { owed }));
    }
    let (gateway, method, pages) = (command.gateway.clone(), command.method.clone(), command.pages);
    let attempt = PaymentCommand::Attempt { gateway, method, pages };
    streams.execute::<Payment, AttemptPaymentError>(payment_id, attempt)?;
    let payment = streams.state::<Payment, AttemptPaymentError>(payment_id)?;
    Ok(Attempted { payment_id, attempt: payment.attempt.as_ref().map_or(0, |attempt| attempt.number) })
}

/// The payment of an order that awaits its money.
pub(super) fn awaiting<S: Streams>(
    streams: &S,
    order_id: OrderId,
) -> Result<PaymentId, Halt<AttemptPaymentError>> {
    let order = streams.state::<Order, AttemptPaymentError>(order_id)?;
    let placed = order.placed.as_ref().ok_or(Halt::Refused(AttemptPaymentError::UnknownOrder))?;
    if order.status != OrderStatus::Pending {
        return Err(Halt::Refused(AttemptPaymentError::NotPending { status: order.status }));
    }
    streams.need(&[StreamId::of::<Payment>(placed.payment_id)])?;
    Ok(placed.payment_id)
}
