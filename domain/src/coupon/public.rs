//! The public events of a coupon. Their aggregate id is its code.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Coupon, CouponEvent, Discount, Terms};
use crate::ids::{OrderId, UserId};
use crate::public::public_events;
use crate::{Currency, Minor, Money};

public_events! {
    /// What the world may know of a coupon.
    CouponPublicEvent of Coupon {
        CouponCreated,
        CouponRedeemed,
        CouponReleased,
        CouponWithdrawn,
    }
}

impl From<CouponEvent> for CouponPublicEvent {
    fn from(event: CouponEvent) -> Self {
        match event {
            CouponEvent::CouponCreated(terms) => Self::CouponCreated(terms.into()),
            CouponEvent::CouponRedeemed { order_id, user_id, discount } => {
                Self::CouponRedeemed(CouponRedeemed { order_id, user_id, discount })
            }
            CouponEvent::CouponReleased { order_id, user_id } => {
                Self::CouponReleased(CouponReleased { order_id, user_id })
            }
            CouponEvent::CouponWithdrawn {} => Self::CouponWithdrawn(CouponWithdrawn {}),
        }
    }
}

/// It may be used. Amounts are in minor units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CouponCreated {
    /// What it takes off.
    pub discount: Discount,
    /// The currency of its amounts; without one it is good for every currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The least subtotal that it takes something off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_subtotal: Option<Minor>,
    /// Its first moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    /// The moment after its last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    /// How many orders may have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_limit: Option<u64>,
    /// How many orders of one user may have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_user_limit: Option<u32>,
}

/// An order has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CouponRedeemed {
    /// Which.
    pub order_id: OrderId,
    /// Whose.
    pub user_id: UserId,
    /// What it took off, in minor units.
    pub discount: Money,
}

/// The order was given up, and this use doesn't count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CouponReleased {
    /// Which.
    pub order_id: OrderId,
    /// Whose.
    pub user_id: UserId,
}

/// It may not be used again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CouponWithdrawn {}

impl From<Terms> for CouponCreated {
    fn from(it: Terms) -> Self {
        Self {
            discount: it.discount,
            currency: it.currency,
            minimum_subtotal: it.minimum_subtotal,
            starts_at: it.starts_at,
            ends_at: it.ends_at,
            total_limit: it.total_limit,
            per_user_limit: it.per_user_limit,
        }
    }
}

/// For whoever keeps the terms and has only what was published.
impl From<CouponCreated> for Terms {
    fn from(it: CouponCreated) -> Self {
        Self {
            discount: it.discount,
            currency: it.currency,
            minimum_subtotal: it.minimum_subtotal,
            starts_at: it.starts_at,
            ends_at: it.ends_at,
            total_limit: it.total_limit,
            per_user_limit: it.per_user_limit,
        }
    }
}
