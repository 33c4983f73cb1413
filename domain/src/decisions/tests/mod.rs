//! A little shop, and what happens in it.

mod catalog;
mod coupons;
mod ordering;
mod paying;
mod properties;
mod reviewing;
mod shop;
mod tree;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::*;
use crate::Money;
use crate::Streams as _;
use crate::cart::CartEvent;
use crate::coupon::{Coupon, CouponEvent, Discount, Terms};
use crate::ids::{OrderId, PaymentId, PersonalId, ProductId, RefundId, SellerId, UserId};
use crate::inventory::{Inventory, InventoryEvent};
use crate::order::{Lines, Order, OrderStatus, Parcel, Region};
use crate::payment::Payment;
use crate::product::{Product, ProductDetails, ProductEvent};
use crate::streams::testing::InMemory;

const MUG: ProductId = ProductId(Uuid::from_u128(0x1));
const POT: ProductId = ProductId(Uuid::from_u128(0x2));
/// Priced in EUR.
const TEA: ProductId = ProductId(Uuid::from_u128(0x3));
/// Withdrawn.
const JAR: ProductId = ProductId(Uuid::from_u128(0x4));
/// Costs nothing.
const TIP: ProductId = ProductId(Uuid::from_u128(0x5));
const NOWHERE: ProductId = ProductId(Uuid::from_u128(0x6));

const SELLER: SellerId = SellerId(Uuid::from_u128(0x51));
/// Whose the pots are.
const POTTER: SellerId = SellerId(Uuid::from_u128(0x52));
const ANN: UserId = UserId(Uuid::from_u128(0xa1));
const BOB: UserId = UserId(Uuid::from_u128(0xb0));
const ORDER: OrderId = OrderId(Uuid::from_u128(0x71));
const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(0x81));
/// 20 % off.
const SAVE20: &str = "SAVE20";
/// 5.00 off 10.00 or more.
const FIVE: &str = "FIVE";
/// 10 % off, for one order of each user and two in all.
const ONCE: &str = "ONCE";
/// Where the receipt is kept.
const RECEIPT: PersonalId = PersonalId(Uuid::from_u128(0x31));
const REFUND: RefundId = RefundId(Uuid::from_u128(0x91));
const REFUND_2: RefundId = RefundId(Uuid::from_u128(0x92));

fn usd(amount: i64) -> Money {
    Money::new(amount, "USD".parse().unwrap())
}

fn time(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn details(sku: &str, price: Money) -> ProductDetails {
    ProductDetails {
        slug: sku.to_owned(),
        ..ProductDetails::plain(SELLER, sku.to_uppercase(), sku.to_owned(), price)
    }
}

fn created(sku: &str, price: Money) -> ProductEvent {
    ProductEvent::ProductCreated(Box::new(details(sku, price)))
}

fn received(quantity: u64) -> Vec<InventoryEvent> {
    vec![InventoryEvent::StockReceived { quantity, reason: None }]
}

/// Ten mugs at 99.99, five pots at 10.00, what makes trouble, and coupons.
fn shop() -> InMemory {
    let euro = Money::new(300, "EUR".parse().unwrap());
    let pot = ProductDetails { seller_id: POTTER, ..details("pot", usd(1_000)) };
    InMemory::new()
        .given::<Product>(MUG, vec![created("mug", usd(9_999))])
        .given::<Inventory>(MUG, received(10))
        .given::<Product>(POT, vec![ProductEvent::ProductCreated(Box::new(pot))])
        .given::<Inventory>(POT, received(5))
        .given::<Product>(TEA, vec![created("tea", euro)])
        .given::<Inventory>(TEA, received(100))
        .given::<Product>(JAR, vec![created("jar", usd(100)), ProductEvent::ProductWithdrawn {}])
        .given::<Inventory>(JAR, received(100))
        .given::<Product>(TIP, vec![created("tip", usd(0))])
        .given::<Inventory>(TIP, received(100))
        .given::<Coupon>(SAVE20, vec![CouponEvent::CouponCreated(percent(2_000))])
        .given::<Coupon>(FIVE, vec![CouponEvent::CouponCreated(five())])
        .given::<Coupon>(ONCE, vec![CouponEvent::CouponCreated(once())])
}

fn percent(hundredths: u32) -> Terms {
    Terms {
        discount: Discount::Percentage { hundredths },
        currency: None,
        minimum_subtotal: None,
        starts_at: None,
        ends_at: None,
        total_limit: None,
        per_user_limit: None,
    }
}

fn five() -> Terms {
    let (currency, minimum_subtotal) = (Some(usd(0).currency), Some(1_000));
    Terms { discount: Discount::Fixed { amount: 500 }, currency, minimum_subtotal, ..percent(1) }
}

fn once() -> Terms {
    Terms { total_limit: Some(2), per_user_limit: Some(1), ..percent(1_000) }
}

/// A coupon for Ann's cart.
fn apply(code: &str, minutes: i64) -> ApplyCoupon {
    ApplyCoupon { code: code.parse().unwrap(), user_id: ANN, at: time(minutes) }
}

fn quoting(minutes: i64) -> Quoting {
    let tax_rate = "0.05".parse().unwrap();
    Quoting { user_id: ANN, at: time(minutes), tax_rate, currency: usd(0).currency }
}

fn item(product_id: ProductId, quantity: u32) -> Item {
    Item { product_id, quantity }
}

fn put_in(product_id: ProductId, quantity: u32) -> CartEvent {
    CartEvent::CartItemAdded { product_id, quantity, unit_price: usd(1), added_at: Some(time(0)) }
}

fn order_of(items: &[Item]) -> PlaceOrder {
    PlaceOrder {
        order_id: ORDER,
        number: "ORD-2026-000100".into(),
        customer_id: Some(ANN),
        source: OrderSource::Items(items.to_vec()),
        coupon: None,
        at: time(0),
        payment_id: PAYMENT,
        tax_rate: "0.05".parse().unwrap(),
        ship_to: Region { country: Some("US".into()), region: None },
        shipping_address: None,
        billing_address: None,
        notes: None,
        payment_method: Some("card".into()),
        expires_at: Some(time(30)),
    }
}

fn order_of_cart() -> PlaceOrder {
    PlaceOrder { source: OrderSource::Cart, ..order_of(&[]) }
}

/// A shop with an order of two mugs (209.98) at a status; paid unless pending.
fn with_order(status: OrderStatus) -> InMemory {
    let mut shop = shop();
    shop.decide(|it| place_order(it, &order_of(&[item(MUG, 2)]))).unwrap();
    let steps = [Step::Processing { note: None }, Step::Shipped(parcel()), Step::Delivered { note: None }];
    let number = match status {
        OrderStatus::Pending => return shop,
        OrderStatus::Cancelled => {
            shop.decide(|it| cancel_order(it, &cancel())).unwrap();
            return shop;
        }
        OrderStatus::Confirmed => 0,
        OrderStatus::Processing => 1,
        OrderStatus::Shipped => 2,
        OrderStatus::Delivered => 3,
    };
    shop.decide(|it| capture_payment(it, &capture(20_998))).unwrap();
    for step in steps.into_iter().take(number) {
        shop.decide(|it| advance_order(it, &advance(step.clone()))).unwrap();
    }
    shop
}

fn parcel() -> Parcel {
    Parcel::default()
}

/// A step of the whole order.
fn advance(step: Step) -> AdvanceOrder {
    AdvanceOrder { order_id: ORDER, lines: Lines::All, step }
}

fn cancel() -> CancelOrder {
    let cause = crate::order::CancelCause::Customer;
    CancelOrder { order_id: ORDER, cause, reason: None, at: time(1), refund_id: REFUND }
}

fn attempt() -> AttemptPayment {
    let (gateway, method) = ("simulator".into(), "tok_visa".into());
    AttemptPayment { order_id: ORDER, amount: usd(20_998), gateway, method, pages: None }
}

fn capture(amount: i64) -> CapturePayment {
    CapturePayment {
        payment_id: PAYMENT,
        amount: usd(amount),
        gateway: "simulator".into(),
        reference: Some("ch_1".into()),
        brand: Some("visa".into()),
        last4: Some("4242".into()),
        receipt_id: Some(RECEIPT),
        refund_id: REFUND,
    }
}

fn refund(of: RefundOf) -> RequestRefund {
    RequestRefund { payment_id: PAYMENT, refund_id: REFUND, of, reason: None }
}

fn settle(refund_id: RefundId) -> SettleRefund {
    SettleRefund { payment_id: PAYMENT, refund_id, reference: None }
}

/// Aggregate type and event type of what the last decision made.
fn made(streams: &InMemory) -> Vec<(&str, &str)> {
    streams.made().iter().map(|(stream, event)| (stream.aggregate_type, event.as_str())).collect()
}

fn stock(streams: &InMemory, product_id: ProductId) -> (u64, u64) {
    let stock = streams.get::<Inventory>(product_id);
    (stock.on_hand, stock.reserved)
}
