//! A made-up shop: what happens in it, as the decider would have it, the same for the same seed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::Money;
use domain::category::{CategoryDetails, CategoryEvent};
use domain::ids::{CategoryId, OrderId, PaymentId, ProductId, RefundId, SellerId, UserId};
use domain::inventory::InventoryEvent;
use domain::order::{
    CancelCause, GoodsAmount, OrderEvent, OrderLine, OrderPaid, OrderPlaced, OrderRefundReversed,
    OrderRefunded, OrderShipped, OrderStatus, Part, Region, ReturnedItem, Split,
};
use domain::payment::PaymentEvent;
use domain::product::{ProductDetails, ProductEvent};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

use super::happened::{Happened, Stored};
use super::reviews::reviewed;

/// A moment, by hours after the beginning.
pub(crate) fn happened_at(hours: i64) -> DateTime<Utc> {
    "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hours)
}

/// What the shop is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shop {
    pub(crate) seed: u64,
    pub(crate) products: usize,
    pub(crate) orders: usize,
    pub(crate) most_lines: usize,
}

struct Making {
    random: StdRng,
    sequences: BTreeMap<(&'static str, Uuid), i64>,
    hour: i64,
    group: Vec<Happened>,
    reviewed: BTreeSet<(ProductId, UserId)>,
}

struct Item {
    id: ProductId,
    seller: SellerId,
    price: i64,
}

impl Making {
    fn id(&mut self) -> Uuid {
        Uuid::from_u128(self.random.random())
    }

    fn happens(&mut self, aggregate_id: Uuid, event: Stored) {
        let sequence = self.sequences.entry((event.aggregate_type(), aggregate_id)).or_default();
        *sequence += 1;
        let occurred_at = happened_at(self.hour);
        self.group.push(Happened { aggregate_id, sequence: *sequence, occurred_at, event });
    }

    fn end(&mut self) -> Vec<Happened> {
        self.hour += 1;
        std::mem::take(&mut self.group)
    }
}

impl Shop {
    /// Everything that happens, group by group.
    pub(crate) fn history(&self) -> impl Iterator<Item = Vec<Happened>> {
        let mut making = Making {
            random: StdRng::seed_from_u64(self.seed),
            sequences: BTreeMap::new(),
            hour: 0,
            group: Vec::new(),
            reviewed: BTreeSet::new(),
        };
        let sellers = [making.id(), making.id()].map(SellerId);
        let mut groups = vec![categories(&mut making)];
        let items: Vec<Item> = (0..self.products)
            .map(|n| {
                let item = product(&mut making, sellers[n % 2], n);
                groups.push(making.end());
                item
            })
            .collect();
        let most_lines = self.most_lines;
        let orders = (0..self.orders).flat_map(move |n| order(&mut making, &items, n, most_lines));
        groups.into_iter().chain(orders)
    }
}

/// The categories that are there from the beginning on.
pub(crate) const LAMPS: CategoryId = CategoryId(Uuid::from_u128(0xca7_0001));
pub(crate) const CANDLES: CategoryId = CategoryId(Uuid::from_u128(0xca7_0002));

/// Lamps with Candles in it, renamed; and one that comes and goes.
fn categories(making: &mut Making) -> Vec<Happened> {
    let details = |name: &str, parent_id| CategoryDetails {
        name: name.to_owned(),
        slug: name.to_lowercase(),
        description: None,
        image: None,
        parent_id,
        sort_order: 0,
    };
    let gone = making.id();
    for (id, event) in [
        (LAMPS.0, CategoryEvent::CategoryCreated(details("Lamps", None))),
        (CANDLES.0, CategoryEvent::CategoryCreated(details("Tapers", Some(LAMPS)))),
        (gone, CategoryEvent::CategoryCreated(details("Gone", Some(LAMPS)))),
        (CANDLES.0, CategoryEvent::CategoryRevised(details("Candles", Some(LAMPS)))),
        (gone, CategoryEvent::CategoryRemoved {}),
    ] {
        making.happens(id, Stored::Category(event));
    }
    making.end()
}

fn product(making: &mut Making, seller: SellerId, n: usize) -> Item {
    let id = ProductId(making.id());
    let price = making.random.random_range(50..20_000);
    let mut details = details(seller, n, price);
    if n.is_multiple_of(3) {
        (details.category, details.category_id) = (Some("Candles".to_owned()), Some(CANDLES));
    }
    making.happens(id.0, Stored::Product(ProductEvent::ProductCreated(Box::new(details.clone()))));
    making.happens(
        id.0,
        Stored::Inventory(InventoryEvent::StockReceived { quantity: 1_000_000, reason: None }),
    );
    if n % 5 == 3 {
        details.name += " (new)";
        details.hidden = n.is_multiple_of(2);
        making.happens(id.0, Stored::Product(ProductEvent::ProductRevised(Box::new(details))));
    }
    if n % 7 == 6 {
        making.happens(id.0, Stored::Product(ProductEvent::ProductWithdrawn {}));
    }
    Item { id, seller, price }
}

pub(crate) fn details(seller_id: SellerId, n: usize, price: i64) -> ProductDetails {
    let json = serde_json::json!({
        "seller_id": seller_id, "sku": format!("SKU-{n}"), "external_id": format!("X{n}"),
        "slug": format!("white-heart-{n}"), "name": format!("White hanging heart T-Light holder {n}"),
        "description": "A heart to hang, for one tea light", "brand": "Acme", "category": "Lights",
        "price": { "amount": price, "currency": "GBP" }, "tags": ["gift", "Home"],
    });
    serde_json::from_value(json).unwrap()
}

fn order(making: &mut Making, items: &[Item], n: usize, most_lines: usize) -> Vec<Vec<Happened>> {
    let id = making.id();
    let lines: Vec<OrderLine> = (0..making.random.random_range(1..=most_lines))
        .map(|_| {
            let item = &items[making.random.random_range(0..items.len())];
            OrderLine {
                product_id: item.id,
                seller_id: item.seller,
                sku: "SKU".to_owned(),
                name: "White hanging heart T-Light holder".to_owned(),
                unit_price: item.price,
                quantity: making.random.random_range(1..12),
            }
        })
        .collect();
    let placed = placed(making, n, lines);
    let fate = making.random.random_range(0..10);
    let mut groups = Vec::new();
    place(making, id, &placed);
    groups.push(making.end());
    if fate == 0 {
        cancel(making, id, &placed);
        groups.push(making.end());
        return groups;
    }
    pay(making, id, &placed);
    groups.push(making.end());
    if fate > 4 && sellers(&placed).len() > 1 {
        ship_apart(making, id, &placed);
    } else {
        ship(making, id, &placed);
    }
    review(making, id, n, &placed);
    groups.push(making.end());
    if fate < 3 {
        let refunded = give_back(making, id, &placed);
        groups.push(making.end());
        if fate == 2 {
            come_back(making, id, refunded);
            groups.push(making.end());
        }
    }
    groups
}

/// As an import has it: the same goods are sold in one currency to some, and in another one to others.
fn placed(making: &mut Making, n: usize, lines: Vec<OrderLine>) -> OrderPlaced {
    let currency = if n % 3 == 2 { "EUR" } else { "GBP" };
    let subtotal = lines.iter().map(|line| line.total().unwrap()).sum::<i64>();
    OrderPlaced {
        number: format!("ORD-2026-{n:06}"),
        external_id: n.is_multiple_of(2).then(|| format!("{}", 536_000 + n)),
        customer_id: (!n.is_multiple_of(4)).then(|| UserId(Uuid::from_u128((n % 50) as u128 + 1))),
        lines,
        currency: currency.parse().unwrap(),
        subtotal,
        discount: 0,
        coupon_code: None,
        tax: 0,
        tax_rate: "0".to_owned(),
        shipping: 250,
        total: subtotal + 250,
        ship_to: Region { country: Some("United Kingdom".to_owned()), region: None },
        shipping_address: None,
        billing_address: None,
        notes: None,
        payment_id: PaymentId(making.id()),
        payment_method: None,
        expires_at: None,
    }
}

fn place(making: &mut Making, id: Uuid, placed: &OrderPlaced) {
    making.happens(id, Stored::Order(OrderEvent::OrderPlaced(Box::new(placed.clone()))));
    for line in &placed.lines {
        let (order_id, quantity) = (OrderId(id), line.quantity.into());
        let reserved = InventoryEvent::StockReserved { order_id, quantity, expires_at: None };
        making.happens(line.product_id.0, Stored::Inventory(reserved));
    }
    let opened = PaymentEvent::PaymentOpened {
        order_id: OrderId(id),
        customer_id: placed.customer_id,
        amount: Money::new(placed.total, placed.currency),
        opened_at: None,
    };
    making.happens(placed.payment_id.0, Stored::Payment(opened));
}

fn cancel(making: &mut Making, id: Uuid, placed: &OrderPlaced) {
    let cancelled = OrderEvent::OrderCancelled { cause: CancelCause::Customer, reason: None };
    making.happens(id, Stored::Order(cancelled));
    for line in &placed.lines {
        let (order_id, quantity) = (OrderId(id), line.quantity.into());
        let released = InventoryEvent::ReservationReleased { order_id, quantity };
        making.happens(line.product_id.0, Stored::Inventory(released));
    }
    making.happens(placed.payment_id.0, Stored::Payment(PaymentEvent::PaymentCancelled {}));
}

fn pay(making: &mut Making, id: Uuid, placed: &OrderPlaced) {
    let split = Split::of_order(placed).unwrap();
    let (payment_id, customer_id) = (placed.payment_id, placed.customer_id);
    let (amount, currency) = (placed.total, placed.currency);
    let captured = PaymentEvent::PaymentCaptured {
        order_id: OrderId(id),
        amount,
        currency,
        gateway: "simulator".to_owned(),
        reference: None,
        brand: None,
        last4: None,
        receipt_id: None,
        receipt: None,
        split: split.clone(),
    };
    making.happens(payment_id.0, Stored::Payment(captured));
    let paid = OrderPaid { payment_id, customer_id, amount, currency, split };
    making.happens(id, Stored::Order(OrderEvent::OrderPaid(paid)));
    making.happens(id, Stored::Order(OrderEvent::OrderConfirmed {}));
}

fn ship(making: &mut Making, id: Uuid, placed: &OrderPlaced) {
    let shipped = OrderShipped {
        tracking_number: Some("123".to_owned()),
        carrier: Some("FedEx".to_owned()),
        estimated_delivery: Some(happened_at(500)),
        note: None,
        part: None,
    };
    making.happens(id, Stored::Order(OrderEvent::OrderShipped(shipped)));
    for line in &placed.lines {
        let (order_id, quantity) = (OrderId(id), line.quantity.into());
        let committed = InventoryEvent::ReservationCommitted { order_id, quantity };
        making.happens(line.product_id.0, Stored::Inventory(committed));
    }
    making.happens(id, Stored::Order(OrderEvent::OrderDelivered { note: None, part: None }));
}

/// Every other customer says at once what they think of what has come, of each product once.
fn review(making: &mut Making, id: Uuid, n: usize, placed: &OrderPlaced) {
    let Some(customer) = placed.customer_id.filter(|_| n % 2 == 1) else { return };
    for (place, line) in placed.lines.iter().enumerate() {
        if making.reviewed.insert((line.product_id, customer)) {
            let stars = u8::try_from((n + place) % 5 + 1).unwrap();
            let said =
                reviewed(line.product_id, customer, stars, Some(OrderId(id)), happened_at(making.hour));
            making.group.push(said);
        }
    }
}

fn sellers(placed: &OrderPlaced) -> BTreeSet<SellerId> {
    placed.lines.iter().map(|line| line.seller_id).collect()
}

/// Each seller ships what is the seller's; then all of it arrives.
fn ship_apart(making: &mut Making, id: Uuid, placed: &OrderPlaced) {
    let sellers = sellers(placed);
    for (number, seller) in sellers.iter().enumerate() {
        let theirs = (0_u32..).zip(&placed.lines).filter(|(_, line)| line.seller_id == *seller);
        let lines: Vec<u32> = theirs.map(|(place, _)| place).collect();
        let last = number + 1 == sellers.len();
        let order_status = if last { OrderStatus::Shipped } else { OrderStatus::Confirmed };
        let shipped = OrderShipped {
            tracking_number: None,
            carrier: Some(format!("Carrier {number}")),
            estimated_delivery: None,
            note: None,
            part: Some(Part { lines: lines.clone(), order_status }),
        };
        making.happens(id, Stored::Order(OrderEvent::OrderShipped(shipped)));
        for place in lines {
            let line = &placed.lines[place as usize];
            let (order_id, quantity) = (OrderId(id), line.quantity.into());
            let committed = InventoryEvent::ReservationCommitted { order_id, quantity };
            making.happens(line.product_id.0, Stored::Inventory(committed));
        }
    }
    making.happens(id, Stored::Order(OrderEvent::OrderDelivered { note: None, part: None }));
}

/// One unit of the first line comes back.
fn give_back(making: &mut Making, id: Uuid, placed: &OrderPlaced) -> OrderRefunded {
    let line = &placed.lines[0];
    let (product_id, seller_id, amount) = (line.product_id, line.seller_id, line.unit_price);
    let (payment_id, customer_id, currency) = (placed.payment_id, placed.customer_id, placed.currency);
    let returned = ReturnedItem { line: 0, product_id, quantity: 1 };
    making.happens(id, Stored::Order(OrderEvent::ItemsReturned { items: vec![returned] }));
    let returned = InventoryEvent::StockReturned { order_id: OrderId(id), quantity: 1 };
    making.happens(product_id.0, Stored::Inventory(returned));
    let goods = vec![GoodsAmount { line: 0, product_id, seller_id, quantity: 1, amount }];
    let split = Split { goods, tax: 0, shipping: 0 };
    let refund_id = RefundId(making.id());
    let refunded = PaymentEvent::PaymentRefunded {
        order_id: OrderId(id),
        refund_id,
        amount,
        currency,
        split: split.clone(),
        reference: None,
    };
    making.happens(payment_id.0, Stored::Payment(refunded));
    let refunded = OrderRefunded { payment_id, refund_id, customer_id, amount, currency, split };
    making.happens(id, Stored::Order(OrderEvent::OrderRefunded(refunded.clone())));
    refunded
}

/// The customer's bank doesn't take the money.
fn come_back(making: &mut Making, id: Uuid, refunded: OrderRefunded) {
    let OrderRefunded { payment_id, refund_id, customer_id, amount, currency, split } = refunded;
    let split = split.money_alone();
    let reversed = PaymentEvent::RefundReversed {
        order_id: OrderId(id),
        refund_id,
        amount,
        currency,
        split: split.clone(),
        code: "unknown".to_owned(),
    };
    making.happens(payment_id.0, Stored::Payment(reversed));
    let reversed = OrderRefundReversed { payment_id, refund_id, customer_id, amount, currency, split };
    making.happens(id, Stored::Order(OrderEvent::OrderRefundReversed(reversed)));
}
