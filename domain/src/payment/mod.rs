//! The payment of one order: opened with it, captured once, refunded in parts or whole.
//!
//! A payment is opened for what the order owes. To charge a method is an *attempt*: it is in the log before the
//! gateway is asked, under its number. The gateway may want the customer to act first, decline (another attempt may
//! follow), or capture. It is captured once, and only the amount owed. If the order was given up meanwhile the
//! payment is cancelled, and a capture is recorded all the same: the money is ours, and the caller refunds it.
//!
//! A refund is *requested*, which reserves its part of the capture, before the gateway is asked; it is then
//! refunded, or fails, which frees its part. Requested and refunded together are never above what was captured. Weeks after
//! it was refunded the customer's bank may still send the money back: the refund is *reversed*, which frees its part too.

use std::sync::Arc;

use crate::ids::{PersonalId, RefundId};
use crate::order::Split;
use crate::{Decide, Minor, Money, cqrs_aggregate};

mod commands;
mod errors;
mod events;
pub mod public;
mod state;

pub use commands::PaymentCommand;
pub use errors::PaymentError;
pub use events::{ActionPage, PaymentEvent};
pub use state::{Attempt, AttemptPhase, Capture, Opened, Payment, PaymentStatus, Refund, RefundPhase};

impl Decide for Payment {
    const TYPE: &'static str = "payments";
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Error = PaymentError;

    fn decide(&self, command: PaymentCommand) -> Result<Vec<PaymentEvent>, PaymentError> {
        let event = match command {
            PaymentCommand::Open { order_id, customer_id, amount, at } => {
                self.may_open(amount)?;
                PaymentEvent::PaymentOpened { order_id, customer_id, amount, opened_at: at }
            }
            PaymentCommand::Attempt { gateway, method, pages } => {
                PaymentEvent::PaymentAttempted { attempt: self.next_attempt()?, gateway, method, pages }
            }
            PaymentCommand::RequireAction { attempt, page } => {
                self.under_way(attempt)?;
                if self.cancelled {
                    return Err(PaymentError::Cancelled);
                }
                PaymentEvent::PaymentActionRequired { attempt, page: ActionPage::Kept(page) }
            }
            PaymentCommand::Decline { attempt, code } => {
                self.under_way(attempt)?;
                PaymentEvent::PaymentDeclined { attempt, code }
            }
            PaymentCommand::Capture(capture) => self.capture(*capture)?,
            PaymentCommand::RequestRefund { refund_id, split, reason } => {
                self.request_refund(refund_id, split, reason)?
            }
            PaymentCommand::SettleRefund { refund_id, reference } => {
                self.settle_refund(refund_id, reference)?
            }
            PaymentCommand::FailRefund { refund_id, code } => {
                self.requested(refund_id)?;
                PaymentEvent::RefundFailed { refund_id, code }
            }
            PaymentCommand::ReverseRefund { refund_id, code } => self.reverse_refund(refund_id, code)?,
            PaymentCommand::Cancel => {
                self.may_cancel()?;
                PaymentEvent::PaymentCancelled {}
            }
        };
        Ok(vec![event])
    }

    fn evolve(&mut self, event: &PaymentEvent) {
        match event {
            PaymentEvent::PaymentOpened { order_id, customer_id, amount, opened_at } => {
                let (order_id, customer_id, amount) = (*order_id, *customer_id, *amount);
                self.opened = Some(Opened { order_id, customer_id, amount, opened_at: *opened_at });
            }
            PaymentEvent::PaymentAttempted { attempt, gateway, method, pages } => {
                let (number, gateway, method, pages) = (*attempt, gateway.clone(), method.clone(), *pages);
                self.attempt =
                    Some(Attempt { number, gateway, method, pages, phase: AttemptPhase::Processing });
            }
            PaymentEvent::PaymentActionRequired { attempt, page } => {
                self.set_phase(*attempt, AttemptPhase::ActionRequired { page: page.clone() });
            }
            PaymentEvent::PaymentDeclined { attempt, code } => {
                self.set_phase(*attempt, AttemptPhase::Declined { code: code.clone() });
            }
            captured @ PaymentEvent::PaymentCaptured { .. } => {
                self.captured = Capture::told_by(captured).map(Arc::new);
            }
            PaymentEvent::RefundRequested { order_id: _, refund_id, amount, currency: _, split, reason } => {
                self.refunds.push(Refund {
                    refund_id: *refund_id,
                    amount: *amount,
                    split: split.clone(),
                    reason: *reason,
                    phase: RefundPhase::Requested,
                });
            }
            PaymentEvent::PaymentRefunded { refund_id, reference, .. } => {
                self.set_refund(*refund_id, RefundPhase::Refunded { reference: reference.clone() });
            }
            PaymentEvent::RefundFailed { refund_id, code }
            | PaymentEvent::RefundReversed { refund_id, code, .. } => {
                self.set_refund(*refund_id, RefundPhase::Failed { code: code.clone() });
            }
            PaymentEvent::PaymentCancelled {} => self.cancelled = true,
        }
    }
}

impl Payment {
    fn opened(&self) -> Result<&Opened, PaymentError> {
        self.opened.as_ref().ok_or(PaymentError::NotOpened)
    }

    fn may_open(&self, amount: Money) -> Result<(), PaymentError> {
        if self.opened.is_some() {
            return Err(PaymentError::AlreadyOpened);
        }
        if amount.amount < 0 { Err(PaymentError::NegativeAmount) } else { Ok(()) }
    }

    fn next_attempt(&self) -> Result<u32, PaymentError> {
        self.opened()?;
        if self.captured.is_some() {
            return Err(PaymentError::AlreadyCaptured);
        }
        if self.cancelled {
            return Err(PaymentError::Cancelled);
        }
        match &self.attempt {
            None => Ok(1),
            Some(attempt) if attempt.is_under_way() => Err(PaymentError::AttemptUnderWay),
            Some(attempt) => attempt.number.checked_add(1).ok_or(PaymentError::TooManyAttempts),
        }
    }

    /// What a gateway says counts for the attempt that it was asked for, and only until the capture.
    fn under_way(&self, number: u32) -> Result<(), PaymentError> {
        self.opened()?;
        if self.captured.is_some() {
            return Err(PaymentError::AlreadyCaptured);
        }
        match &self.attempt {
            Some(attempt) if attempt.number == number && attempt.is_under_way() => Ok(()),
            Some(_) | None => Err(PaymentError::NoSuchAttempt { attempt: number }),
        }
    }

    fn capture(&self, capture: Capture) -> Result<PaymentEvent, PaymentError> {
        let opened = self.opened()?;
        if self.captured.is_some() {
            return Err(PaymentError::AlreadyCaptured);
        }
        if capture.amount != opened.amount {
            return Err(PaymentError::WrongAmount { owed: opened.amount });
        }
        if capture.split.has_negative_part() || capture.split.total() != Some(capture.amount.amount) {
            return Err(PaymentError::SplitMismatch);
        }
        let order_id = opened.order_id;
        let Money { amount, currency } = capture.amount;
        // What stands in an event can't be erased: a receipt is named by its row alone.
        let Capture { amount: _, gateway, reference, brand, last4, receipt_id, receipt: _, split } = capture;
        Ok(PaymentEvent::PaymentCaptured {
            order_id,
            amount,
            currency,
            gateway,
            reference,
            brand,
            last4,
            receipt_id,
            receipt: None,
            split,
        })
    }

    fn request_refund(
        &self,
        refund_id: RefundId,
        split: Split,
        reason: Option<PersonalId>,
    ) -> Result<PaymentEvent, PaymentError> {
        let Opened { order_id, amount: Money { currency, .. }, .. } = *self.opened()?;
        let captured = self.captured.as_ref().ok_or(PaymentError::NotCaptured)?;
        if self.refunds.iter().any(|refund| refund.refund_id == refund_id) {
            return Err(PaymentError::RepeatedRefund);
        }
        let lines = captured.split.goods.len();
        if split.has_negative_part() || split.goods.iter().any(|goods| goods.line as usize >= lines) {
            return Err(PaymentError::SplitMismatch);
        }
        let refundable = self.refundable();
        match split.total() {
            Some(amount) if amount > 0 && amount <= refundable => {
                Ok(PaymentEvent::RefundRequested { order_id, refund_id, amount, currency, split, reason })
            }
            Some(0) => Err(PaymentError::ZeroRefund),
            Some(_) | None => {
                Err(PaymentError::RefundAboveCapture { left: Money::new(refundable, currency) })
            }
        }
    }

    fn settle_refund(
        &self,
        refund_id: RefundId,
        reference: Option<String>,
    ) -> Result<PaymentEvent, PaymentError> {
        let refund = self.requested(refund_id)?;
        let Opened { order_id, amount: Money { currency, .. }, .. } = *self.opened()?;
        let (amount, split): (Minor, Split) = (refund.amount, refund.split.clone());
        Ok(PaymentEvent::PaymentRefunded { order_id, refund_id, amount, currency, split, reference })
    }

    fn reverse_refund(&self, refund_id: RefundId, code: String) -> Result<PaymentEvent, PaymentError> {
        let refund = self
            .refund(refund_id)
            .filter(|refund| matches!(refund.phase, RefundPhase::Refunded { .. }))
            .ok_or(PaymentError::NotRefunded { refund_id })?;
        let Opened { order_id, amount: Money { currency, .. }, .. } = *self.opened()?;
        let (amount, split): (Minor, Split) = (refund.amount, refund.split.money_alone());
        Ok(PaymentEvent::RefundReversed { order_id, refund_id, amount, currency, split, code })
    }

    fn requested(&self, refund_id: RefundId) -> Result<&Refund, PaymentError> {
        self.refund(refund_id)
            .filter(|refund| refund.phase == RefundPhase::Requested)
            .ok_or(PaymentError::NoSuchRefund { refund_id })
    }

    fn may_cancel(&self) -> Result<(), PaymentError> {
        self.opened()?;
        if self.captured.is_some() {
            return Err(PaymentError::AlreadyCaptured);
        }
        if self.cancelled { Err(PaymentError::Cancelled) } else { Ok(()) }
    }

    fn set_phase(&mut self, number: u32, phase: AttemptPhase) {
        if let Some(attempt) = self.attempt.as_mut().filter(|attempt| attempt.number == number) {
            attempt.phase = phase;
        }
    }

    fn set_refund(&mut self, refund_id: RefundId, phase: RefundPhase) {
        if let Some(refund) = self.refunds.iter_mut().find(|refund| refund.refund_id == refund_id) {
            refund.phase = phase;
        }
    }
}

cqrs_aggregate!(Payment);

#[cfg(test)]
mod tests;
