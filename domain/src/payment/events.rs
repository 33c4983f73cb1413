//! What may have happened to a payment.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{OrderId, PersonalId, RefundId, UserId};
use crate::order::Split;
use crate::{Currency, Minor, Money, domain_event};

/// What may have happened to a payment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PaymentEvent {
    /// An order awaits its money.
    PaymentOpened {
        /// Which.
        order_id: OrderId,
        /// Whose: nobody for a guest.
        customer_id: Option<UserId>,
        /// How much is owed.
        amount: Money,
        /// When; events of before have it beside them alone. Never published.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opened_at: Option<DateTime<Utc>>,
    },
    /// The gateway is to be asked for the money. The charge happens after this is in the log.
    PaymentAttempted {
        /// From 1; with the payment's id it is the attempt's idempotency key at the gateway.
        attempt: u32,
        /// Which gateway.
        gateway: String,
        /// Our id of a stored method, or else the gateway's token; events of before have the token of a stored one too. Never
        /// published.
        method: String,
        /// Where the customer goes from the gateway's own page, kept in `personal`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pages: Option<PersonalId>,
    },
    /// The gateway wants the customer to do something first (3-D Secure).
    PaymentActionRequired {
        /// Which attempt.
        attempt: u32,
        /// Where the customer does it. Never published.
        #[serde(flatten)]
        page: ActionPage,
    },
    /// The gateway said no. Another attempt may follow while the order is pending.
    PaymentDeclined {
        /// Which attempt.
        attempt: u32,
        /// The gateway's code, for example `card_declined`.
        code: String,
    },
    /// The money is ours.
    PaymentCaptured {
        /// For which order.
        order_id: OrderId,
        /// How much.
        amount: Minor,
        /// Of which currency.
        currency: Currency,
        /// By which gateway; `manual` where an admin said so, `import` for history.
        gateway: String,
        /// The gateway's own id of the charge.
        reference: Option<String>,
        /// What a person may know of the card: its brand.
        brand: Option<String>,
        /// Its last four digits.
        last4: Option<String>,
        /// Where the gateway shows its receipt, kept in `personal`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt_id: Option<PersonalId>,
        /// The same in the event itself, as older ones have it. Never published, and written no more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<String>,
        /// What for.
        split: Split,
    },
    /// Money is to go back. The gateway is asked after this is in the log.
    RefundRequested {
        /// For which order.
        order_id: OrderId,
        /// Which refund.
        refund_id: RefundId,
        /// How much.
        amount: Minor,
        /// Of which currency.
        currency: Currency,
        /// What for.
        split: Split,
        /// Why, kept in `personal`.
        reason: Option<PersonalId>,
    },
    /// Money went back.
    PaymentRefunded {
        /// For which order.
        order_id: OrderId,
        /// Which refund.
        refund_id: RefundId,
        /// How much.
        amount: Minor,
        /// Of which currency.
        currency: Currency,
        /// What for.
        split: Split,
        /// The gateway's own id of the refund.
        reference: Option<String>,
    },
    /// The gateway refused to give it back: it counts as never requested.
    RefundFailed {
        /// Which refund.
        refund_id: RefundId,
        /// The gateway's code.
        code: String,
    },
    /// Money that went back came back to us: the customer's bank didn't take it. The refund counts as never refunded.
    RefundReversed {
        /// For which order.
        order_id: OrderId,
        /// Which refund.
        refund_id: RefundId,
        /// How much: all of the refund.
        amount: Minor,
        /// Of which currency.
        currency: Currency,
        /// What for; the units are 0, as only money moved.
        split: Split,
        /// The gateway's code.
        code: String,
    },
    /// The order was given up before a capture.
    PaymentCancelled {},
}

/// Where a customer acts: a page of the gateway's, whose address may carry a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActionPage {
    /// Kept in `personal`.
    #[serde(rename = "page")]
    Kept(PersonalId),
    /// In the event itself, as older ones have it.
    #[serde(rename = "url")]
    Written(String),
}

domain_event!(PaymentEvent {
    PaymentOpened,
    PaymentAttempted,
    PaymentActionRequired,
    PaymentDeclined,
    PaymentCaptured,
    RefundRequested,
    PaymentRefunded,
    RefundFailed,
    RefundReversed,
    PaymentCancelled,
});
