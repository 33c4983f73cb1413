//! What the queries answer.

use chrono::{DateTime, Utc};
use domain::coupon::public::CouponCreated;
use domain::coupon::{Coupon, CouponCode};
use domain::ids::UserId;
use serde::Deserialize;

/// A coupon.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct CouponRow {
    /// Its code.
    pub code: CouponCode,
    /// What it takes off, for whom, and when.
    pub terms: CouponCreated,
    /// No longer used; history keeps it.
    pub withdrawn: bool,
    /// How many orders have it.
    pub redeemed: i64,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// The aggregate's version: the sequence of its last event.
    pub version: i64,
}

/// Coupons of one page, and how many there are on all.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct CouponPage {
    /// On all pages.
    pub total: i64,
    /// On this page.
    pub items: Vec<CouponRow>,
}

/// A coupon as one user meets it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct MetCoupon {
    /// The coupon.
    pub coupon: CouponRow,
    /// How many orders of this user have it.
    pub uses: i64,
}

impl MetCoupon {
    /// The state that the coupon's own rules are asked with.
    pub fn state(self, user_id: UserId) -> Coupon {
        let CouponRow { terms, withdrawn, redeemed, .. } = self.coupon;
        let redeemed = u64::try_from(redeemed).unwrap_or_default();
        let uses = u32::try_from(self.uses).unwrap_or_default();
        Coupon::met_by(user_id, terms.into(), withdrawn, redeemed, uses)
    }
}
