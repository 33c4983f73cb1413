//! What holds then.

use std::collections::BTreeMap;

use super::*;
use crate::order::{OrderEvent, Split};
use crate::payment::RefundPhase;
use crate::review::{self, Review, ReviewEvent};

impl World {
    /// All of it.
    pub(super) fn check(&self) -> Result<(), TestCaseError> {
        self.check_coupons()?;
        self.check_reviews()?;
        let mut held: BTreeMap<ProductId, u64> = BTreeMap::new();
        for n in 0..usize::try_from(self.orders).unwrap() {
            self.check_money(n)?;
            self.check_reversals(n)?;
            let order = self.shop.get::<Order>(order_id(n));
            let placed = order.placed.as_ref().unwrap();
            prop_assert_eq!(Some(&order.status), order.line_status.iter().min());
            for ((line, returned), status) in placed.lines.iter().zip(&order.returned).zip(&order.line_status)
            {
                prop_assert!(*returned <= line.quantity);
                if status.is_before_shipping() {
                    *held.entry(line.product_id).or_default() += u64::from(line.quantity);
                }
            }
        }
        for product_id in PRODUCTS {
            self.check_stock(product_id, held.get(&product_id).copied().unwrap_or_default())?;
        }
        Ok(())
    }

    /// A coupon is redeemed by exactly the orders that have it and were not given up, and never too often.
    fn check_coupons(&self) -> Result<(), TestCaseError> {
        for code in COUPONS {
            let coupon = self.shop.get::<Coupon>(code);
            let orders =
                (0..usize::try_from(self.orders).unwrap()).map(|n| self.shop.get::<Order>(order_id(n)));
            let open = orders.filter(|order| {
                let used = order.placed.as_ref().unwrap().coupon_code.as_ref();
                order.status != OrderStatus::Cancelled && used.is_some_and(|used| used.as_str() == code)
            });
            prop_assert_eq!(coupon.redeemed, open.count() as u64);
            prop_assert!(coupon.terms.unwrap().total_limit.is_none_or(|limit| coupon.redeemed <= limit));
        }
        Ok(())
    }

    /// Each product is reviewed once by the one who buys here, and an order proves a review only if it brought the product.
    fn check_reviews(&self) -> Result<(), TestCaseError> {
        for product_id in PRODUCTS {
            let stream = review::stream(product_id, ANN);
            let written = self.shop.events::<Review>(&stream);
            prop_assert!(written.len() <= 1);
            for ReviewEvent::ReviewWritten(written) in written {
                prop_assert!((1..=5).contains(&written.rating));
                let Some(order_id) = written.order_id else { continue };
                let order = self.shop.get::<Order>(order_id);
                let lines = order.placed.iter().flat_map(|placed| &placed.lines).zip(&order.line_status);
                let mut lines = lines.filter(|(line, _)| line.product_id == product_id);
                prop_assert!(lines.any(|(_, status)| *status == OrderStatus::Delivered), "{:?}", order);
            }
        }
        Ok(())
    }

    /// Never below zero; conserved; reserved is what open orders hold.
    fn check_stock(&self, product_id: ProductId, held: u64) -> Result<(), TestCaseError> {
        let stock = self.shop.get::<Inventory>(product_id);
        let (mut came, mut left) = (0_i128, 0_i128);
        for event in self.shop.events::<Inventory>(product_id) {
            match event {
                InventoryEvent::StockReceived { quantity, .. }
                | InventoryEvent::StockReturned { quantity, .. } => {
                    came += i128::from(quantity);
                }
                InventoryEvent::StockAdjusted { delta, .. } => came += i128::from(delta),
                InventoryEvent::ReservationCommitted { quantity, .. } => left += i128::from(quantity),
                InventoryEvent::StockReserved { .. }
                | InventoryEvent::ReservationReleased { .. }
                | InventoryEvent::ReservationExpired { .. } => {}
            }
        }
        prop_assert_eq!(came, i128::from(stock.on_hand) + left, "conserved");
        prop_assert!(stock.reserved <= stock.on_hand, "below zero: {:?}", stock);
        prop_assert_eq!(stock.reserved, stock.reservations.values().map(|it| it.quantity).sum::<u64>());
        prop_assert_eq!(stock.reserved, held, "held by open orders");
        Ok(())
    }

    /// What came back to us is the money of a refund that had gone back, once of each; what did not is refunded.
    fn check_reversals(&self, n: usize) -> Result<(), TestCaseError> {
        let mut gone: BTreeMap<RefundId, Split> = BTreeMap::new();
        for event in self.shop.events::<Order>(order_id(n)) {
            match event {
                OrderEvent::OrderRefunded(refund) => {
                    prop_assert_eq!(gone.insert(refund.refund_id, refund.split), None);
                }
                OrderEvent::OrderRefundReversed(reversed) => {
                    let refund = gone.remove(&reversed.refund_id);
                    prop_assert_eq!(refund.map(|split| split.money_alone()), Some(reversed.split));
                }
                _ => {}
            }
        }
        let refunded: i64 = gone.values().filter_map(Split::total).sum();
        prop_assert_eq!(refunded, self.shop.get::<Order>(order_id(n)).refunded);
        Ok(())
    }

    /// Totals and splits add up; never more back than came; both streams agree.
    fn check_money(&self, n: usize) -> Result<(), TestCaseError> {
        let order = self.shop.get::<Order>(order_id(n));
        let payment = self.shop.get::<Payment>(payment_id(n));
        let placed = order.placed.as_ref().unwrap();
        let lines: i64 = placed.lines.iter().map(|line| line.total().unwrap()).sum();
        prop_assert_eq!(placed.subtotal, lines);
        prop_assert_eq!(placed.total, lines - placed.discount + placed.tax + placed.shipping);
        prop_assert!(order.captured - order.refunded >= 0 && order.refunded >= 0);
        prop_assert_eq!(order.captured, if order.paid { placed.total } else { 0 });
        prop_assert_eq!(payment.captured_amount(), order.captured);
        prop_assert_eq!(payment.refunded_amount(), order.refunded);
        prop_assert!(payment.refundable() >= 0);
        if let Some(captured) = &payment.captured {
            prop_assert_eq!(captured.split.total(), Some(placed.total));
            prop_assert!(payment.refundable_split().total().unwrap() >= payment.refundable());
        }
        for refund in &payment.refunds {
            prop_assert_eq!(refund.split.total(), Some(refund.amount));
            prop_assert!(refund.amount > 0 && !refund.split.has_negative_part());
        }
        let confirmed = !matches!(order.status, OrderStatus::Pending | OrderStatus::Cancelled);
        prop_assert!(order.paid || !confirmed);
        prop_assert!(!(order.paid && order.status == OrderStatus::Pending));
        let failed = payment.refunds.iter().any(|it| matches!(it.phase, RefundPhase::Failed { .. }));
        if order.status == OrderStatus::Cancelled && !failed {
            prop_assert_eq!(payment.refundable(), 0, "the money of a cancelled order goes back");
        }
        Ok(())
    }
}
