//! What is accepted, and what is refused.

use super::*;

#[test]
fn what_is_accepted() {
    use OrderStatus::{Cancelled, Confirmed, Delivered, Pending, Processing, Shipped};
    let paid = || OrderEvent::OrderPaid(payment());
    let back = |quantity| OrderEvent::ItemsReturned { items: vec![returned(0, quantity)] };
    let take_back = |quantity| OrderCommand::Return { items: vec![returned(0, quantity)] };
    for (given, when, then) in [
        (vec![], place(|_| ()), placed()),
        (until(Pending), OrderCommand::RecordPayment(payment()), paid()),
        (until(Cancelled), OrderCommand::RecordPayment(payment()), paid()),
        (and(until(Pending), paid()), OrderCommand::Confirm, OrderEvent::OrderConfirmed {}),
        (until(Confirmed), start(Lines::All), OrderEvent::OrderProcessing { note: None, part: None }),
        (until(Processing), ship(Lines::All), left(None)),
        (until(Shipped), deliver(Lines::All), OrderEvent::OrderDelivered { note: None, part: None }),
        (until(Pending), cancel(CancelCause::Customer, 0), cancelled(CancelCause::Customer)),
        (until(Pending), cancel(CancelCause::Expired, 30), cancelled(CancelCause::Expired)),
        (until(Confirmed), cancel(CancelCause::Staff, 0), cancelled(CancelCause::Staff)),
        (until(Processing), cancel(CancelCause::Customer, 99), cancelled(CancelCause::Customer)),
        (until(Shipped), take_back(1), back(1)),
        (and(until(Delivered), back(1)), take_back(1), back(1)),
        (
            until(Confirmed),
            OrderCommand::RecordRefund(refund(20_998)),
            OrderEvent::OrderRefunded(refund(20_998)),
        ),
        (gone_back(), OrderCommand::ReverseRefund(reversal(20_000)), come_back()),
        (
            and(gone_back(), come_back()),
            OrderCommand::RecordRefund(refund(20_998)),
            OrderEvent::OrderRefunded(refund(20_998)),
        ),
    ] {
        TestFramework::<Order>::with(()).given(given).when(when).then_expect_events(vec![then]);
    }
}

#[test]
fn an_order_that_cannot_be_placed_is_refused() {
    let many = u32::MAX;
    for (when, then) in [
        (place(|it| it.lines.clear()), OrderError::NoLines),
        (place(|it| it.lines[0].quantity = 0), OrderError::ZeroQuantity),
        (place(|it| it.lines[0].unit_price = -1), TotalsError::NegativePrice.into()),
        (place(|it| it.lines = vec![line(1, i64::MAX, many)]), TotalsError::TooLarge.into()),
        (place(|it| it.lines = vec![line(1, i64::MAX, 1), line(2, 1, 1)]), TotalsError::TooLarge.into()),
        (place(|it| it.lines[0] = line(1, i64::MAX, 1)), TotalsError::TooLarge.into()),
        (place(|it| it.discount = -1), TotalsError::Discount.into()),
        (place(|it| it.discount = 19_999), TotalsError::Discount.into()),
        (place(|it| it.shipping = -1), TotalsError::NegativeShipping.into()),
        (place(|it| it.shipping = i64::MAX), TotalsError::TooLarge.into()),
        (place(|it| it.tax_rate = dec("-0.01")), TotalsError::TaxRate.into()),
        (place(|it| it.tax_rate = dec("1.01")), TotalsError::TaxRate.into()),
        (place(|it| it.tax_rate = dec("0.0000000001")), TotalsError::TaxRate.into()),
    ] {
        TestFramework::<Order>::with(()).given_no_previous_events().when(when).then_expect_error(then);
    }
    let again = TestFramework::<Order>::with(()).given(vec![placed()]).when(place(|_| ()));
    again.then_expect_error(OrderError::AlreadyPlaced);
}

#[test]
fn nothing_happens_to_an_order_that_does_not_exist() {
    for when in [
        OrderCommand::RecordPayment(payment()),
        OrderCommand::Confirm,
        start(Lines::All),
        ship(Lines::All),
        deliver(Lines::All),
        cancel(CancelCause::Customer, 0),
        OrderCommand::Return { items: vec![returned(0, 1)] },
        OrderCommand::RecordRefund(refund(1)),
        OrderCommand::ReverseRefund(reversal(1)),
    ] {
        TestFramework::<Order>::with(())
            .given_no_previous_events()
            .when(when)
            .then_expect_error(OrderError::NotPlaced);
    }
}

#[test]
fn every_step_is_refused_from_every_other_status() {
    use OrderStatus::{Cancelled, Confirmed, Delivered, Pending, Processing, Shipped};
    let all = [Pending, Confirmed, Processing, Shipped, Delivered, Cancelled];
    let steps: [(OrderCommand, OrderStatus, &[OrderStatus]); 6] = [
        (OrderCommand::Confirm, Confirmed, &[Pending]),
        (start(Lines::All), Processing, &[Confirmed]),
        (ship(Lines::All), Shipped, &[Processing]),
        (deliver(Lines::All), Delivered, &[Shipped]),
        (cancel(CancelCause::Customer, 99), Cancelled, &[Pending, Confirmed, Processing]),
        (cancel(CancelCause::Expired, 99), Cancelled, &[Pending]),
    ];
    for (command, to, from) in steps {
        for is in all.into_iter().filter(|is| !from.contains(is)) {
            TestFramework::<Order>::with(())
                .given(until(is))
                .when(command.clone())
                .then_expect_error(OrderError::WrongStatus { is, to });
        }
    }
}

#[test]
fn what_else_is_refused() {
    use OrderStatus::{Confirmed, Delivered, Pending, Processing};
    let back = || OrderEvent::ItemsReturned { items: vec![returned(0, 1)] };
    let take_back = |items| OrderCommand::Return { items };
    let other_product = ReturnedItem { product_id: product(2), ..returned(0, 1) };
    let pay = |change: &dyn Fn(&mut OrderPaid)| {
        let mut paid = payment();
        change(&mut paid);
        OrderCommand::RecordPayment(paid)
    };
    let give_back = |change: &dyn Fn(&mut OrderRefunded)| {
        let mut refunded = refund(100);
        change(&mut refunded);
        OrderCommand::RecordRefund(refunded)
    };
    let (other_id, other_user) = (PaymentId(Uuid::nil()), Some(UserId(Uuid::nil())));
    let without_end = OrderEvent::OrderPlaced(Box::new(OrderPlaced { expires_at: None, ..placed_event() }));
    let refunded = OrderEvent::OrderRefunded(refund(20_000));
    let above = |left| OrderError::RefundAboveCapture { left };
    for (given, when, then) in [
        (until(Pending), OrderCommand::Confirm, OrderError::NotPaid),
        (until(Confirmed), pay(&|_| ()), OrderError::AlreadyPaid),
        (until(Pending), pay(&|it| it.amount = 1), OrderError::WrongPayment),
        (until(Pending), pay(&|it| it.currency = "EUR".parse().unwrap()), OrderError::WrongPayment),
        (until(Pending), pay(&|it| it.payment_id = other_id), OrderError::WrongPayment),
        (until(Pending), pay(&|it| it.customer_id = other_user), OrderError::WrongPayment),
        (until(Pending), pay(&|it| it.split.tax += 1), OrderError::WrongPayment),
        (until(Pending), cancel(CancelCause::Expired, 29), OrderError::NotExpired),
        (vec![without_end], cancel(CancelCause::Expired, 99), OrderError::NotExpired),
        (until(Processing), take_back(vec![returned(0, 1)]), OrderError::NotShipped { is: Processing }),
        (until(Delivered), take_back(vec![]), OrderError::ZeroQuantity),
        (until(Delivered), take_back(vec![returned(0, 0)]), OrderError::ZeroQuantity),
        (until(Delivered), take_back(vec![returned(1, 1)]), OrderError::UnknownLine { line: 1 }),
        (until(Delivered), take_back(vec![other_product]), OrderError::UnknownLine { line: 0 }),
        (
            until(Delivered),
            take_back(vec![returned(0, 3)]),
            OrderError::ReturnAboveBought { line: 0, left: 2 },
        ),
        (
            until(Delivered),
            take_back(vec![returned(0, 1), returned(0, 2)]),
            OrderError::ReturnAboveBought { line: 0, left: 1 },
        ),
        (
            and(until(Delivered), back()),
            take_back(vec![returned(0, 2)]),
            OrderError::ReturnAboveBought { line: 0, left: 1 },
        ),
        (until(Pending), give_back(&|_| ()), above(0)),
        (until(Confirmed), give_back(&|it| it.amount = 0), above(20_998)),
        (until(Confirmed), OrderCommand::RecordRefund(refund(20_999)), above(20_998)),
        (and(until(Confirmed), refunded), OrderCommand::RecordRefund(refund(999)), above(998)),
        (until(Confirmed), give_back(&|it| it.split.tax = 99), OrderError::WrongPayment),
        (
            until(Confirmed),
            give_back(&|it| (it.split.tax, it.split.shipping) = (101, -1)),
            OrderError::WrongPayment,
        ),
        (until(Confirmed), give_back(&|it| it.currency = "EUR".parse().unwrap()), OrderError::WrongPayment),
        (until(Confirmed), give_back(&|it| it.payment_id = other_id), OrderError::WrongPayment),
        (until(Confirmed), give_back(&|it| it.customer_id = other_user), OrderError::WrongPayment),
    ] {
        TestFramework::<Order>::with(()).given(given).when(when).then_expect_error(then);
    }
}

/// Guards the reversals that are stored: each is written as the refund that it is of.
#[test]
fn a_reversal_is_stored_as_a_refund_is() {
    let refunded = serde_json::to_string(&OrderEvent::OrderRefunded(refund(100))).unwrap();
    let stored = refunded.replace("OrderRefunded", "OrderRefundReversed");
    let event = parse_event::<Order>(&Order::upcasters(), "OrderRefundReversed", "1.0", &stored).unwrap();
    assert_eq!(event, OrderEvent::OrderRefundReversed(reversal(100)));
    assert_eq!(serde_json::to_string(&event).unwrap(), stored);
}

#[test]
fn a_reversal_that_is_of_no_refund_is_refused() {
    let come = |change: &dyn Fn(&mut OrderRefundReversed)| {
        let mut reversed = reversal(100);
        change(&mut reversed);
        OrderCommand::ReverseRefund(reversed)
    };
    let (other_id, other_user) = (PaymentId(Uuid::nil()), Some(UserId(Uuid::nil())));
    let above = |refunded| OrderError::ReversalAboveRefund { refunded };
    for (given, when, then) in [
        (until(OrderStatus::Confirmed), come(&|_| ()), above(0)),
        (gone_back(), come(&|it| it.amount = 0), above(20_000)),
        (gone_back(), OrderCommand::ReverseRefund(reversal(20_001)), above(20_000)),
        (and(gone_back(), come_back()), come(&|_| ()), above(0)),
        (gone_back(), come(&|it| it.split.tax = 99), OrderError::WrongPayment),
        (gone_back(), come(&|it| (it.split.tax, it.split.shipping) = (101, -1)), OrderError::WrongPayment),
        (gone_back(), come(&|it| it.currency = "EUR".parse().unwrap()), OrderError::WrongPayment),
        (gone_back(), come(&|it| it.payment_id = other_id), OrderError::WrongPayment),
        (gone_back(), come(&|it| it.customer_id = other_user), OrderError::WrongPayment),
    ] {
        TestFramework::<Order>::with(()).given(given).when(when).then_expect_error(then);
    }
}
