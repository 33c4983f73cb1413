//! Money that moved for an order, by what it was for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OrderPlaced;
use crate::Minor;
use crate::ids::{ProductId, SellerId};
use crate::money::apportion;

/// Money that moved for an order, by what it was for. The parts add up to `amount`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Split {
    /// Goods, by line.
    pub goods: Vec<GoodsAmount>,
    /// Tax.
    pub tax: Minor,
    /// Shipping.
    pub shipping: Minor,
}

/// The goods of one line in a capture or refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoodsAmount {
    /// The line's place in the order, from 0.
    pub line: u32,
    /// What.
    pub product_id: ProductId,
    /// Whose.
    pub seller_id: SellerId,
    /// How many units of the line are paid (capture) or came back (refund; 0 where only money did).
    pub quantity: u32,
    /// In minor units.
    pub amount: Minor,
}

impl Split {
    /// What the capture of a whole order is for: each line's total less its share of the discount, the tax and the
    /// shipping. It adds up to the order's total. `None` only for an order whose amounts don't add up.
    pub fn of_order(order: &OrderPlaced) -> Option<Self> {
        let line_totals: Vec<Minor> =
            order.lines.iter().map(super::OrderLine::total).collect::<Option<_>>()?;
        let discounts = apportion(order.discount, &line_totals)?;
        let goods = (0_u32..)
            .zip(&order.lines)
            .zip(line_totals.iter().zip(discounts))
            .map(|((line, bought), (total, discount))| GoodsAmount {
                line,
                product_id: bought.product_id,
                seller_id: bought.seller_id,
                quantity: bought.quantity,
                amount: total - discount,
            })
            .collect();
        Some(Self { goods, tax: order.tax, shipping: order.shipping })
    }

    /// The sum of the parts; `None` beyond what is counted exactly.
    pub fn total(&self) -> Option<Minor> {
        let rest = self.tax.checked_add(self.shipping)?;
        self.goods.iter().try_fold(rest, |sum, goods| sum.checked_add(goods.amount))
    }

    /// Whether a part is below 0.
    pub fn has_negative_part(&self) -> bool {
        self.tax < 0 || self.shipping < 0 || self.goods.iter().any(|goods| goods.amount < 0)
    }

    /// The same money, without any units.
    #[must_use]
    pub fn money_alone(&self) -> Self {
        let goods = self.goods.iter().map(|goods| GoodsAmount { quantity: 0, ..goods.clone() }).collect();
        Self { goods, ..*self }
    }

    /// What is left of this capture after refunds, by part and by unit; never below 0 in any part.
    ///
    /// A refund at a price of its own may have taken more of a line than was paid for it: that line has 0 left, and
    /// the parts then add up to more than the money that is left, which is what `part` needs.
    #[must_use]
    pub fn less<'a>(&self, refunds: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut left = self.clone();
        for refund in refunds {
            left.tax = left.tax.saturating_sub(refund.tax);
            left.shipping = left.shipping.saturating_sub(refund.shipping);
            for refunded in &refund.goods {
                // A capture has a part for each line, in order.
                if let Some(goods) = left.goods.get_mut(refunded.line as usize) {
                    goods.amount = goods.amount.saturating_sub(refunded.amount);
                    goods.quantity = goods.quantity.saturating_sub(refunded.quantity);
                }
            }
        }
        left.tax = left.tax.max(0);
        left.shipping = left.shipping.max(0);
        for goods in &mut left.goods {
            goods.amount = goods.amount.max(0);
        }
        left
    }

    /// `amount` of it, pro rata over all parts by largest remainder; a part never gets more than it has. Parts that
    /// get nothing are left out, quantities are 0: only money moves. `None` if it has less than `amount`.
    pub fn part(&self, amount: Minor) -> Option<Self> {
        if self.total()? < amount {
            return None;
        }
        let mut weights: Vec<Minor> = self.goods.iter().map(|goods| goods.amount).collect();
        weights.push(self.tax);
        weights.push(self.shipping);
        let mut shares = apportion(amount, &weights)?;
        let shipping = shares.pop()?;
        let tax = shares.pop()?;
        let goods = self
            .goods
            .iter()
            .zip(shares)
            .filter(|(_, amount)| *amount > 0)
            .map(|(goods, amount)| GoodsAmount { quantity: 0, amount, ..goods.clone() })
            .collect();
        Some(Self { goods, tax, shipping })
    }
}
