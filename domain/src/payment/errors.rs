//! Why a payment refuses a command.

use crate::Money;
use crate::ids::RefundId;

/// Why a payment refuses a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaymentError {
    /// There is no such payment.
    #[error("there is no such payment")]
    NotOpened,
    /// Its id is taken.
    #[error("the payment was opened already")]
    AlreadyOpened,
    /// Nothing below 0 is owed.
    #[error("the amount must not be negative")]
    NegativeAmount,
    /// It is captured once, and after that neither tried nor cancelled.
    #[error("the payment was captured already")]
    AlreadyCaptured,
    /// The order was given up.
    #[error("the payment was cancelled")]
    Cancelled,
    /// The gateway has not answered the attempt before.
    #[error("another attempt to pay is under way")]
    AttemptUnderWay,
    /// Their number is too large.
    #[error("there were too many attempts to pay")]
    TooManyAttempts,
    /// It is not the attempt that is under way.
    #[error("attempt {attempt} is not under way")]
    NoSuchAttempt {
        /// Which.
        attempt: u32,
    },
    /// Only what is owed can be captured.
    #[error("the amount must be {owed} {}", owed.currency)]
    WrongAmount {
        /// What is owed.
        owed: Money,
    },
    /// The parts don't add up to the amount, one is negative, or one is of a line that was not captured.
    #[error("the parts are not those of the payment")]
    SplitMismatch,
    /// What was not captured can't go back.
    #[error("the payment was not captured")]
    NotCaptured,
    /// The refund's id is taken.
    #[error("the refund was requested already")]
    RepeatedRefund,
    /// Nothing can't go back.
    #[error("the refund must be above 0")]
    ZeroRefund,
    /// Requested and refunded together are never above what was captured.
    #[error("only {left} {} is left to refund", left.currency)]
    RefundAboveCapture {
        /// What is left.
        left: Money,
    },
    /// It was never requested, or is settled.
    #[error("refund {refund_id} is not under way")]
    NoSuchRefund {
        /// Which.
        refund_id: RefundId,
    },
    /// Its money did not go back, or has come back to us already.
    #[error("refund {refund_id} has not gone back")]
    NotRefunded {
        /// Which.
        refund_id: RefundId,
    },
}
