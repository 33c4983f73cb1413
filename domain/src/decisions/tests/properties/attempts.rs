//! Trying it, by the decision that it asks for.

use super::tries::Try;
use super::*;
use crate::cart::{Cart, CartCommand, CartError};
use crate::coupon::CouponCode;
use crate::ids::ReviewId;
use crate::order::Split;

impl World {
    fn next_refund(&mut self) -> RefundId {
        self.refunds += 1;
        RefundId(Uuid::from_u128(0x3000 + self.refunds))
    }

    fn place(&mut self, source: OrderSource, coupon: Option<CouponCode>, rate: u32) -> bool {
        let n = usize::try_from(self.orders).unwrap();
        let order = PlaceOrder {
            order_id: order_id(n),
            payment_id: payment_id(n),
            source,
            coupon,
            tax_rate: rust_decimal::Decimal::new(rate.into(), 4),
            ..order_of(&[])
        };
        let placed = self.shop.decide(|it| place_order(it, &order)).is_ok();
        self.orders += u128::from(placed);
        placed
    }

    fn refund_of(&self, order: usize, refund: usize) -> RefundId {
        let payment = self.shop.get::<Payment>(payment_id(order));
        payment.refunds.get(refund).map_or(RefundId(Uuid::nil()), |refund| refund.refund_id)
    }

    fn least_of(&self, order: usize, lines: Lines) -> OrderStatus {
        let order = self.shop.get::<Order>(order_id(order));
        let placed = order.placed.iter().flat_map(|placed| &placed.lines);
        let theirs = placed.zip(&order.line_status).filter(|(line, _)| match lines {
            Lines::All => true,
            Lines::OfSeller(seller) => line.seller_id == seller,
        });
        theirs.map(|(_, status)| *status).min().unwrap_or_default()
    }

    /// Whether it was accepted.
    #[allow(clippy::too_many_lines, reason = "one arm for each decision")]
    pub(super) fn attempt(&mut self, what: Try) -> bool {
        let user_id = ANN;
        match what {
            Try::Stock { product, change } => {
                let command = ReceiveOrAdjustStock { product_id: PRODUCTS[product], change, reason: None };
                self.shop.decide(|it| receive_or_adjust_stock(it, &command)).is_ok()
            }
            Try::Add { product, quantity } => {
                let command = AddItem { user_id, product_id: PRODUCTS[product], quantity, at: time(0) };
                self.shop.decide(|it| add_item(it, &command)).is_ok()
            }
            Try::SetQuantity { product, quantity } => {
                let command = SetItemQuantity { user_id, product_id: PRODUCTS[product], quantity };
                self.shop.decide(|it| set_item_quantity(it, &command)).is_ok()
            }
            Try::ApplyCoupon { coupon } => {
                let command = apply(COUPONS[coupon], 0);
                self.shop.decide(|it| apply_coupon(it, &command)).is_ok()
            }
            Try::RemoveCoupon => self
                .shop
                .decide(|it| it.execute::<Cart, CartError>(user_id, CartCommand::RemoveCoupon))
                .is_ok(),
            Try::PlaceCart { rate } => self.place(OrderSource::Cart, None, rate),
            Try::PlaceItems { items, coupon, rate } => {
                let items = items.into_iter().map(|(product, quantity)| item(PRODUCTS[product], quantity));
                let coupon = COUPONS.get(coupon).map(|code| code.parse().unwrap());
                self.place(OrderSource::Items(items.collect()), coupon, rate)
            }
            Try::Attempt { order } => {
                let owed = self.shop.get::<Payment>(payment_id(order)).opened;
                let amount = owed.map_or(usd(1), |owed| owed.amount);
                let command = AttemptPayment { order_id: order_id(order), amount, ..attempt() };
                self.shop.decide(|it| attempt_payment(it, &command)).is_ok()
            }
            Try::Action { order } => {
                let attempt = self.shop.get::<Payment>(payment_id(order)).attempt.map_or(1, |it| it.number);
                let page = PersonalId(Uuid::from_u128(1));
                let command = RequireAction { payment_id: payment_id(order), attempt, page };
                self.shop.decide(|it| require_action(it, &command)).is_ok()
            }
            Try::Decline { order } => {
                let attempt = self.shop.get::<Payment>(payment_id(order)).attempt.map_or(1, |it| it.number);
                let command = DeclinePayment { payment_id: payment_id(order), attempt, code: "c".into() };
                self.shop.decide(|it| decline_payment(it, &command)).is_ok()
            }
            Try::Capture { order } => {
                let owed = self.shop.get::<Payment>(payment_id(order)).opened;
                let amount = owed.map_or(usd(1), |owed| owed.amount);
                let refund_id = self.next_refund();
                let payment_id = payment_id(order);
                let command = CapturePayment { payment_id, amount, refund_id, ..capture(0) };
                self.shop.decide(|it| capture_payment(it, &command)).is_ok()
            }
            Try::Confirm { order } => {
                let command = ConfirmManually { order_id: order_id(order) };
                self.shop.decide(|it| confirm_manually(it, &command)).is_ok()
            }
            Try::Step { order, lines, step } => {
                // Mostly the step whose turn it is.
                let step = match (step, self.least_of(order, lines)) {
                    (0, _) | (3.., OrderStatus::Confirmed) => Step::Processing { note: None },
                    (1, _) | (3.., OrderStatus::Processing) => Step::Shipped(parcel()),
                    (2.., _) => Step::Delivered { note: None },
                };
                let command = AdvanceOrder { order_id: order_id(order), lines, step };
                self.shop.decide(|it| advance_order(it, &command)).is_ok()
            }
            Try::Cancel { order, cause, minutes } => {
                let (order_id, refund_id) = (order_id(order), self.next_refund());
                let command = CancelOrder { order_id, cause, reason: None, at: time(minutes), refund_id };
                self.shop.decide(|it| cancel_order(it, &command)).is_ok()
            }
            Try::Return { order, line, quantity } => {
                let items = vec![Returned { line, quantity }];
                let command = ReturnItems { order_id: order_id(order), items };
                self.shop.decide(|it| return_items(it, &command)).is_ok()
            }
            Try::Refund { order, percent } => {
                let left = self.shop.get::<Payment>(payment_id(order)).refundable();
                let of = if percent == 0 { RefundOf::All } else { RefundOf::Amount(left * percent / 100) };
                self.refund(order, of)
            }
            Try::RefundUnits { order, line, quantity } => {
                let payment = self.shop.get::<Payment>(payment_id(order));
                let Some(captured) = payment.captured else { return false };
                let Some(mut goods) = captured.split.goods.get(line as usize).cloned() else { return false };
                // At a price of its own, perhaps above what was paid.
                (goods.amount, goods.quantity) = (i64::from(quantity) * 4_321, quantity);
                self.refund(order, RefundOf::Split(Split { goods: vec![goods], tax: 0, shipping: 0 }))
            }
            Try::Settle { order, refund } => {
                let refund_id = self.refund_of(order, refund);
                let command = SettleRefund { payment_id: payment_id(order), refund_id, reference: None };
                self.shop.decide(|it| settle_refund(it, &command)).is_ok()
            }
            Try::Fail { order, refund } => {
                let refund_id = self.refund_of(order, refund);
                let command = FailRefund { payment_id: payment_id(order), refund_id, code: "c".into() };
                self.shop.decide(|it| fail_refund(it, &command)).is_ok()
            }
            Try::Reverse { order, refund } => {
                let refund_id = self.refund_of(order, refund);
                let command = ReverseRefund { payment_id: payment_id(order), refund_id, code: "c".into() };
                self.shop.decide(|it| reverse_refund(it, &command)).is_ok()
            }
            Try::Review { product, order, rating } => {
                let command = WriteReview {
                    review_id: ReviewId(Uuid::from_u128(0x4000)),
                    product_id: PRODUCTS[product],
                    user_id,
                    shop: None,
                    rating,
                    order_id: None,
                    perhaps: Some(vec![order_id(order)]),
                    text: None,
                };
                self.shop.decide(|it| write_review(it, &command)).is_ok()
            }
        }
    }

    fn refund(&mut self, order: usize, of: RefundOf) -> bool {
        let refund_id = self.next_refund();
        let command = RequestRefund { payment_id: payment_id(order), refund_id, of, reason: None };
        self.shop.decide(|it| request_refund(it, &command)).is_ok()
    }
}
