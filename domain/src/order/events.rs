//! What may have happened to an order.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Part, Split};
use crate::coupon::CouponCode;
use crate::ids::{PaymentId, PersonalId, ProductId, RefundId, SellerId, UserId};
use crate::{Currency, Minor, domain_event};

/// What may have happened to an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum OrderEvent {
    /// Prices are frozen, stock is reserved.
    OrderPlaced(Box<OrderPlaced>),
    /// A capture, copied from the payment's stream in the same append.
    OrderPaid(OrderPaid),
    /// Paid in full, or an admin said so.
    OrderConfirmed {},
    /// Being prepared.
    OrderProcessing {
        /// Staff's note, kept in `personal`.
        note: Option<PersonalId>,
        /// The lines that it was, if not all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<Part>,
    },
    /// On its way; the stock has left.
    OrderShipped(OrderShipped),
    /// With the customer.
    OrderDelivered {
        /// Staff's note, kept in `personal`.
        note: Option<PersonalId>,
        /// The lines that it was, if not all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        part: Option<Part>,
    },
    /// Given up before it was shipped; the stock is released.
    OrderCancelled {
        /// Who or what gave it up.
        cause: CancelCause,
        /// The words of whoever did, kept in `personal`.
        reason: Option<PersonalId>,
    },
    /// Goods came back.
    ItemsReturned {
        /// What came back.
        items: Vec<ReturnedItem>,
    },
    /// A refund, copied from the payment's stream in the same append.
    OrderRefunded(OrderRefunded),
    /// A refund that came back to us, copied from the payment's stream in the same append.
    OrderRefundReversed(OrderRefundReversed),
}

domain_event!(OrderEvent {
    OrderPlaced = "1.1",
    OrderPaid,
    OrderConfirmed,
    OrderProcessing,
    OrderShipped,
    OrderDelivered,
    OrderCancelled,
    ItemsReturned,
    OrderRefunded,
    OrderRefundReversed,
});

/// Everything that was agreed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPlaced {
    /// The number that people use: `ORD-2026-000100`.
    pub number: String,
    /// The number that an outside system gave it, unique within its seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Nobody for a guest.
    pub customer_id: Option<UserId>,
    /// What is bought, at the frozen price.
    pub lines: Vec<OrderLine>,
    /// The currency of every amount of this order.
    pub currency: Currency,
    /// Sum of the lines, before discount.
    pub subtotal: Minor,
    /// Taken off the subtotal.
    pub discount: Minor,
    /// By which coupon, which was redeemed in the same append.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon_code: Option<CouponCode>,
    /// On the discounted subtotal, rounded half up once.
    pub tax: Minor,
    /// The tax rate as a decimal fraction, for example `0.05`.
    pub tax_rate: String,
    /// For carriage.
    pub shipping: Minor,
    /// `subtotal − discount + tax + shipping`.
    pub total: Minor,
    /// Where it goes to, as far as tax and statistics need it.
    pub ship_to: Region,
    /// The full address, kept in `personal`.
    pub shipping_address: Option<PersonalId>,
    /// The billing address, kept in `personal`.
    pub billing_address: Option<PersonalId>,
    /// The customer's notes, kept in `personal`.
    pub notes: Option<PersonalId>,
    /// The payment that was opened with it.
    pub payment_id: PaymentId,
    /// The method that /payments/process will use when it is told no other: a word or a token's id.
    pub payment_method: Option<String>,
    /// When the reservation ends if nobody has paid.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Country and region of an address: no personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Region {
    /// Its two letters of ISO 3166-1, if it is known; in imported history what the file had.
    pub country: Option<String>,
    /// Its code of ISO 3166-2, as `US-NY`, if it is known.
    pub region: Option<String>,
}

/// One line of an order; its number is its place, from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderLine {
    /// What.
    pub product_id: ProductId,
    /// Whose.
    pub seller_id: SellerId,
    /// The seller's code for it when it was bought.
    pub sku: String,
    /// Its name when it was bought.
    pub name: String,
    /// The frozen price of one, in minor units.
    pub unit_price: Minor,
    /// How many.
    pub quantity: u32,
}

impl OrderLine {
    /// `unit_price × quantity`, before discount; `None` beyond what is counted exactly.
    pub fn total(&self) -> Option<Minor> {
        self.unit_price.checked_mul(Minor::from(self.quantity))
    }
}

/// A capture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPaid {
    /// By which payment.
    pub payment_id: PaymentId,
    /// Whose order: nobody for a guest.
    pub customer_id: Option<UserId>,
    /// How much.
    pub amount: Minor,
    /// Of which currency.
    pub currency: Currency,
    /// What for.
    pub split: Split,
}

/// A refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderRefunded {
    /// By which payment.
    pub payment_id: PaymentId,
    /// Which refund.
    pub refund_id: RefundId,
    /// Whose order: nobody for a guest.
    pub customer_id: Option<UserId>,
    /// How much.
    pub amount: Minor,
    /// Of which currency.
    pub currency: Currency,
    /// What for.
    pub split: Split,
}

/// A refund that came back to us, all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderRefundReversed {
    /// By which payment.
    pub payment_id: PaymentId,
    /// Which refund.
    pub refund_id: RefundId,
    /// Whose order: nobody for a guest.
    pub customer_id: Option<UserId>,
    /// How much.
    pub amount: Minor,
    /// Of which currency.
    pub currency: Currency,
    /// What for. The units are 0, as only money moved.
    pub split: Split,
}

/// A parcel that left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderShipped {
    /// The carrier's number.
    pub tracking_number: Option<String>,
    /// Who carries it.
    pub carrier: Option<String>,
    /// When it should arrive.
    pub estimated_delivery: Option<DateTime<Utc>>,
    /// Staff's note, kept in `personal`.
    pub note: Option<PersonalId>,
    /// The lines in it, if not all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// A parcel that is to leave: [`OrderShipped`] without its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parcel {
    /// The carrier's number.
    pub tracking_number: Option<String>,
    /// Who carries it.
    pub carrier: Option<String>,
    /// When it should arrive.
    pub estimated_delivery: Option<DateTime<Utc>>,
    /// Staff's note, kept in `personal`.
    pub note: Option<PersonalId>,
}

impl OrderShipped {
    /// The parcel left, with these lines.
    pub(super) fn of(parcel: Parcel, part: Option<Part>) -> Self {
        let Parcel { tracking_number, carrier, estimated_delivery, note } = parcel;
        Self { tracking_number, carrier, estimated_delivery, note, part }
    }
}

/// Who or what gave an order up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelCause {
    /// Its customer.
    Customer,
    /// Staff.
    Staff,
    /// Nobody paid in time.
    Expired,
}

/// Goods of one line that came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReturnedItem {
    /// The line's place in the order, from 0.
    pub line: u32,
    /// What.
    pub product_id: ProductId,
    /// How many.
    pub quantity: u32,
}
