mod splits;
mod two_sellers;

use chrono::TimeDelta;
use cqrs_es::DomainEvent;
use cqrs_es::test::TestFramework;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::*;
use crate::Currency;
use crate::aggregate::parse_event;
use crate::ids::{PaymentId, ProductId, RefundId, SellerId, UserId};

const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(9));

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn product(n: u32) -> ProductId {
    ProductId(Uuid::from_u128(n.into()))
}

fn time(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn line(n: u32, unit_price: Minor, quantity: u32) -> OrderLine {
    let seller_id = SellerId(Uuid::from_u128(5));
    let (sku, name) = (format!("SKU-{n}"), format!("Product {n}"));
    OrderLine { product_id: product(n), seller_id, sku, name, unit_price, quantity }
}

/// S3's example: 2 × 99.99 at 5 %.
fn to_place() -> Place {
    Place {
        number: "ORD-2026-000100".into(),
        external_id: None,
        customer_id: None,
        lines: vec![line(1, 9_999, 2)],
        currency: usd(),
        discount: 0,
        coupon_code: None,
        tax_rate: dec("0.05"),
        shipping: 0,
        ship_to: Region { country: Some("US".into()), region: Some("NY".into()) },
        shipping_address: None,
        billing_address: None,
        notes: None,
        payment_id: PAYMENT,
        payment_method: Some("card".into()),
        expires_at: Some(time(30)),
    }
}

fn place(change: impl FnOnce(&mut Place)) -> OrderCommand {
    let mut place = to_place();
    change(&mut place);
    OrderCommand::Place(Box::new(place))
}

fn placed_event() -> OrderPlaced {
    let OrderEvent::OrderPlaced(placed) = Order::default().place(to_place()).unwrap() else {
        panic!("placing makes OrderPlaced")
    };
    *placed
}

fn placed() -> OrderEvent {
    OrderEvent::OrderPlaced(Box::new(placed_event()))
}

fn payment() -> OrderPaid {
    let placed = placed_event();
    let split = Split::of_order(&placed).unwrap();
    OrderPaid { payment_id: PAYMENT, customer_id: None, amount: placed.total, currency: usd(), split }
}

fn refund(amount: Minor) -> OrderRefunded {
    let refund_id = RefundId(Uuid::from_u128(3));
    let split = Split { goods: vec![], tax: amount, shipping: 0 };
    OrderRefunded { payment_id: PAYMENT, refund_id, customer_id: None, amount, currency: usd(), split }
}

fn reversal(amount: Minor) -> OrderRefundReversed {
    let OrderRefunded { payment_id, refund_id, customer_id, amount, currency, split } = refund(amount);
    OrderRefundReversed { payment_id, refund_id, customer_id, amount, currency, split }
}

fn parcel() -> Parcel {
    Parcel { tracking_number: Some("1Z".into()), ..Parcel::default() }
}

fn left(part: Option<Part>) -> OrderEvent {
    OrderEvent::OrderShipped(OrderShipped::of(parcel(), part))
}

fn start(lines: Lines) -> OrderCommand {
    OrderCommand::StartProcessing { lines, note: None }
}

fn ship(lines: Lines) -> OrderCommand {
    OrderCommand::Ship { lines, parcel: parcel() }
}

fn deliver(lines: Lines) -> OrderCommand {
    OrderCommand::Deliver { lines, note: None }
}

fn returned(line: u32, quantity: u32) -> ReturnedItem {
    ReturnedItem { line, product_id: product(1), quantity }
}

fn cancel(cause: CancelCause, minutes: i64) -> OrderCommand {
    OrderCommand::Cancel { cause, reason: None, at: time(minutes) }
}

fn cancelled(cause: CancelCause) -> OrderEvent {
    OrderEvent::OrderCancelled { cause, reason: None }
}

/// The events up to a status.
fn until(status: OrderStatus) -> Vec<OrderEvent> {
    let all = [
        placed(),
        OrderEvent::OrderPaid(payment()),
        OrderEvent::OrderConfirmed {},
        OrderEvent::OrderProcessing { note: None, part: None },
        left(None),
        OrderEvent::OrderDelivered { note: None, part: None },
    ];
    let number = match status {
        OrderStatus::Pending => 1,
        OrderStatus::Confirmed => 3,
        OrderStatus::Processing => 4,
        OrderStatus::Shipped => 5,
        OrderStatus::Delivered => 6,
        OrderStatus::Cancelled => return vec![placed(), cancelled(CancelCause::Customer)],
    };
    all[..number].to_vec()
}

/// Confirmed, and a part of its money went back.
fn gone_back() -> Vec<OrderEvent> {
    and(until(OrderStatus::Confirmed), OrderEvent::OrderRefunded(refund(20_000)))
}

/// It came back to us.
fn come_back() -> OrderEvent {
    OrderEvent::OrderRefundReversed(reversal(20_000))
}

fn and(mut events: Vec<OrderEvent>, event: OrderEvent) -> Vec<OrderEvent> {
    events.push(event);
    events
}

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

#[test]
fn totals_are_those_of_the_printed_examples() {
    for (lines, discount, rate, tax, total) in [
        // S3: 199.98 at 5 %.
        (vec![line(1, 9_999, 2)], 0, dec("0.05"), 1_000, 20_998),
        // S4: 999.97 less 20 % at 8 %, and without the coupon.
        (vec![line(1, 29_999, 3), line(2, 10_000, 1)], 19_999, dec("0.08"), 6_400, 86_398),
        (vec![line(1, 29_999, 3), line(2, 10_000, 1)], 0, dec("0.08"), 8_000, 107_997),
        // A half is rounded up, just below it down, and once per order: not 0.005 by line.
        (vec![line(1, 10, 1)], 0, dec("0.05"), 1, 11),
        (vec![line(1, 10, 1)], 0, dec("0.049999999"), 0, 10),
        (vec![line(1, 10, 1), line(2, 10, 1)], 0, dec("0.05"), 1, 21),
        (vec![line(1, 10, 1)], 10, dec("0.05"), 0, 0),
        (vec![line(1, 0, 1)], 0, dec("1"), 0, 0),
    ] {
        let totals = totals(&lines, discount, rate, 0).unwrap();
        assert_eq!((totals.tax, totals.total), (tax, total), "{lines:?} {discount} {rate}");
    }
    assert_eq!(totals(&[line(1, 9_999, 2)], 0, dec("0.05"), 495).unwrap().total, 21_493);
}

#[test]
fn an_old_order_is_read_as_todays() {
    let old = r#"{"OrderPlaced":{"number":"ORD-2024-000001","customer_id":null,"lines":[{"product_id":
        "00000000-0000-0000-0000-000000000001","seller_id":"00000000-0000-0000-0000-000000000005","sku":"SKU-1",
        "name":"Product 1","unit_price":9999,"quantity":2}],"currency":"USD","subtotal":19998,"discount":0,
        "tax":1000,"shipping":0,"total":20998,"ship_to_country":"US","shipping_address":null,
        "billing_address":null,"notes":null,"payment_id":"00000000-0000-0000-0000-000000000009",
        "payment_method":"card","expires_at":null}}"#;
    let event = parse_event::<Order>(&Order::upcasters(), "OrderPlaced", "1.0", old).unwrap();
    let today = OrderPlaced {
        number: "ORD-2024-000001".into(),
        ship_to: Region { country: Some("US".into()), region: None },
        expires_at: None,
        ..placed_event()
    };
    assert_eq!(event, OrderEvent::OrderPlaced(Box::new(today)));
    assert_eq!(event.event_version(), "1.1");
}

#[test]
fn todays_order_is_left_alone_by_the_upcaster() {
    let json = serde_json::to_string(&placed()).unwrap();
    for version in ["1.1", "1.1.0"] {
        let event = parse_event::<Order>(&Order::upcasters(), "OrderPlaced", version, &json).unwrap();
        assert_eq!(event, placed());
    }
}
