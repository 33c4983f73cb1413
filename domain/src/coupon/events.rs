//! What may have happened to a coupon.

use serde::{Deserialize, Serialize};

use super::Terms;
use crate::ids::{OrderId, UserId};
use crate::{Money, domain_event};

/// What may have happened to a coupon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CouponEvent {
    /// It may be used.
    CouponCreated(Terms),
    /// An order has it, in the same append in which it was placed.
    CouponRedeemed {
        /// Which.
        order_id: OrderId,
        /// Whose.
        user_id: UserId,
        /// What it took off.
        discount: Money,
    },
    /// The order was given up, and this use doesn't count.
    CouponReleased {
        /// Which.
        order_id: OrderId,
        /// Whose.
        user_id: UserId,
    },
    /// It may not be used again; orders that have it keep it.
    CouponWithdrawn {},
}

domain_event!(CouponEvent { CouponCreated, CouponRedeemed, CouponReleased, CouponWithdrawn });
