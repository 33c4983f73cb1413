//! What may be asked of an order.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use super::events::{
    CancelCause, OrderLine, OrderPaid, OrderRefundReversed, OrderRefunded, Parcel, Region, ReturnedItem,
};
use super::steps::Lines;
use crate::coupon::CouponCode;
use crate::ids::{PaymentId, PersonalId, UserId};
use crate::{Currency, Minor};

/// What may be asked of an order.
#[derive(Clone, Debug, PartialEq)]
pub enum OrderCommand {
    /// To be placed; the amounts are computed here.
    Place(Box<Place>),
    /// Its payment was captured.
    RecordPayment(OrderPaid),
    /// It is paid: go on.
    Confirm,
    /// Lines are being prepared.
    StartProcessing {
        /// Which.
        lines: Lines,
        /// Staff's note, kept in `personal`.
        note: Option<PersonalId>,
    },
    /// Lines leave.
    Ship {
        /// Which.
        lines: Lines,
        /// In which parcel.
        parcel: Parcel,
    },
    /// Lines arrived.
    Deliver {
        /// Which.
        lines: Lines,
        /// Staff's note, kept in `personal`.
        note: Option<PersonalId>,
    },
    /// It is given up.
    Cancel {
        /// By whom or what.
        cause: CancelCause,
        /// In whose words, kept in `personal`.
        reason: Option<PersonalId>,
        /// The time now: nothing expires before its time.
        at: DateTime<Utc>,
    },
    /// Goods came back; a line may be named more than once.
    Return {
        /// Which.
        items: Vec<ReturnedItem>,
    },
    /// Money went back.
    RecordRefund(OrderRefunded),
    /// It came back to us.
    ReverseRefund(OrderRefundReversed),
}

/// An order to be placed: [`OrderPlaced`] without the amounts that follow from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The number that people use.
    pub number: String,
    /// The number that an outside system gave it.
    pub external_id: Option<String>,
    /// Nobody for a guest.
    pub customer_id: Option<UserId>,
    /// What is bought, at the frozen price; as many lines as there are.
    pub lines: Vec<OrderLine>,
    /// The currency of every amount.
    pub currency: Currency,
    /// Taken off the subtotal.
    pub discount: Minor,
    /// By which coupon.
    pub coupon_code: Option<CouponCode>,
    /// As a fraction, for example `0.05`.
    pub tax_rate: Decimal,
    /// For carriage.
    pub shipping: Minor,
    /// Country and region that it goes to.
    pub ship_to: Region,
    /// The full address, kept in `personal`.
    pub shipping_address: Option<PersonalId>,
    /// The billing address, kept in `personal`.
    pub billing_address: Option<PersonalId>,
    /// The customer's notes, kept in `personal`.
    pub notes: Option<PersonalId>,
    /// The payment that is opened with it.
    pub payment_id: PaymentId,
    /// The method to pay by: a word or a token's id.
    pub payment_method: Option<String>,
    /// When the reservation ends if nobody has paid.
    pub expires_at: Option<DateTime<Utc>>,
}
