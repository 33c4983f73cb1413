//! What is known of a payment, and what follows from it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ActionPage, PaymentEvent};
use crate::ids::{OrderId, PersonalId, RefundId, UserId};
use crate::order::Split;
use crate::{Minor, Money};

/// One payment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// What is owed; nothing before it is opened.
    pub opened: Option<Opened>,
    /// The last attempt to charge.
    pub attempt: Option<Attempt>,
    /// The capture, once there is one.
    pub captured: Option<Arc<Capture>>,
    /// In the order in which they were requested.
    pub refunds: Vec<Refund>,
    /// The order was given up before a capture. A capture may follow all the same.
    pub cancelled: bool,
}

/// What is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// For which order.
    pub order_id: OrderId,
    /// By whom: nobody for a guest.
    pub customer_id: Option<UserId>,
    /// How much.
    pub amount: Money,
    /// Since when, if its event says it.
    #[serde(default)]
    pub opened_at: Option<DateTime<Utc>>,
}

/// An attempt to charge a method.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// From 1; with the payment's id it is the idempotency key at the gateway.
    pub number: u32,
    /// At which gateway.
    pub gateway: String,
    /// Our id of a stored method, or else the gateway's token.
    pub method: String,
    /// Where the customer goes from the gateway's own page, kept in `personal`.
    #[serde(default)]
    pub pages: Option<PersonalId>,
    /// How far it came.
    pub phase: AttemptPhase,
}

impl Attempt {
    /// Whether the gateway may still capture it.
    pub fn is_under_way(&self) -> bool {
        match self.phase {
            AttemptPhase::Processing | AttemptPhase::ActionRequired { .. } => true,
            AttemptPhase::Declined { .. } => false,
        }
    }
}

/// How far an attempt came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AttemptPhase {
    /// The gateway is being asked.
    Processing,
    /// The customer has to act.
    ActionRequired {
        /// Where.
        page: ActionPage,
    },
    /// The gateway said no.
    Declined {
        /// The gateway's code.
        code: String,
    },
}

/// The capture of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// How much.
    pub amount: Money,
    /// By which gateway; `manual` where an admin said so, `import` for history, `none` where nothing was owed.
    pub gateway: String,
    /// The gateway's own id of the charge.
    pub reference: Option<String>,
    /// The card's brand.
    pub brand: Option<String>,
    /// Its last four digits.
    pub last4: Option<String>,
    /// Where the gateway shows its receipt, kept in `personal`.
    #[serde(default)]
    pub receipt_id: Option<PersonalId>,
    /// The same, where an older event says it itself. A command's is not written.
    #[serde(default)]
    pub receipt: Option<String>,
    /// What for.
    pub split: Split,
}

impl Capture {
    /// What an event says of it, if it is that of a capture.
    pub(super) fn told_by(event: &PaymentEvent) -> Option<Self> {
        match event {
            PaymentEvent::PaymentCaptured {
                order_id: _,
                amount,
                currency,
                gateway,
                reference,
                brand,
                last4,
                receipt_id,
                receipt,
                split,
            } => Some(Self {
                amount: Money::new(*amount, *currency),
                gateway: gateway.clone(),
                reference: reference.clone(),
                brand: brand.clone(),
                last4: last4.clone(),
                receipt_id: *receipt_id,
                receipt: receipt.clone(),
                split: split.clone(),
            }),
            PaymentEvent::PaymentOpened { .. }
            | PaymentEvent::PaymentAttempted { .. }
            | PaymentEvent::PaymentActionRequired { .. }
            | PaymentEvent::PaymentDeclined { .. }
            | PaymentEvent::RefundRequested { .. }
            | PaymentEvent::PaymentRefunded { .. }
            | PaymentEvent::RefundFailed { .. }
            | PaymentEvent::RefundReversed { .. }
            | PaymentEvent::PaymentCancelled {} => None,
        }
    }
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Which.
    pub refund_id: RefundId,
    /// How much, in minor units.
    pub amount: Minor,
    /// What for.
    pub split: Split,
    /// Why, kept in `personal`.
    pub reason: Option<PersonalId>,
    /// How far it came.
    pub phase: RefundPhase,
}

/// How far a refund came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefundPhase {
    /// The gateway is being asked.
    Requested,
    /// The money went back.
    Refunded {
        /// The gateway's own id of the refund.
        reference: Option<String>,
    },
    /// It did not, or came back to us, and counts for nothing.
    Failed {
        /// The gateway's code.
        code: String,
    },
}

/// The word that a client reads for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Nobody has tried to pay.
    Pending,
    /// The gateway is being asked.
    Processing,
    /// The customer has to act.
    RequiresAction,
    /// Captured.
    Succeeded,
    /// Declined; it may be tried again.
    Failed,
    /// All of it went back.
    Refunded,
    /// Some of it went back.
    PartiallyRefunded,
    /// The order was given up before a capture.
    Cancelled,
}

impl PaymentStatus {
    /// The word for it in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::RequiresAction => "requires_action",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refunded => "refunded",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Payment {
    /// The word that a client reads for it.
    pub fn status(&self) -> PaymentStatus {
        if self.captured.is_some() {
            return match self.refunded_amount() {
                0 => PaymentStatus::Succeeded,
                refunded if refunded >= self.captured_amount() => PaymentStatus::Refunded,
                1.. | ..0 => PaymentStatus::PartiallyRefunded,
            };
        }
        if self.cancelled {
            return PaymentStatus::Cancelled;
        }
        match self.attempt.as_ref().map(|attempt| &attempt.phase) {
            None => PaymentStatus::Pending,
            Some(AttemptPhase::Processing) => PaymentStatus::Processing,
            Some(AttemptPhase::ActionRequired { .. }) => PaymentStatus::RequiresAction,
            Some(AttemptPhase::Declined { .. }) => PaymentStatus::Failed,
        }
    }

    /// A refund by its id.
    pub fn refund(&self, refund_id: RefundId) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.refund_id == refund_id)
    }

    /// What was captured, in minor units.
    pub fn captured_amount(&self) -> Minor {
        self.captured.as_ref().map_or(0, |captured| captured.amount.amount)
    }

    /// What went back, in minor units.
    pub fn refunded_amount(&self) -> Minor {
        let settled = |refund: &&Refund| matches!(refund.phase, RefundPhase::Refunded { .. });
        self.refunds.iter().filter(settled).map(|refund| refund.amount).fold(0, Minor::saturating_add)
    }

    /// What is neither refunded nor requested to be, in minor units.
    pub fn refundable(&self) -> Minor {
        self.counting_refunds()
            .map(|refund| refund.amount)
            .fold(self.captured_amount(), Minor::saturating_sub)
    }

    /// What the refundable money is for, by part.
    pub fn refundable_split(&self) -> Split {
        self.captured.as_ref().map_or_else(Split::default, |captured| {
            captured.split.less(self.counting_refunds().map(|refund| &refund.split))
        })
    }

    fn counting_refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds.iter().filter(|refund| match refund.phase {
            RefundPhase::Requested | RefundPhase::Refunded { .. } => true,
            RefundPhase::Failed { .. } => false,
        })
    }
}
