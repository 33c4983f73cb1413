//! Why an order refuses a command.

use super::{OrderStatus, TotalsError};
use crate::Minor;

/// Why an order refuses a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// There is no such order.
    #[error("there is no such order")]
    NotPlaced,
    /// Its id is taken.
    #[error("the order was placed already")]
    AlreadyPlaced,
    /// Nothing is bought.
    #[error("an order needs at least one item")]
    NoLines,
    /// A quantity has to be at least 1.
    #[error("a quantity must be at least 1")]
    ZeroQuantity,
    /// Its amounts can't be computed.
    #[error(transparent)]
    Totals(#[from] TotalsError),
    /// A payment is captured once.
    #[error("the order is paid already")]
    AlreadyPaid,
    /// Another amount, currency, payment or customer than the order's, or parts that don't add up to the amount.
    #[error("the payment is not the order's")]
    WrongPayment,
    /// It is confirmed by a payment only.
    #[error("the order is not paid")]
    NotPaid,
    /// The step doesn't follow on the order's status.
    #[error("an order that is {is} cannot become {to}")]
    WrongStatus {
        /// What it is.
        is: OrderStatus,
        /// What it was to become.
        to: OrderStatus,
    },
    /// The seller has no line in it.
    #[error("the order has no item of this seller")]
    NothingOfSeller,
    /// What has left can't be given up with the rest.
    #[error("a part of the order was shipped, it cannot become cancelled")]
    PartlyShipped,
    /// Its time to pay is not over, or has no end.
    #[error("the order has not expired")]
    NotExpired,
    /// What has not left can't come back.
    #[error("nothing of an order that is {is} can be returned")]
    NotShipped {
        /// What it is.
        is: OrderStatus,
    },
    /// It has no such line, or another product in it.
    #[error("the order has no such item (line {line})")]
    UnknownLine {
        /// The line's place, from 0.
        line: u32,
    },
    /// More would come back than was bought.
    #[error("only {left} of line {line} are left to return")]
    ReturnAboveBought {
        /// The line's place, from 0.
        line: u32,
        /// What was bought and has not come back.
        left: u32,
    },
    /// More would go back than was captured, or nothing.
    #[error("the refund must be above 0 and not above what is left of the payment")]
    RefundAboveCapture {
        /// What was captured and has not gone back, in minor units.
        left: Minor,
    },
    /// More would come back to us than went back, or nothing.
    #[error("the reversal must be above 0 and not above what was refunded")]
    ReversalAboveRefund {
        /// What went back, in minor units.
        refunded: Minor,
    },
}
