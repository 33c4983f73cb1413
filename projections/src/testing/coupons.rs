//! Coupons of a made-up shop, and who uses them.

use domain::coupon::{CouponEvent, Discount, Terms};
use domain::ids::{OrderId, UserId};
use domain::{Currency, Money};
use uuid::Uuid;

use super::happened::{Happened, Stored};
use super::history::{Shop, happened_at};

/// The first of two.
pub(crate) const COUPON: Uuid = Uuid::from_u128(0xc0_0001);

/// Two coupons that are used, group by group.
pub(crate) fn coupons() -> Vec<Vec<Happened>> {
    let currency: Currency = "GBP".parse().unwrap();
    let terms = Terms {
        discount: Discount::Fixed { amount: 500 },
        currency: Some(currency),
        minimum_subtotal: None,
        starts_at: None,
        ends_at: None,
        total_limit: None,
        per_user_limit: None,
    };
    let redeemed = |user| CouponEvent::CouponRedeemed {
        order_id: OrderId(Uuid::nil()),
        user_id: UserId(Uuid::from_u128(user)),
        discount: Money::new(500, currency),
    };
    let mut groups = Vec::new();
    for aggregate_id in [COUPON, Uuid::from_u128(0xc0_0002)] {
        let events = [CouponEvent::CouponCreated(terms.clone()), redeemed(1), redeemed(2), redeemed(1)];
        for (sequence, event) in (1..).zip(events) {
            let (occurred_at, event) = (happened_at(sequence), Stored::Coupon(event));
            groups.push(vec![Happened { aggregate_id, sequence, occurred_at, event }]);
        }
    }
    groups
}

impl Shop {
    /// Everything that happens, with the coupons' use all over it.
    pub(crate) fn with_coupons(&self) -> Vec<Vec<Happened>> {
        let (orders, coupons): (Vec<_>, _) = (self.history().collect(), coupons());
        let between = orders.len() / coupons.len();
        let mut coupons = coupons.into_iter();
        let mut all = Vec::new();
        for (nth, group) in orders.into_iter().enumerate() {
            all.push(group);
            all.extend((nth % between == 0).then(|| coupons.next()).flatten());
        }
        all.extend(coupons);
        all
    }
}
