//! Attempting, capturing, refunding.

use super::*;
use crate::order::{OrderEvent, Split};
use crate::payment::{PaymentError, RefundPhase};

fn action() -> RequireAction {
    RequireAction { payment_id: PAYMENT, attempt: 1, page: PersonalId(Uuid::from_u128(0x21)) }
}

fn decline() -> DeclinePayment {
    DeclinePayment { payment_id: PAYMENT, attempt: 1, code: "card_declined".into() }
}

fn reverse(refund_id: RefundId) -> ReverseRefund {
    ReverseRefund { payment_id: PAYMENT, refund_id, code: "lost_or_stolen_card".into() }
}

fn fail() -> FailRefund {
    FailRefund { payment_id: PAYMENT, refund_id: REFUND, code: "expired_card".into() }
}

#[test]
fn an_order_is_paid_at_the_second_attempt() {
    let mut shop = with_order(OrderStatus::Pending);
    let first = shop.decide(|it| attempt_payment(it, &attempt())).unwrap();
    assert_eq!(first, Attempted { payment_id: PAYMENT, attempt: 1 });
    shop.decide(|it| require_action(it, &action())).unwrap();
    shop.decide(|it| decline_payment(it, &decline())).unwrap();
    assert_eq!(shop.get::<Order>(ORDER).status, OrderStatus::Pending);
    assert_eq!(shop.decide(|it| attempt_payment(it, &attempt())).unwrap().attempt, 2);

    let captured = shop.decide(|it| capture_payment(it, &capture(20_998))).unwrap();
    assert_eq!(captured, CapturedPayment { order_id: ORDER, status: OrderStatus::Confirmed });
    assert_eq!(
        made(&shop),
        [("payments", "PaymentCaptured"), ("orders", "OrderPaid"), ("orders", "OrderConfirmed")]
    );
    let captured = shop.get::<Payment>(PAYMENT).captured.unwrap();
    assert_eq!((captured.receipt_id, &captured.receipt), (Some(RECEIPT), &None));
    let split = &captured.split;
    assert_eq!((split.goods[0].quantity, split.goods[0].amount, split.tax), (2, 19_998, 1_000));
}

#[test]
fn an_attempt_that_may_not_be_is_refused() {
    let under_way = {
        let mut shop = with_order(OrderStatus::Pending);
        shop.decide(|it| attempt_payment(it, &attempt())).unwrap();
        shop
    };
    let euro = Money::new(20_998, "EUR".parse().unwrap());
    let wrong = || AttemptPaymentError::WrongAmount { owed: usd(20_998) };
    let not_pending = |status| AttemptPaymentError::NotPending { status };
    for (shop, attempt, error) in [
        (shop(), attempt(), AttemptPaymentError::UnknownOrder),
        (with_order(OrderStatus::Pending), AttemptPayment { amount: usd(20_997), ..attempt() }, wrong()),
        (with_order(OrderStatus::Pending), AttemptPayment { amount: euro, ..attempt() }, wrong()),
        (under_way, attempt(), PaymentError::AttemptUnderWay.into()),
        (with_order(OrderStatus::Confirmed), attempt(), not_pending(OrderStatus::Confirmed)),
        (with_order(OrderStatus::Cancelled), attempt(), not_pending(OrderStatus::Cancelled)),
    ] {
        let mut shop = shop;
        assert_eq!(shop.decide(|it| attempt_payment(it, &attempt)), Err(error));
    }
}

#[test]
fn the_money_of_a_cancelled_order_is_taken_and_given_back() {
    let mut shop = with_order(OrderStatus::Pending);
    shop.decide(|it| attempt_payment(it, &attempt())).unwrap();
    shop.decide(|it| cancel_order(it, &cancel())).unwrap();
    let captured = shop.decide(|it| capture_payment(it, &capture(20_998))).unwrap();
    assert_eq!(captured.status, OrderStatus::Cancelled);
    assert_eq!(
        made(&shop),
        [("payments", "PaymentCaptured"), ("orders", "OrderPaid"), ("payments", "RefundRequested")]
    );
    shop.decide(|it| settle_refund(it, &settle(REFUND))).unwrap();
    let order = shop.get::<Order>(ORDER);
    assert_eq!((order.status, order.captured, order.refunded), (OrderStatus::Cancelled, 20_998, 20_998));
}

#[test]
fn a_capture_that_may_not_be_is_refused() {
    for (shop, amount, error) in [
        (shop(), 20_998, PaymentError::NotOpened),
        (with_order(OrderStatus::Confirmed), 20_998, PaymentError::AlreadyCaptured),
        (with_order(OrderStatus::Pending), 1, PaymentError::WrongAmount { owed: usd(20_998) }),
    ] {
        let mut shop = shop;
        assert_eq!(shop.decide(|it| capture_payment(it, &capture(amount))), Err(error.into()));
    }
}

#[test]
fn what_a_gateway_says_of_no_attempt_is_refused() {
    let none = PaymentError::NoSuchAttempt { attempt: 1 };
    for (shop, error) in [
        (shop(), PaymentError::NotOpened),
        (with_order(OrderStatus::Pending), none),
        (with_order(OrderStatus::Confirmed), PaymentError::AlreadyCaptured),
    ] {
        let mut shop = shop;
        assert_eq!(shop.decide(|it| decline_payment(it, &decline())), Err(error));
        assert_eq!(shop.decide(|it| require_action(it, &action())), Err(error));
    }
}

#[test]
fn an_admin_confirms_what_was_paid_elsewhere() {
    let mut shop = with_order(OrderStatus::Pending);
    let confirm = ConfirmManually { order_id: ORDER };
    let captured = shop.decide(|it| confirm_manually(it, &confirm)).unwrap();
    assert_eq!(captured.status, OrderStatus::Confirmed);
    assert_eq!(shop.get::<Payment>(PAYMENT).captured.unwrap().gateway, "manual");
    let again = shop.decide(|it| confirm_manually(it, &confirm));
    assert_eq!(again, Err(AttemptPaymentError::NotPending { status: OrderStatus::Confirmed }));
}

#[test]
fn an_admin_does_not_confirm_beside_a_gateway() {
    let confirm = ConfirmManually { order_id: ORDER };
    let mut shop = with_order(OrderStatus::Pending);
    shop.decide(|it| attempt_payment(it, &attempt())).unwrap();
    let refused = shop.decide(|it| confirm_manually(it, &confirm));
    assert_eq!(refused, Err(PaymentError::AttemptUnderWay.into()));
    shop.decide(|it| decline_payment(it, &decline())).unwrap();
    shop.decide(|it| confirm_manually(it, &confirm)).unwrap();
    let nothing = self::shop().decide(|it| confirm_manually(it, &confirm));
    assert_eq!(nothing, Err(AttemptPaymentError::UnknownOrder));
}

#[test]
fn a_part_goes_back_pro_rata_and_a_whole_to_the_last_unit() {
    let mut shop = with_order(OrderStatus::Delivered);
    let part = shop.decide(|it| request_refund(it, &refund(RefundOf::Amount(1_000)))).unwrap();
    assert_eq!(part, RequestedRefund { order_id: ORDER, amount: usd(1_000) });
    assert_eq!(made(&shop), [("payments", "RefundRequested")]);
    let split = shop.get::<Payment>(PAYMENT).refunds[0].split.clone();
    assert_eq!((split.goods[0].amount, split.goods[0].quantity, split.tax), (952, 0, 48));

    shop.decide(|it| settle_refund(it, &settle(REFUND))).unwrap();
    assert_eq!(made(&shop), [("payments", "PaymentRefunded"), ("orders", "OrderRefunded")]);
    let all = RequestRefund { refund_id: REFUND_2, ..refund(RefundOf::All) };
    assert_eq!(shop.decide(|it| request_refund(it, &all)).unwrap().amount, usd(19_998));
    shop.decide(|it| settle_refund(it, &settle(REFUND_2))).unwrap();
    let order = shop.get::<Order>(ORDER);
    assert_eq!((order.captured, order.refunded), (20_998, 20_998));
}

#[test]
fn goods_go_back_at_their_price_even_above_what_the_line_cost() {
    let mut shop = with_order(OrderStatus::Delivered);
    let captured = shop.get::<Payment>(PAYMENT).captured.unwrap().split.clone();
    let mut split = Split { tax: 0, ..captured };
    (split.goods[0].amount, split.goods[0].quantity) = (20_500, 1);
    shop.decide(|it| request_refund(it, &refund(RefundOf::Split(split.clone())))).unwrap();
    let all = RequestRefund { refund_id: REFUND_2, ..refund(RefundOf::All) };
    assert_eq!(shop.decide(|it| request_refund(it, &all)).unwrap().amount, usd(498));
}

#[test]
fn a_refund_that_failed_may_be_requested_anew() {
    let mut shop = with_order(OrderStatus::Delivered);
    shop.decide(|it| request_refund(it, &refund(RefundOf::All))).unwrap();
    shop.decide(|it| fail_refund(it, &fail())).unwrap();
    let all = RequestRefund { refund_id: REFUND_2, ..refund(RefundOf::All) };
    assert_eq!(shop.decide(|it| request_refund(it, &all)).unwrap().amount, usd(20_998));
}

#[test]
fn a_refund_that_came_back_to_us_is_undone_and_may_be_requested_anew() {
    let mut shop = with_order(OrderStatus::Delivered);
    let captured = shop.get::<Payment>(PAYMENT).captured.unwrap().split.clone();
    let mut split = Split { tax: 500, ..captured };
    (split.goods[0].amount, split.goods[0].quantity) = (9_999, 1);
    shop.decide(|it| request_refund(it, &refund(RefundOf::Split(split.clone())))).unwrap();
    shop.decide(|it| settle_refund(it, &settle(REFUND))).unwrap();
    assert_eq!(shop.get::<Order>(ORDER).refunded, 10_499);

    shop.decide(|it| reverse_refund(it, &reverse(REFUND))).unwrap();
    assert_eq!(made(&shop), [("payments", "RefundReversed"), ("orders", "OrderRefundReversed")]);
    let (payment, order) = (shop.get::<Payment>(PAYMENT), shop.get::<Order>(ORDER));
    assert_eq!(payment.refunds[0].phase, RefundPhase::Failed { code: "lost_or_stolen_card".into() });
    assert_eq!((payment.refunded_amount(), payment.refundable(), order.refunded), (0, 20_998, 0));
    let money = split.money_alone();
    assert_eq!((money.goods[0].quantity, money.total()), (0, Some(10_499)), "the goods stay where they are");
    let Some(OrderEvent::OrderRefundReversed(reversed)) = shop.events::<Order>(ORDER).pop() else {
        panic!("the order's last event is the reversal")
    };
    assert_eq!((reversed.amount, reversed.split), (10_499, money));

    let all = RequestRefund { refund_id: REFUND_2, ..refund(RefundOf::All) };
    assert_eq!(shop.decide(|it| request_refund(it, &all)).unwrap().amount, usd(20_998));
    shop.decide(|it| settle_refund(it, &settle(REFUND_2))).unwrap();
    assert_eq!(shop.get::<Order>(ORDER).refunded, 20_998);
}

#[test]
fn only_what_went_back_comes_back_and_once() {
    let not = || PaymentError::NotRefunded { refund_id: REFUND };
    let mut shop = with_order(OrderStatus::Delivered);
    assert_eq!(shop.decide(|it| reverse_refund(it, &reverse(REFUND))), Err(not().into()));
    shop.decide(|it| request_refund(it, &refund(RefundOf::All))).unwrap();
    assert_eq!(shop.decide(|it| reverse_refund(it, &reverse(REFUND))), Err(not().into()));
    shop.decide(|it| settle_refund(it, &settle(REFUND))).unwrap();
    shop.decide(|it| reverse_refund(it, &reverse(REFUND))).unwrap();
    assert_eq!(shop.decide(|it| reverse_refund(it, &reverse(REFUND))), Err(not().into()));
    let gone = PaymentError::NoSuchRefund { refund_id: REFUND };
    assert_eq!(shop.decide(|it| settle_refund(it, &settle(REFUND))), Err(gone.into()));
    let nothing = self::shop().decide(|it| reverse_refund(it, &reverse(REFUND)));
    assert_eq!(nothing, Err(ReverseRefundError::Payment(PaymentError::NotOpened)));
}

#[test]
fn a_refund_that_may_not_be_is_refused() {
    let above = |left| PaymentError::RefundAboveCapture { left: usd(left) };
    let requested = || {
        let mut shop = with_order(OrderStatus::Delivered);
        shop.decide(|it| request_refund(it, &refund(RefundOf::Amount(20_000)))).unwrap();
        shop
    };
    let nothing_left = || {
        let mut shop = with_order(OrderStatus::Delivered);
        shop.decide(|it| request_refund(it, &refund(RefundOf::All))).unwrap();
        shop
    };
    let refunded = || {
        let mut shop = nothing_left();
        shop.decide(|it| settle_refund(it, &settle(REFUND))).unwrap();
        shop
    };
    let next = |of| RequestRefund { refund_id: REFUND_2, ..refund(of) };
    let delivered = || with_order(OrderStatus::Delivered);
    let empty = Split::default();
    for (shop, refund, error) in [
        (shop(), refund(RefundOf::All), PaymentError::NotOpened),
        (with_order(OrderStatus::Pending), refund(RefundOf::All), PaymentError::NotCaptured),
        (delivered(), refund(RefundOf::Amount(0)), PaymentError::ZeroRefund),
        (delivered(), refund(RefundOf::Amount(-1)), PaymentError::ZeroRefund),
        (delivered(), refund(RefundOf::Split(empty)), PaymentError::ZeroRefund),
        (delivered(), refund(RefundOf::Amount(20_999)), above(20_998)),
        (requested(), next(RefundOf::Amount(999)), above(998)),
        (requested(), next(RefundOf::Split(Split { tax: 999, ..Split::default() })), above(998)),
        (nothing_left(), next(RefundOf::All), above(0)),
        (refunded(), next(RefundOf::All), above(0)),
        (refunded(), next(RefundOf::Amount(1)), above(0)),
        (refunded(), next(RefundOf::Amount(0)), PaymentError::ZeroRefund),
        (requested(), refund(RefundOf::Amount(1)), PaymentError::RepeatedRefund),
    ] {
        let mut shop = shop;
        assert_eq!(shop.decide(|it| request_refund(it, &refund)), Err(error));
    }
}

#[test]
fn a_refund_is_settled_once() {
    let gone = || PaymentError::NoSuchRefund { refund_id: REFUND };
    let mut shop = with_order(OrderStatus::Delivered);
    assert_eq!(shop.decide(|it| settle_refund(it, &settle(REFUND))), Err(gone().into()));
    assert_eq!(shop.decide(|it| fail_refund(it, &fail())), Err(gone()));
    shop.decide(|it| request_refund(it, &refund(RefundOf::All))).unwrap();
    shop.decide(|it| settle_refund(it, &settle(REFUND))).unwrap();
    assert_eq!(shop.decide(|it| settle_refund(it, &settle(REFUND))), Err(gone().into()));
    assert_eq!(shop.decide(|it| fail_refund(it, &fail())), Err(gone()));
    let nothing = self::shop().decide(|it| settle_refund(it, &settle(REFUND)));
    assert_eq!(nothing, Err(SettleRefundError::Payment(PaymentError::NotOpened)));
}
