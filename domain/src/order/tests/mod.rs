//! An order's life, given/when/then.

mod decisions;
mod splits;
mod totals;
mod two_sellers;
mod upcasters;

use chrono::TimeDelta;
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
