//! What may have happened to a cart.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::coupon::CouponCode;
use crate::ids::{OrderId, ProductId};
use crate::{Money, domain_event};

/// What may have happened to a cart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CartEvent {
    /// A product went in, or more of one that was in already.
    CartItemAdded {
        /// What.
        product_id: ProductId,
        /// How many more.
        quantity: u32,
        /// Its price at that moment, so that the reader can say what has changed since.
        unit_price: Money,
        /// That moment; nothing in events that are older than this field. When it was recorded is the log's to say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        added_at: Option<DateTime<Utc>>,
    },
    /// The quantity of a line was set.
    CartItemQuantityChanged {
        /// Of what.
        product_id: ProductId,
        /// To how many, at least 1.
        quantity: u32,
    },
    /// A line was taken out.
    CartItemRemoved {
        /// What.
        product_id: ProductId,
    },
    /// A coupon is to be used when the cart is bought, in place of the one before it.
    CouponApplied {
        /// Its code.
        code: CouponCode,
    },
    /// No coupon is to be used.
    CouponRemoved {},
    /// Everything was taken out, the coupon too.
    CartCleared {},
    /// Everything was bought; the cart is empty again and has no coupon.
    CartCheckedOut {
        /// By which order.
        order_id: OrderId,
    },
}

domain_event!(CartEvent {
    CartItemAdded,
    CartItemQuantityChanged,
    CartItemRemoved,
    CouponApplied,
    CouponRemoved,
    CartCleared,
    CartCheckedOut,
});
