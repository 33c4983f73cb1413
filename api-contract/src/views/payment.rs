//! A payment.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::ids::{OrderId, PaymentId, PersonalId, RefundId};
use domain::payment::{
    ActionPage, Attempt, AttemptPhase, Payment, PaymentEvent, PaymentStatus, Refund, RefundPhase,
};
use domain::{Currency, Decide, Money};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{PersonalBodies, Record, body};
use crate::amount::Amount;
use crate::envelope::Timestamp;

/// A payment, and when things happened to it.
#[derive(Clone, Debug, Default)]
pub struct PaymentRecord {
    /// The payment.
    pub payment: Payment,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When each refund was requested.
    pub refunds_at: BTreeMap<RefundId, DateTime<Utc>>,
    /// How many events it has.
    pub version: u64,
}

impl PaymentRecord {
    /// The record of a payment that has just been changed; nothing where one of its moments stands in the stream alone.
    pub fn changed(payment: &Payment, version: u64, at: DateTime<Utc>) -> Option<Self> {
        let created_at = payment.opened?.opened_at?;
        let known = payment.refunds.is_empty();
        known.then(|| Self {
            payment: payment.clone(),
            created_at,
            updated_at: at,
            refunds_at: BTreeMap::new(),
            version,
        })
    }

    /// The rows of `personal` that its view is joined with.
    pub fn personal(&self) -> Vec<PersonalId> {
        let page = match self.action() {
            Some(ActionPage::Kept(page)) => Some(*page),
            Some(ActionPage::Written(_)) | None => None,
        };
        let receipt = self.payment.captured.as_ref().and_then(|captured| captured.receipt_id);
        self.payment.refunds.iter().filter_map(|refund| refund.reason).chain(page).chain(receipt).collect()
    }

    /// Where the customer has to act, while that is so.
    fn action(&self) -> Option<&ActionPage> {
        match &self.payment.attempt.as_ref()?.phase {
            AttemptPhase::ActionRequired { page }
                if self.payment.status() == PaymentStatus::RequiresAction =>
            {
                Some(page)
            }
            AttemptPhase::ActionRequired { .. }
            | AttemptPhase::Declined { .. }
            | AttemptPhase::Processing => None,
        }
    }
}

impl Record for PaymentRecord {
    type Of = Payment;

    fn apply(&mut self, event: &PaymentEvent, at: DateTime<Utc>) {
        match event {
            PaymentEvent::PaymentOpened { .. } => self.created_at = at,
            PaymentEvent::RefundRequested { refund_id, .. } => {
                self.refunds_at.insert(*refund_id, at);
            }
            PaymentEvent::PaymentAttempted { .. }
            | PaymentEvent::PaymentActionRequired { .. }
            | PaymentEvent::PaymentDeclined { .. }
            | PaymentEvent::PaymentCaptured { .. }
            | PaymentEvent::PaymentRefunded { .. }
            | PaymentEvent::RefundFailed { .. }
            | PaymentEvent::RefundReversed { .. }
            | PaymentEvent::PaymentCancelled {} => {}
        }
        self.payment.evolve(event);
        self.updated_at = at;
        self.version += 1;
    }
}

/// A payment as a client reads it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentView<'a> {
    #[schema(value_type = Uuid)]
    id: PaymentId,
    #[schema(value_type = Uuid)]
    payment_id: PaymentId,
    #[schema(value_type = Uuid)]
    order_id: OrderId,
    /// `pending`, `processing`, `requires_action`, `succeeded`, `failed`, `refunded`, `partially_refunded` or
    /// `cancelled`. When a refund fails after it succeeded, it is what the refunds that are left make it.
    status: &'static str,
    amount: Amount,
    /// What went back: less again when a refund fails after it succeeded.
    refunded_amount: Amount,
    /// An ISO 4217 code.
    #[schema(value_type = String)]
    currency: Currency,
    payment_gateway: Option<&'a str>,
    payment_method: Option<&'static str>,
    last4: Option<&'a str>,
    brand: Option<&'a str>,
    transaction_id: Option<&'a str>,
    /// Where the gateway shows its receipt; null where it has none, or its customer was erased.
    receipt: Option<String>,
    /// Where the customer has to act, while that is so; or can pay, where the gateway has such a page.
    payment_url: Option<String>,
    /// The gateway's code, after it declined.
    failure_code: Option<&'a str>,
    refunds: Vec<RefundView<'a>>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A refund as a client reads it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefundView<'a> {
    #[schema(value_type = Uuid)]
    refund_id: RefundId,
    #[schema(value_type = Uuid)]
    payment_id: PaymentId,
    amount: Amount,
    /// An ISO 4217 code.
    #[schema(value_type = String)]
    currency: Currency,
    /// `pending`, `succeeded` or `failed`. One that succeeded may still fail within weeks, where the customer's bank sends
    /// the money back.
    status: &'static str,
    /// The gateway's code, after it failed.
    failure_code: Option<&'a str>,
    #[schema(value_type = Option<String>)]
    reason: Option<&'a RawValue>,
    created_at: Option<Timestamp>,
}

impl<'a> PaymentView<'a> {
    /// A payment, with the reasons of its refunds. Nothing for one that was never opened.
    pub fn of(id: PaymentId, record: &'a PaymentRecord, bodies: &'a PersonalBodies) -> Option<Self> {
        let payment = &record.payment;
        let opened = payment.opened?;
        let captured = payment.captured.as_deref();
        let attempt = payment.attempt.as_ref();
        let failure_code = match attempt.map(|attempt| &attempt.phase) {
            Some(AttemptPhase::Declined { code }) if captured.is_none() => Some(code.as_str()),
            Some(
                AttemptPhase::ActionRequired { .. }
                | AttemptPhase::Declined { .. }
                | AttemptPhase::Processing,
            )
            | None => None,
        };
        let currency = opened.amount.currency;
        Some(Self {
            id,
            payment_id: id,
            order_id: opened.order_id,
            status: payment.status().as_str(),
            amount: opened.amount.into(),
            refunded_amount: Amount(Money::new(payment.refunded_amount(), currency)),
            currency,
            payment_gateway: captured
                .map(|captured| captured.gateway.as_str())
                .or(attempt.map(|attempt| attempt.gateway.as_str())),
            payment_method: method(payment),
            last4: captured.and_then(|captured| captured.last4.as_deref()),
            brand: captured.and_then(|captured| captured.brand.as_deref()),
            transaction_id: captured.and_then(|captured| captured.reference.as_deref()),
            receipt: record.receipt(bodies),
            payment_url: record.payment_url(bodies),
            failure_code,
            refunds: payment
                .refunds
                .iter()
                .filter_map(|refund| RefundView::of(id, refund.refund_id, record, bodies))
                .collect(),
            created_at: record.created_at.into(),
            updated_at: record.updated_at.into(),
        })
    }
}

impl PaymentView<'_> {
    /// Says where a person can choose how to pay it.
    #[must_use]
    pub fn payable_at(mut self, url: Option<String>) -> Self {
        self.payment_url = self.payment_url.or(url);
        self
    }
}

impl PaymentRecord {
    /// The page where the customer has to act, while that is so.
    pub fn payment_url(&self, bodies: &PersonalBodies) -> Option<String> {
        match self.action()? {
            ActionPage::Kept(page) => address(bodies, *page),
            ActionPage::Written(url) => Some(url.clone()),
        }
    }

    /// Where the gateway shows its receipt: as kept, or as an older event says itself.
    fn receipt(&self, bodies: &PersonalBodies) -> Option<String> {
        let captured = self.payment.captured.as_deref()?;
        match captured.receipt_id {
            Some(kept) => address(bodies, kept),
            None => captured.receipt.clone(),
        }
    }

    /// Whether a person can still choose how to pay it.
    pub fn is_payable(&self) -> bool {
        match self.payment.status() {
            PaymentStatus::Pending | PaymentStatus::Failed => true,
            PaymentStatus::Processing
            | PaymentStatus::RequiresAction
            | PaymentStatus::Succeeded
            | PaymentStatus::Refunded
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Cancelled => false,
        }
    }
}

/// A page of the gateway's, if its row is still there.
fn address(bodies: &PersonalBodies, kept: PersonalId) -> Option<String> {
    serde_json::from_str(body(bodies, Some(kept))?.get()).ok()
}

/// A gateway charges cards; an admin's word or an import is no method of the customer's.
fn method(payment: &Payment) -> Option<&'static str> {
    let by_card = payment.captured.as_ref().is_some_and(|captured| captured.last4.is_some());
    let tried = payment.captured.is_none() && payment.attempt.as_ref().is_some_and(Attempt::is_under_way);
    (by_card || tried).then_some("card")
}

impl<'a> RefundView<'a> {
    /// One refund of a payment.
    pub fn of(
        payment_id: PaymentId,
        refund_id: RefundId,
        record: &'a PaymentRecord,
        bodies: &'a PersonalBodies,
    ) -> Option<Self> {
        let opened = record.payment.opened?;
        let refund: &Refund = record.payment.refund(refund_id)?;
        let (status, failure_code) = match &refund.phase {
            RefundPhase::Requested => ("pending", None),
            RefundPhase::Refunded { reference: _ } => ("succeeded", None),
            RefundPhase::Failed { code } => ("failed", Some(code.as_str())),
        };
        let currency = opened.amount.currency;
        Some(Self {
            refund_id,
            payment_id,
            amount: Amount(Money::new(refund.amount, currency)),
            currency,
            status,
            failure_code,
            reason: body(bodies, refund.reason),
            created_at: record.refunds_at.get(&refund_id).copied().map(Timestamp),
        })
    }
}

#[cfg(test)]
mod tests;
