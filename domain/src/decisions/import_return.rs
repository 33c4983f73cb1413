//! Goods of an outside system's history that came back, and the money for them.
//!
//! A credit note doesn't say of which order they are. They are of that customer's orders before it, the latest first,
//! over several if need be. Each unit is refunded at the credit note's price, and never more than what is left of the
//! order's payment; so some units may have to be left out. What is left out is not lost: the outcome counts it.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::import_order::{ImportError, in_turn, settle, settled};
use super::request_refund::{RefundOf, RequestRefund, request_refund};
use super::return_items::{ReturnItems, ReturnItemsError, Returned, return_items};
use super::settle_refund::{SettleRefund, SettleRefundError, settle_refund};
use crate::ids::{OrderId, PaymentId, ProductId, RefundId, UserId};
use crate::imported::{Imported, Outcome, TakenBack};
use crate::inventory::Inventory;
use crate::order::{GoodsAmount, Order, OrderPlaced, Split};
use crate::payment::Payment;
use crate::purchases::{Purchase, Purchases, PurchasesCommand, Units};
use crate::{Currency, Halt, Minor, StreamId, Streams};

/// A part of an outside document that returns goods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportReturn {
    /// The id of the part's [`Imported`] stream.
    pub document: String,
    /// The part before it that it must not overtake, if that may not be settled yet.
    pub after: Option<String>,
    /// Tells its contents from others under the same number.
    pub fingerprint: Uuid,
    /// Who returns; nobody if that customer never bought anything.
    pub customer_id: Option<UserId>,
    /// The currency of the prices.
    pub currency: Currency,
    /// What comes back.
    pub lines: Vec<ReturnLine>,
}

/// A line that returns goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReturnLine {
    /// What; nothing if no such product was ever sold.
    pub product_id: Option<ProductId>,
    /// How many: at least 1.
    pub quantity: u32,
    /// What is refunded for each, 0 or more.
    pub unit_price: Minor,
}

impl From<ReturnItemsError> for ImportError {
    fn from(error: ReturnItemsError) -> Self {
        match error {
            ReturnItemsError::Order(error) => Self::Order(error),
            ReturnItemsError::Inventory(error) => Self::Inventory(error),
        }
    }
}

impl From<SettleRefundError> for ImportError {
    fn from(error: SettleRefundError) -> Self {
        match error {
            SettleRefundError::Payment(error) => Self::Payment(error),
            SettleRefundError::Order(error) => Self::Order(error),
        }
    }
}

/// Imports the part, or says what came of it when it was imported before.
pub fn import_return<S: Streams>(
    streams: &mut S,
    command: &ImportReturn,
) -> Result<Outcome, Halt<ImportError>> {
    let mut known = vec![StreamId::of::<Imported>(&command.document)];
    known.extend(command.after.iter().map(StreamId::of::<Imported>));
    known.extend(command.customer_id.map(StreamId::of::<Purchases>));
    streams.need(&known)?;
    if let Some(outcome) = settled(streams, &command.document, command.fingerprint)? {
        return Ok(outcome);
    }
    in_turn(streams, command.after.as_deref())?;
    need_return(streams, command)?;
    let mut plan = Plan::default();
    let returned = command
        .lines
        .iter()
        .map(|line| plan.take(streams, command, *line))
        .collect::<Result<Vec<_>, Halt<ImportError>>>()?;
    plan.carry_out(streams, command)?;
    let outcome = Outcome { fingerprint: command.fingerprint, order_id: None, returned };
    settle(streams, &command.document, outcome)
}

/// Asks for the orders that the goods are probably of, and for their payments, each at once.
pub fn need_return<S: Streams>(streams: &S, command: &ImportReturn) -> Result<(), Halt<ImportError>> {
    let Some(customer_id) = command.customer_id else { return Ok(()) };
    streams.need(&[StreamId::of::<Purchases>(customer_id)])?;
    let purchases = streams.state::<Purchases, ImportError>(customer_id)?;
    let mut orders = Vec::new();
    for ReturnLine { product_id, quantity, .. } in command.lines.iter().copied() {
        let mut missing = quantity;
        for purchase in product_id.into_iter().flat_map(|product| purchases.latest_first(product)) {
            if missing == 0 {
                break;
            }
            missing = missing.saturating_sub(purchase.quantity);
            orders.push(purchase.order_id);
        }
    }
    orders.sort_unstable();
    orders.dedup();
    streams.need(&orders.iter().map(StreamId::of::<Order>).collect::<Vec<_>>())?;
    let mut known: Vec<_> =
        command.lines.iter().filter_map(|line| line.product_id).map(StreamId::of::<Inventory>).collect();
    for order_id in orders {
        known.push(StreamId::of::<Payment>(placed(streams, order_id)?.payment_id));
    }
    streams.need(&known)
}

/// What is taken back, by order, in the order in which they were first touched.
#[derive(Default)]
struct Plan {
    orders: Vec<FromOrder>,
}

/// What is taken back of one order.
struct FromOrder {
    order_id: OrderId,
    payment_id: PaymentId,
    /// What is left to refund after this.
    left: Minor,
    /// By the order's line: product, units, refund.
    lines: BTreeMap<u32, (ProductId, u32, Minor)>,
}

impl Plan {
    /// Takes as many units of one line as there are bought and paid for.
    fn take<S: Streams>(
        &mut self,
        streams: &S,
        command: &ImportReturn,
        line: ReturnLine,
    ) -> Result<TakenBack, Halt<ImportError>> {
        let mut outcome = TakenBack { not_bought: line.quantity, ..TakenBack::default() };
        let (Some(customer_id), Some(product_id)) = (command.customer_id, line.product_id) else {
            return Ok(outcome);
        };
        let purchases = streams.state::<Purchases, ImportError>(customer_id)?;
        let mut bought: u32 = 0;
        for purchase in purchases.latest_first(product_id) {
            if outcome.taken == line.quantity {
                break;
            }
            let order = placed(streams, purchase.order_id)?;
            if order.currency != command.currency {
                continue;
            }
            let from = self.order(streams, purchase.order_id, order.payment_id)?;
            let units = from.units_left(streams, purchase)?.min(line.quantity - outcome.taken);
            let paid = from.units_paid(line.unit_price);
            bought = bought.saturating_add(units);
            let taken = units.min(paid);
            if taken > 0 {
                from.take(purchase.line, product_id, taken, line.unit_price);
                outcome.taken += taken;
            }
        }
        outcome.not_bought = line.quantity - bought.min(line.quantity).max(outcome.taken);
        outcome.not_paid = line.quantity - outcome.taken - outcome.not_bought;
        Ok(outcome)
    }

    fn order<S: Streams>(
        &mut self,
        streams: &S,
        order_id: OrderId,
        payment_id: PaymentId,
    ) -> Result<&mut FromOrder, Halt<ImportError>> {
        let known = self.orders.iter().position(|order| order.order_id == order_id);
        let place = known.unwrap_or(self.orders.len());
        if known.is_none() {
            let left = streams.state::<Payment, ImportError>(payment_id)?.refundable();
            self.orders.push(FromOrder { order_id, payment_id, left, lines: BTreeMap::new() });
        }
        Ok(&mut self.orders[place])
    }

    fn carry_out<S: Streams>(self, streams: &mut S, command: &ImportReturn) -> Result<(), Halt<ImportError>> {
        let Some(customer_id) = command.customer_id else { return Ok(()) };
        for order in self.orders.into_iter().filter(|order| !order.lines.is_empty()) {
            let (order_id, payment_id) = (order.order_id, order.payment_id);
            let back = ReturnItems { order_id, items: order.items() };
            return_items(streams, &back).map_err(|halt| halt.map(ImportError::from))?;
            let split = order.split(streams)?;
            if split.goods.iter().any(|goods| goods.amount > 0) {
                let refund_id = RefundId(Uuid::new_v5(&order_id.0, command.document.as_bytes()));
                refund(streams, payment_id, refund_id, split)?;
            }
            let take = PurchasesCommand::TakeBack { order_id, returned: order.units() };
            streams.execute::<Purchases, ImportError>(customer_id, take)?;
        }
        Ok(())
    }
}

impl FromOrder {
    /// Units of a purchase that have not come back, by this or otherwise.
    fn units_left<S: Streams>(&self, streams: &S, purchase: &Purchase) -> Result<u32, Halt<ImportError>> {
        let order = streams.state::<Order, ImportError>(self.order_id)?;
        let place = purchase.line as usize;
        let bought = order.placed.as_ref().and_then(|placed| placed.lines.get(place));
        let returned = order.returned.get(place).copied().unwrap_or_default();
        let left = bought.map_or(0, |line| line.quantity.saturating_sub(returned));
        let planned = self.lines.get(&purchase.line).map_or(0, |(_, units, _)| *units);
        Ok(left.min(purchase.quantity).saturating_sub(planned))
    }

    /// Units that what is left of the payment refunds at this price.
    fn units_paid(&self, unit_price: Minor) -> u32 {
        if unit_price == 0 {
            return u32::MAX;
        }
        u32::try_from(self.left / unit_price).unwrap_or(u32::MAX)
    }

    fn take(&mut self, line: u32, product_id: ProductId, units: u32, unit_price: Minor) {
        // Not above what is left, which is counted exactly.
        let refund = unit_price.saturating_mul(Minor::from(units));
        self.left -= refund;
        let planned = self.lines.entry(line).or_insert((product_id, 0, 0));
        planned.1 += units;
        planned.2 += refund;
    }

    fn items(&self) -> Vec<Returned> {
        self.lines.iter().map(|(&line, &(_, quantity, _))| Returned { line, quantity }).collect()
    }

    fn units(&self) -> Vec<Units> {
        let units = |(&line, &(product_id, quantity, _))| Units { line, product_id, quantity };
        self.lines.iter().map(units).collect()
    }

    fn split<S: Streams>(&self, streams: &S) -> Result<Split, Halt<ImportError>> {
        let order = placed(streams, self.order_id)?;
        let goods = self.lines.iter().filter_map(|(&line, &(product_id, quantity, amount))| {
            let seller_id = order.lines.get(line as usize)?.seller_id;
            Some(GoodsAmount { line, product_id, seller_id, quantity, amount })
        });
        Ok(Split { goods: goods.collect(), tax: 0, shipping: 0 })
    }
}

fn refund<S: Streams>(
    streams: &mut S,
    payment_id: PaymentId,
    refund_id: RefundId,
    split: Split,
) -> Result<(), Halt<ImportError>> {
    let request = RequestRefund { payment_id, refund_id, of: RefundOf::Split(split), reason: None };
    request_refund(streams, &request).map_err(|halt| halt.map(ImportError::from))?;
    let settle = SettleRefund { payment_id, refund_id, reference: None };
    settle_refund(streams, &settle).map_err(|halt| halt.map(ImportError::from))
}

fn placed<S: Streams>(streams: &S, order_id: OrderId) -> Result<&OrderPlaced, Halt<ImportError>> {
    let order = streams.state::<Order, ImportError>(order_id)?;
    order.placed().map(AsRef::as_ref).map_err(|error| Halt::Refused(error.into()))
}

#[cfg(test)]
mod tests;
