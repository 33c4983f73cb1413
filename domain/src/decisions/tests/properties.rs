//! What holds after any sequence of decisions, accepted or refused.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::cart::{Cart, CartCommand, CartError};
use crate::coupon::CouponCode;
use crate::order::{CancelCause, OrderEvent, Split};
use crate::payment::RefundPhase;

const PRODUCTS: [ProductId; 3] = [MUG, POT, TIP];
const COUPONS: [&str; 3] = [SAVE20, FIVE, ONCE];

/// One thing that somebody tries; numbers choose among what there is.
#[derive(Clone, Debug)]
enum Try {
    Stock { product: usize, change: StockChange },
    Add { product: usize, quantity: u32 },
    SetQuantity { product: usize, quantity: u32 },
    ApplyCoupon { coupon: usize },
    RemoveCoupon,
    PlaceCart { rate: u32 },
    PlaceItems { items: Vec<(usize, u32)>, coupon: usize, rate: u32 },
    Attempt { order: usize },
    Action { order: usize },
    Decline { order: usize },
    Capture { order: usize },
    Confirm { order: usize },
    Step { order: usize, lines: Lines, step: usize },
    Cancel { order: usize, cause: CancelCause, minutes: i64 },
    Return { order: usize, line: u32, quantity: u32 },
    Refund { order: usize, percent: i64 },
    RefundUnits { order: usize, line: u32, quantity: u32 },
    Settle { order: usize, refund: usize },
    Fail { order: usize, refund: usize },
    Reverse { order: usize, refund: usize },
}

fn any_try() -> impl Strategy<Value = Try> {
    let product = 0..PRODUCTS.len();
    let order = 0..4_usize;
    let change = prop_oneof![
        (-20..30_i64).prop_map(StockChange::By),
        (-20..30_i64).prop_map(StockChange::AdjustBy),
        (0..30_u64).prop_map(StockChange::SetAvailable),
    ];
    let lines = prop_oneof![Just(Lines::All), Just(Lines::OfSeller(SELLER)), Just(Lines::OfSeller(POTTER))];
    let cause =
        prop_oneof![Just(CancelCause::Customer), Just(CancelCause::Staff), Just(CancelCause::Expired)];
    prop_oneof![
        2 => (product.clone(), change).prop_map(|(product, change)| Try::Stock { product, change }),
        2 => (product.clone(), 0..6_u32).prop_map(|(product, quantity)| Try::Add { product, quantity }),
        1 => (product.clone(), 0..9_u32).prop_map(|(product, quantity)| Try::SetQuantity { product, quantity }),
        2 => (0..3_000_u32).prop_map(|rate| Try::PlaceCart { rate }),
        2 => (0..COUPONS.len()).prop_map(|coupon| Try::ApplyCoupon { coupon }),
        1 => Just(Try::RemoveCoupon),
        4 => (prop::collection::vec((product, 0..5_u32), 0..4), 0..6_usize, 0..3_000_u32)
            .prop_map(|(items, coupon, rate)| Try::PlaceItems { items, coupon, rate }),
        2 => order.clone().prop_map(|order| Try::Attempt { order }),
        1 => order.clone().prop_map(|order| Try::Action { order }),
        1 => order.clone().prop_map(|order| Try::Decline { order }),
        4 => order.clone().prop_map(|order| Try::Capture { order }),
        1 => order.clone().prop_map(|order| Try::Confirm { order }),
        9 => (order.clone(), lines, 0..9_usize)
            .prop_map(|(order, lines, step)| Try::Step { order, lines, step }),
        2 => (order.clone(), cause, 0..60_i64)
            .prop_map(|(order, cause, minutes)| Try::Cancel { order, cause, minutes }),
        3 => (order.clone(), 0..3_u32, 0..4_u32)
            .prop_map(|(order, line, quantity)| Try::Return { order, line, quantity }),
        3 => (order.clone(), 0..=120_i64).prop_map(|(order, percent)| Try::Refund { order, percent }),
        2 => (order.clone(), 0..3_u32, 0..4_u32)
            .prop_map(|(order, line, quantity)| Try::RefundUnits { order, line, quantity }),
        4 => (order.clone(), 0..3_usize).prop_map(|(order, refund)| Try::Settle { order, refund }),
        1 => (order.clone(), 0..3_usize).prop_map(|(order, refund)| Try::Fail { order, refund }),
        2 => (order, 0..3_usize).prop_map(|(order, refund)| Try::Reverse { order, refund }),
    ]
}

/// The shop and what was tried in it.
struct World {
    shop: InMemory,
    orders: u128,
    refunds: u128,
}

fn order_id(n: usize) -> OrderId {
    OrderId(Uuid::from_u128(0x1000 + n as u128))
}

fn payment_id(n: usize) -> PaymentId {
    PaymentId(Uuid::from_u128(0x2000 + n as u128))
}

impl World {
    fn new() -> Self {
        Self { shop: shop(), orders: 0, refunds: 0 }
    }

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
    fn attempt(&mut self, what: Try) -> bool {
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
        }
    }

    fn refund(&mut self, order: usize, of: RefundOf) -> bool {
        let refund_id = self.next_refund();
        let command = RequestRefund { payment_id: payment_id(order), refund_id, of, reason: None };
        self.shop.decide(|it| request_refund(it, &command)).is_ok()
    }

    fn check(&self) -> Result<(), TestCaseError> {
        self.check_coupons()?;
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn stock_and_money_are_kept_over_any_sequence(tries in prop::collection::vec(any_try(), 1..120)) {
        let mut world = World::new();
        for what in tries {
            world.attempt(what);
            world.check()?;
        }
    }
}

/// The property says something only if the sequences get somewhere.
#[test]
fn the_sequences_reach_every_event() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let sequences = prop::collection::vec(any_try(), 100..120);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let mut world = World::new();
        for what in sequences.new_tree(&mut runner).unwrap().current() {
            world.attempt(what);
            seen.extend(world.shop.made().iter().map(|(_, event)| event.clone()));
        }
    }
    let untried = ["CartCleared", "CouponCreated", "CouponWithdrawn"];
    for (aggregate, event, _) in crate::public::schemas() {
        // The catalog has a property of its own.
        let catalog = ["products", "categories"].contains(&aggregate);
        assert!(catalog || seen.contains(event) || untried.contains(&event), "{event} never happened");
    }
}
