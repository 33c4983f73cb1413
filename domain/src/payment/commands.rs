//! What may be asked of a payment.

use chrono::{DateTime, Utc};

use super::state::Capture;
use crate::Money;
use crate::ids::{OrderId, PersonalId, RefundId, UserId};
use crate::order::Split;

/// What may be asked of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentCommand {
    /// An order awaits its money.
    Open {
        /// Which.
        order_id: OrderId,
        /// Whose: nobody for a guest.
        customer_id: Option<UserId>,
        /// How much is owed.
        amount: Money,
        /// The time now; nothing where it happened long ago.
        at: Option<DateTime<Utc>>,
    },
    /// Charge a method.
    Attempt {
        /// At which gateway.
        gateway: String,
        /// Our id of a stored method, or else the gateway's token.
        method: String,
        /// Where the customer goes from the gateway's own page, kept in `personal`.
        pages: Option<PersonalId>,
    },
    /// The gateway wants the customer to act first.
    RequireAction {
        /// Which attempt.
        attempt: u32,
        /// Where the customer acts, kept in `personal`.
        page: PersonalId,
    },
    /// The gateway said no.
    Decline {
        /// Which attempt.
        attempt: u32,
        /// The gateway's code.
        code: String,
    },
    /// The money is ours.
    Capture(Box<Capture>),
    /// Money is to go back: the sum of the split.
    RequestRefund {
        /// Which refund.
        refund_id: RefundId,
        /// What for.
        split: Split,
        /// Why, kept in `personal`.
        reason: Option<PersonalId>,
    },
    /// It went back.
    SettleRefund {
        /// Which refund.
        refund_id: RefundId,
        /// The gateway's own id of the refund.
        reference: Option<String>,
    },
    /// It did not go back.
    FailRefund {
        /// Which refund.
        refund_id: RefundId,
        /// The gateway's code.
        code: String,
    },
    /// It went back, and came back to us.
    ReverseRefund {
        /// Which refund.
        refund_id: RefundId,
        /// The gateway's code.
        code: String,
    },
    /// The order was given up before a capture.
    Cancel,
}
