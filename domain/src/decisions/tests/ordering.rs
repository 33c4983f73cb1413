//! Placing, previewing, advancing, cancelling, and taking back.

use super::*;
use crate::cart::Cart;
use crate::inventory::InventoryError;
use crate::order::{CancelCause, OrderError, TotalsError};

#[test]
fn an_order_reserves_opens_its_payment_and_leaves_the_cart() {
    let mut shop = shop().given::<Cart>(ANN, vec![put_in(POT, 1)]);
    let items = [item(MUG, 1), item(POT, 3), item(MUG, 1)];
    let placed = shop.decide(|it| place_order(it, &order_of(&items))).unwrap();
    assert_eq!(
        made(&shop),
        [
            ("orders", "OrderPlaced"),
            ("inventory", "StockReserved"),
            ("inventory", "StockReserved"),
            ("payments", "PaymentOpened"),
        ]
    );
    let lines: Vec<_> =
        placed.priced.lines.iter().map(|it| (it.product_id, it.quantity, it.unit_price)).collect();
    assert_eq!(lines, [(MUG, 2, 9_999), (POT, 3, 1_000)]);
    // 229.98 at 5 %: 11.499.
    assert_eq!((placed.priced.totals.tax, placed.priced.totals.total), (1_150, 24_148));
    assert_eq!(placed.status, OrderStatus::Pending);
    assert_eq!((stock(&shop, MUG), stock(&shop, POT)), ((10, 2), (5, 3)));
    assert_eq!(shop.get::<Payment>(PAYMENT).opened.unwrap().amount, usd(24_148));
    assert_eq!(shop.get::<Cart>(ANN).lines.len(), 1);
}

#[test]
fn an_order_of_the_cart_checks_it_out_at_the_catalogs_prices() {
    let mut shop = shop().given::<Cart>(ANN, vec![put_in(MUG, 2)]);
    let placed = shop.decide(|it| place_order(it, &order_of_cart())).unwrap();
    assert_eq!(placed.priced.totals.total, 20_998);
    assert!(made(&shop).contains(&("carts", "CartCheckedOut")));
    assert!(shop.get::<Cart>(ANN).lines.is_empty());
    let again = shop.decide(|it| place_order(it, &order_of_cart()));
    assert_eq!(again, Err(PricingError::EmptyCart.into()));
}

#[test]
fn an_order_of_nothing_owed_is_confirmed_at_once() {
    let mut shop = shop();
    let placed = shop.decide(|it| place_order(it, &order_of(&[item(TIP, 1)]))).unwrap();
    assert_eq!(placed.status, OrderStatus::Confirmed);
    assert_eq!(
        made(&shop)[2..],
        [
            ("payments", "PaymentOpened"),
            ("payments", "PaymentCaptured"),
            ("orders", "OrderPaid"),
            ("orders", "OrderConfirmed"),
        ]
    );
    let cancelled = shop.decide(|it| cancel_order(it, &cancel())).unwrap();
    assert_eq!(cancelled.refund, 0);
    assert_eq!(made(&shop), [("orders", "OrderCancelled"), ("inventory", "ReservationReleased")]);
}

#[test]
fn what_cannot_be_ordered_is_refused_with_nothing_changed() {
    let many: Vec<Item> = (0..201).map(|n| item(ProductId(Uuid::from_u128(1_000 + n)), 1)).collect();
    let guest = PlaceOrder { customer_id: None, ..order_of_cart() };
    let taxed = PlaceOrder { tax_rate: "1.5".parse().unwrap(), ..order_of(&[item(MUG, 1)]) };
    let short = |product_id, available, requested| PlaceOrderError::InsufficientStock {
        product_id,
        available,
        requested,
    };
    for (order, error) in [
        (order_of_cart(), PricingError::EmptyCart.into()),
        (guest, PricingError::EmptyCart.into()),
        (order_of(&[]), PricingError::NoItems.into()),
        (order_of(&[item(MUG, 1), item(POT, 0)]), PricingError::ZeroQuantity { product_id: POT }.into()),
        (
            order_of(&[item(MUG, u32::MAX), item(MUG, 1)]),
            PricingError::QuantityTooLarge { product_id: MUG }.into(),
        ),
        (order_of(&many), PricingError::TooManyLines.into()),
        (order_of(&[item(NOWHERE, 1)]), PricingError::UnknownProduct { product_id: NOWHERE }.into()),
        (order_of(&[item(JAR, 1)]), PricingError::UnknownProduct { product_id: JAR }.into()),
        (order_of(&[item(MUG, 1), item(TEA, 1)]), PricingError::MixedCurrencies.into()),
        (taxed, PricingError::Totals(TotalsError::TaxRate).into()),
        (order_of(&[item(MUG, 10), item(POT, 6)]), short(POT, 5, 6)),
        (order_of(&[item(MUG, 6), item(MUG, 5)]), short(MUG, 10, 11)),
    ] {
        let mut shop = shop();
        assert_eq!(shop.decide(|it| place_order(it, &order)), Err(error));
        assert!(shop.made().is_empty());
        assert_eq!((stock(&shop, MUG), stock(&shop, POT)), ((10, 0), (5, 0)));
        assert_eq!(shop.get::<Order>(ORDER), Order::default());
    }
}

#[test]
fn an_id_is_used_once() {
    let mut shop = with_order(OrderStatus::Pending);
    let again = shop.decide(|it| place_order(it, &order_of(&[item(MUG, 1)])));
    assert_eq!(again, Err(OrderError::AlreadyPlaced.into()));
    let order_id = OrderId(Uuid::from_u128(0x72));
    let same_payment = PlaceOrder { order_id, ..order_of(&[item(MUG, 1)]) };
    let again = shop.decide(|it| place_order(it, &same_payment));
    assert_eq!(again, Err(crate::payment::PaymentError::AlreadyOpened.into()));
    assert_eq!(stock(&shop, MUG), (10, 2));
}

#[test]
fn streams_are_loaded_at_once() {
    let mut of_items = shop().cold();
    of_items.decide(|it| place_order(it, &order_of(&[item(MUG, 1), item(POT, 1)]))).unwrap();
    assert_eq!(of_items.rounds(), 1);
    let mut of_cart = shop().given::<Cart>(ANN, vec![put_in(MUG, 2), put_in(POT, 1)]).cold();
    of_cart.decide(|it| place_order(it, &order_of_cart())).unwrap();
    assert_eq!(of_cart.rounds(), 2);
    let mut cancelled = with_order(OrderStatus::Confirmed).cold();
    cancelled.decide(|it| cancel_order(it, &cancel())).unwrap();
    assert_eq!(cancelled.rounds(), 2);
}

#[test]
fn a_preview_is_priced_like_the_order_and_changes_nothing() {
    let mut shop = shop().given::<Cart>(ANN, vec![put_in(MUG, 2)]).cold();
    let order = order_of_cart();
    let PlaceOrder { customer_id, source, coupon, tax_rate, at, .. } = order.clone();
    let preview = PreviewOrder { customer_id, source, coupon, tax_rate, at };
    let priced = shop.decide(|it| preview_order(it, &preview)).unwrap().priced;
    assert!(shop.made().is_empty());
    assert_eq!(shop.decide(|it| place_order(it, &order)).unwrap().priced, priced);
    let refused = PreviewOrder { source: OrderSource::Items(vec![item(JAR, 1)]), ..preview };
    let unknown = PricingError::UnknownProduct { product_id: JAR };
    assert_eq!(shop.decide(|it| preview_order(it, &refused)), Err(unknown));
}

#[test]
fn shipping_takes_the_goods_out_of_the_house() {
    let mut shop = with_order(OrderStatus::Processing);
    assert_eq!(stock(&shop, MUG), (10, 2));
    let leaves = Step::Shipped(parcel());
    assert_eq!(shop.decide(|it| advance_order(it, &advance(leaves.clone()))), Ok(OrderStatus::Shipped));
    assert_eq!(made(&shop), [("orders", "OrderShipped"), ("inventory", "ReservationCommitted")]);
    assert_eq!(stock(&shop, MUG), (8, 0));
}

#[test]
fn a_seller_ships_what_is_the_sellers_and_leaves_the_rest() {
    let mut shop = shop();
    shop.decide(|it| place_order(it, &order_of(&[item(MUG, 2), item(POT, 3)]))).unwrap();
    let total = shop.get::<Order>(ORDER).placed.unwrap().total;
    shop.decide(|it| capture_payment(it, &capture(total))).unwrap();
    let of = |seller, step| AdvanceOrder { lines: Lines::OfSeller(seller), ..advance(step) };
    shop.decide(|it| advance_order(it, &of(POTTER, Step::Processing { note: None }))).unwrap();
    let shipped = shop.decide(|it| advance_order(it, &of(POTTER, Step::Shipped(parcel()))));
    assert_eq!(shipped, Ok(OrderStatus::Confirmed), "the mugs wait");
    assert_eq!(made(&shop), [("orders", "OrderShipped"), ("inventory", "ReservationCommitted")]);
    assert_eq!((stock(&shop, POT), stock(&shop, MUG)), ((2, 0), (10, 2)));

    let refused = OrderError::PartlyShipped.into();
    assert_eq!(shop.decide(|it| cancel_order(it, &cancel())), Err::<CancelledOrder, _>(refused));
    let stranger = SellerId(Uuid::from_u128(0x53));
    assert_eq!(
        shop.decide(|it| advance_order(it, &of(stranger, Step::Shipped(parcel())))),
        Err(OrderError::NothingOfSeller.into())
    );
    shop.decide(|it| advance_order(it, &of(SELLER, Step::Processing { note: None }))).unwrap();
    let shipped = shop.decide(|it| advance_order(it, &of(SELLER, Step::Shipped(parcel()))));
    assert_eq!(shipped, Ok(OrderStatus::Shipped));
    assert_eq!(stock(&shop, MUG), (8, 0));
}

#[test]
fn a_step_out_of_turn_is_refused() {
    let wrong = |is, to| AdvanceOrderError::Order(OrderError::WrongStatus { is, to });
    for (given, step, error) in [
        (
            OrderStatus::Pending,
            Step::Processing { note: None },
            wrong(OrderStatus::Pending, OrderStatus::Processing),
        ),
        (
            OrderStatus::Confirmed,
            Step::Shipped(parcel()),
            wrong(OrderStatus::Confirmed, OrderStatus::Shipped),
        ),
        (
            OrderStatus::Processing,
            Step::Delivered { note: None },
            wrong(OrderStatus::Processing, OrderStatus::Delivered),
        ),
        (
            OrderStatus::Cancelled,
            Step::Shipped(parcel()),
            wrong(OrderStatus::Cancelled, OrderStatus::Shipped),
        ),
    ] {
        let mut shop = with_order(given);
        assert_eq!(shop.decide(|it| advance_order(it, &advance(step.clone()))), Err(error));
    }
    for step in [Step::Processing { note: None }, Step::Shipped(parcel())] {
        let nothing = shop().decide(|it| advance_order(it, &advance(step.clone())));
        assert_eq!(nothing, Err(OrderError::NotPlaced.into()));
    }
}

#[test]
fn a_pending_order_that_is_cancelled_frees_stock_and_payment() {
    for (cause, at, freed) in [
        (CancelCause::Customer, 1, "ReservationReleased"),
        (CancelCause::Staff, 1, "ReservationReleased"),
        (CancelCause::Expired, 30, "ReservationExpired"),
    ] {
        let mut shop = with_order(OrderStatus::Pending);
        let cancel = CancelOrder { cause, at: time(at), ..cancel() };
        assert_eq!(shop.decide(|it| cancel_order(it, &cancel)).unwrap().refund, 0);
        assert_eq!(
            made(&shop),
            [("orders", "OrderCancelled"), ("inventory", freed), ("payments", "PaymentCancelled")]
        );
        assert_eq!(stock(&shop, MUG), (10, 0));
    }
}

#[test]
fn a_paid_order_that_is_cancelled_gives_the_money_back_with_its_units() {
    let mut shop = with_order(OrderStatus::Processing);
    let cancelled = shop.decide(|it| cancel_order(it, &cancel())).unwrap();
    assert_eq!(cancelled.refund, 20_998);
    assert_eq!(
        made(&shop),
        [("orders", "OrderCancelled"), ("inventory", "ReservationReleased"), ("payments", "RefundRequested")]
    );
    let refund = shop.get::<Payment>(PAYMENT).refunds.remove(0);
    assert_eq!((refund.split.goods[0].quantity, refund.split.total()), (2, Some(20_998)));
}

#[test]
fn what_is_left_of_a_partly_refunded_order_goes_back_when_it_is_cancelled() {
    let mut shop = with_order(OrderStatus::Confirmed);
    shop.decide(|it| request_refund(it, &refund(RefundOf::Amount(998)))).unwrap();
    let cancel = CancelOrder { refund_id: REFUND_2, ..cancel() };
    assert_eq!(shop.decide(|it| cancel_order(it, &cancel)).unwrap().refund, 20_000);
    for refund_id in [REFUND, REFUND_2] {
        shop.decide(|it| settle_refund(it, &settle(refund_id))).unwrap();
    }
    assert_eq!(shop.get::<Order>(ORDER).refunded, 20_998);
}

#[test]
fn what_cannot_be_cancelled_is_refused() {
    let wrong = |is| OrderError::WrongStatus { is, to: OrderStatus::Cancelled }.into();
    let expired = CancelOrder { cause: CancelCause::Expired, at: time(99), ..cancel() };
    for (shop, cancel, error) in [
        (shop(), cancel(), OrderError::NotPlaced.into()),
        (with_order(OrderStatus::Shipped), cancel(), wrong(OrderStatus::Shipped)),
        (with_order(OrderStatus::Delivered), cancel(), wrong(OrderStatus::Delivered)),
        (with_order(OrderStatus::Cancelled), cancel(), wrong(OrderStatus::Cancelled)),
        (with_order(OrderStatus::Confirmed), expired, wrong(OrderStatus::Confirmed)),
        (
            with_order(OrderStatus::Pending),
            CancelOrder { at: time(29), ..expired },
            OrderError::NotExpired.into(),
        ),
    ] {
        let mut shop = shop;
        assert_eq!(shop.decide(|it| cancel_order(it, &cancel)), Err(error));
    }
}

#[test]
fn goods_that_come_back_are_for_sale_again() {
    let mut shop = with_order(OrderStatus::Shipped);
    let back = ReturnItems { order_id: ORDER, items: vec![Returned { line: 0, quantity: 1 }] };
    shop.decide(|it| return_items(it, &back)).unwrap();
    assert_eq!(made(&shop), [("orders", "ItemsReturned"), ("inventory", "StockReturned")]);
    assert_eq!(stock(&shop, MUG), (9, 0));
}

#[test]
fn what_cannot_come_back_is_refused() {
    let back = |line, quantity| ReturnItems { order_id: ORDER, items: vec![Returned { line, quantity }] };
    let twice = ReturnItems { order_id: ORDER, items: vec![Returned { line: 0, quantity: 2 }; 2] };
    let delivered = || with_order(OrderStatus::Delivered);
    let full = delivered().given::<Inventory>(MUG, received(crate::inventory::MOST_ON_HAND - 8));
    let not_shipped = OrderError::NotShipped { is: OrderStatus::Processing };
    for (shop, back, error) in [
        (shop(), back(0, 1), OrderError::NotPlaced.into()),
        (with_order(OrderStatus::Processing), back(0, 1), not_shipped.into()),
        (delivered(), back(1, 1), OrderError::UnknownLine { line: 1 }.into()),
        (delivered(), back(0, 0), OrderError::ZeroQuantity.into()),
        (delivered(), back(0, 3), OrderError::ReturnAboveBought { line: 0, left: 2 }.into()),
        (delivered(), twice, OrderError::ReturnAboveBought { line: 0, left: 0 }.into()),
        (full, back(0, 1), InventoryError::TooMuch.into()),
    ] {
        let mut shop = shop;
        assert_eq!(shop.decide(|it| return_items(it, &back)), Err::<(), ReturnItemsError>(error));
    }
}
