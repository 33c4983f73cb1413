//! The public events of a payment.
//!
//! Left out are the method's token, what is known of the card, the URLs of pages and receipts, and the words of a refund.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Payment, PaymentEvent};
use crate::ids::{OrderId, RefundId, UserId};
use crate::order::public::Split;
use crate::public::public_events;
use crate::{Currency, Minor, Money};

public_events! {
    /// What the world may know of a payment.
    PaymentPublicEvent of Payment {
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
    }
}

impl From<PaymentEvent> for PaymentPublicEvent {
    fn from(event: PaymentEvent) -> Self {
        match event {
            PaymentEvent::PaymentOpened { order_id, customer_id, amount, opened_at: _ } => {
                Self::PaymentOpened(PaymentOpened { order_id, customer_id, amount })
            }
            PaymentEvent::PaymentAttempted { attempt, gateway, method: _, pages: _ } => {
                Self::PaymentAttempted(PaymentAttempted { attempt, gateway })
            }
            PaymentEvent::PaymentActionRequired { attempt, page: _ } => {
                Self::PaymentActionRequired(PaymentActionRequired { attempt })
            }
            PaymentEvent::PaymentDeclined { attempt, code } => {
                Self::PaymentDeclined(PaymentDeclined { attempt, code })
            }
            PaymentEvent::PaymentCaptured {
                order_id,
                amount,
                currency,
                gateway,
                reference,
                brand: _,
                last4: _,
                receipt_id: _,
                receipt: _,
                split,
            } => {
                let split = split.into();
                Self::PaymentCaptured(PaymentCaptured {
                    order_id,
                    amount,
                    currency,
                    gateway,
                    reference,
                    split,
                })
            }
            PaymentEvent::RefundRequested { order_id, refund_id, amount, currency, split, reason: _ } => {
                let split = split.into();
                Self::RefundRequested(RefundRequested { order_id, refund_id, amount, currency, split })
            }
            PaymentEvent::PaymentRefunded { order_id, refund_id, amount, currency, split, reference } => {
                let split = split.into();
                Self::PaymentRefunded(PaymentRefunded {
                    order_id,
                    refund_id,
                    amount,
                    currency,
                    split,
                    reference,
                })
            }
            PaymentEvent::RefundFailed { refund_id, code } => {
                Self::RefundFailed(RefundFailed { refund_id, code })
            }
            PaymentEvent::RefundReversed { order_id, refund_id, amount, currency, split, code } => {
                let split = split.into();
                Self::RefundReversed(RefundReversed { order_id, refund_id, amount, currency, split, code })
            }
            PaymentEvent::PaymentCancelled {} => Self::PaymentCancelled(PaymentCancelled {}),
        }
    }
}

/// An order awaits its money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentOpened {
    /// For which order.
    pub order_id: OrderId,
    /// Whose: nobody for a guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<UserId>,
    /// How much is owed, in minor units.
    pub amount: Money,
}

/// A gateway is asked for the money.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentAttempted {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Which gateway.
    pub gateway: String,
}

/// The gateway wants the customer to act first (3-D Secure).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentActionRequired {
    /// Which attempt, from 1.
    pub attempt: u32,
}

/// The gateway said no. Another attempt may follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentDeclined {
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The gateway's code, for example `card_declined`.
    pub code: String,
}

/// The money is ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentCaptured {
    /// For which order.
    pub order_id: OrderId,
    /// How much, in minor units.
    pub amount: Minor,
    /// Of which currency.
    pub currency: Currency,
    /// By which gateway; `manual`, `import` or `none` where no gateway was asked.
    pub gateway: String,
    /// The gateway's own id of the charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What for.
    pub split: Split,
}

/// Money is to go back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundRequested {
    /// For which order.
    pub order_id: OrderId,
    /// Which refund.
    pub refund_id: RefundId,
    /// How much, in minor units.
    pub amount: Minor,
    /// Of which currency.
    pub currency: Currency,
    /// What for.
    pub split: Split,
}

/// Money went back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRefunded {
    /// For which order.
    pub order_id: OrderId,
    /// Which refund.
    pub refund_id: RefundId,
    /// How much, in minor units.
    pub amount: Minor,
    /// Of which currency.
    pub currency: Currency,
    /// What for.
    pub split: Split,
    /// The gateway's own id of the refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// The gateway refused to give it back: it counts as never requested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundFailed {
    /// Which refund.
    pub refund_id: RefundId,
    /// The gateway's code.
    pub code: String,
}

/// Money that went back came back to us: the customer's bank didn't take it. The refund counts as never refunded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundReversed {
    /// For which order.
    pub order_id: OrderId,
    /// Which refund.
    pub refund_id: RefundId,
    /// How much, in minor units: all of the refund.
    pub amount: Minor,
    /// Of which currency.
    pub currency: Currency,
    /// What for; the units are 0, as only money moved.
    pub split: Split,
    /// The gateway's code.
    pub code: String,
}

/// The order was given up before a capture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentCancelled {}
