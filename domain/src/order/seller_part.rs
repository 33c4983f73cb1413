//! What of an order is one seller's.
//!
//! A seller knows of an order what is the seller's: the lines, and of the discount, the tax and the shipping the share
//! that falls on them, in proportion to what the lines cost after discount. The parts of all sellers add up to the
//! order, to the minor unit.

use std::collections::BTreeMap;

use super::{OrderLine, OrderPlaced, OrderRefunded, Split, Totals, public};
use crate::Minor;
use crate::ids::SellerId;
use crate::money::apportion;

/// The part of each seller of an order with these lines (whose, and what the line comes to) and these amounts. Nothing
/// for amounts that don't add up.
fn seller_parts(lines: &[(SellerId, Minor)], whole: &Totals) -> Option<BTreeMap<SellerId, Totals>> {
    let totals: Vec<Minor> = lines.iter().map(|(_, total)| *total).collect();
    let discounts = apportion(whole.discount, &totals)?;
    let after: Vec<Minor> = totals.iter().zip(&discounts).map(|(total, discount)| total - discount).collect();
    let taxes = share(whole.tax, &after)?;
    let shippings = share(whole.shipping, &after)?;
    let mut parts = BTreeMap::<SellerId, Totals>::new();
    for (place, (seller, subtotal)) in lines.iter().enumerate() {
        let (discount, tax, shipping) = (discounts[place], taxes[place], shippings[place]);
        let part = parts.entry(*seller).or_default();
        part.subtotal = part.subtotal.checked_add(*subtotal)?;
        part.discount += discount;
        part.tax += tax;
        part.shipping += shipping;
        part.total = part.total.checked_add(subtotal - discount)?.checked_add(tax)?.checked_add(shipping)?;
    }
    Some(parts)
}

/// What of a refund is each seller's: its goods, and the share of tax and shipping that falls on them. Money that goes
/// back for no goods is no seller's.
fn refunded_parts(goods: &[(SellerId, Minor)], rest: Minor) -> Option<BTreeMap<SellerId, Minor>> {
    let weights: Vec<Minor> = goods.iter().map(|(_, amount)| *amount).collect();
    let mut parts = BTreeMap::<SellerId, Minor>::new();
    if weights.iter().all(|weight| *weight == 0) {
        return Some(parts);
    }
    for ((seller, amount), share) in goods.iter().zip(apportion(rest, &weights)?) {
        let part = parts.entry(*seller).or_default();
        *part = part.checked_add(*amount)?.checked_add(share)?;
    }
    Some(parts)
}

impl OrderPlaced {
    /// The part of each seller. Nothing for an order whose amounts don't add up.
    pub fn seller_parts(&self) -> Option<BTreeMap<SellerId, Totals>> {
        let line = |it: &OrderLine| (it.seller_id, it.total().unwrap_or_default());
        let lines: Vec<_> = self.lines.iter().map(line).collect();
        let Self { subtotal, discount, tax, shipping, total, .. } = *self;
        seller_parts(&lines, &Totals { subtotal, discount, tax, shipping, total })
    }
}

impl OrderRefunded {
    /// What of it is each seller's.
    pub fn seller_parts(&self) -> Option<BTreeMap<SellerId, Minor>> {
        let Split { goods, tax, shipping } = &self.split;
        let goods: Vec<_> = goods.iter().map(|goods| (goods.seller_id, goods.amount)).collect();
        refunded_parts(&goods, tax.checked_add(*shipping)?)
    }
}

impl public::OrderPlaced {
    /// As [`OrderPlaced::seller_parts`].
    pub fn seller_parts(&self) -> Option<BTreeMap<SellerId, Totals>> {
        let line =
            |it: &public::OrderLine| (it.seller_id, it.unit_price.saturating_mul(Minor::from(it.quantity)));
        let lines: Vec<_> = self.lines.iter().map(line).collect();
        let Self { subtotal, discount, tax, shipping, total, .. } = *self;
        seller_parts(&lines, &Totals { subtotal, discount, tax, shipping, total })
    }
}

impl public::Split {
    /// What is each seller's of a refund for this, or of one that came back to us.
    pub fn refunded_parts(&self) -> Option<BTreeMap<SellerId, Minor>> {
        let Self { goods, tax, shipping } = self;
        let goods: Vec<_> = goods.iter().map(|goods| (goods.seller_id, goods.amount)).collect();
        refunded_parts(&goods, tax.checked_add(*shipping)?)
    }
}

/// By weight; where nothing weighs anything, evenly.
fn share(amount: Minor, weights: &[Minor]) -> Option<Vec<Minor>> {
    if weights.iter().all(|weight| *weight == 0) {
        return apportion(amount, &vec![1; weights.len()]);
    }
    apportion(amount, weights)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn seller(n: u128) -> SellerId {
        SellerId(Uuid::from_u128(n))
    }

    #[test]
    fn each_seller_has_the_share_that_falls_on_the_lines() {
        let lines = [(seller(1), 59_998), (seller(2), 39_999)];
        let whole = Totals { subtotal: 99_997, discount: 19_999, tax: 6_400, shipping: 1_000, total: 87_398 };
        let parts = seller_parts(&lines, &whole).unwrap();
        let hers = Totals { subtotal: 59_998, discount: 11_999, tax: 3_840, shipping: 600, total: 52_439 };
        assert_eq!(parts[&seller(1)], hers);
        assert_eq!(parts[&seller(2)].total, 87_398 - 52_439);
    }

    #[test]
    fn what_costs_nothing_has_its_share_of_the_shipping() {
        let lines = [(seller(1), 0), (seller(2), 0)];
        let whole = Totals { shipping: 501, total: 501, ..Totals::default() };
        let parts = seller_parts(&lines, &whole).unwrap();
        assert_eq!((parts[&seller(1)].total, parts[&seller(2)].total), (251, 250));
    }

    #[test]
    fn a_refund_of_goods_takes_their_tax_along() {
        let goods = [(seller(2), 200), (seller(1), 100)];
        let parts = BTreeMap::from([(seller(1), 103), (seller(2), 207)]);
        assert_eq!(refunded_parts(&goods, 10).unwrap(), parts);
        assert!(refunded_parts(&[], 10).unwrap().is_empty(), "of no goods, so of no seller");
    }

    proptest::proptest! {
        #[test]
        fn the_parts_add_up_to_the_order(
            lines in proptest::collection::vec((0..4_u128, 0..1_000_000_i64), 1..30),
            percent in 0..=100_i64,
            tax in 0..100_000_i64,
            shipping in 0..10_000_i64,
        ) {
            let lines: Vec<_> = lines.into_iter().map(|(n, total)| (seller(n), total)).collect();
            let subtotal: i64 = lines.iter().map(|(_, total)| total).sum();
            let discount = subtotal * percent / 100;
            let total = subtotal - discount + tax + shipping;
            let whole = Totals { subtotal, discount, tax, shipping, total };
            let parts = seller_parts(&lines, &whole).unwrap();
            let mut sum = Totals::default();
            for part in parts.values() {
                proptest::prop_assert_eq!(part.total, part.subtotal - part.discount + part.tax + part.shipping);
                proptest::prop_assert!(part.discount >= 0 && part.tax >= 0 && part.shipping >= 0);
                sum.subtotal += part.subtotal;
                sum.discount += part.discount;
                sum.tax += part.tax;
                sum.shipping += part.shipping;
                sum.total += part.total;
            }
            proptest::prop_assert_eq!(sum, whole);
        }
    }
}
