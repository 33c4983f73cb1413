//! Events of every kind.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeZone, Utc};
use cqrs_es::DomainEvent;
use domain::cart::{Cart, CartEvent};
use domain::category::{Category, CategoryDetails, CategoryEvent};
use domain::claim::{Claim, ClaimEvent};
use domain::coupon::{Coupon, CouponCode, CouponEvent, Discount, Terms};
use domain::ids::{
    CategoryId, OrderId, PaymentId, PersonalId, ProductId, RefundId, ReviewId, SellerId, UserId,
};
use domain::inventory::{Inventory, InventoryEvent};
use domain::order::{
    CancelCause, GoodsAmount, Order, OrderEvent, OrderLine, OrderPaid, OrderPlaced, OrderRefundReversed,
    OrderRefunded, OrderShipped, Region, ReturnedItem, Split,
};
use domain::payment::{ActionPage, Payment, PaymentEvent};
use domain::product::{Attribute, Image, Product, ProductDetails, ProductEvent};
use domain::review::{self, Review, ReviewEvent, Written};
use domain::{Currency, Money, StreamId};
use uuid::Uuid;

/// An event as it is to be stored.
#[derive(Clone, Debug)]
pub struct Sample {
    pub stream: StreamId,
    pub event_type: String,
    pub event_version: String,
    pub payload: String,
    pub occurred_at: DateTime<Utc>,
}

impl Sample {
    pub fn of(stream: StreamId, event: &impl DomainEvent) -> Self {
        Self {
            stream,
            event_type: event.event_type(),
            event_version: event.event_version(),
            payload: serde_json::to_string(event).unwrap(),
            occurred_at: Utc.with_ymd_and_hms(2011, 3, 14, 9, 26, 53).unwrap(),
        }
    }
}

fn id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

fn pounds(amount: i64) -> Money {
    Money { amount, currency: gbp() }
}

fn gbp() -> Currency {
    "GBP".parse().unwrap()
}

/// One of each event of each aggregate that is published.
pub fn one_of_each() -> Vec<Sample> {
    [orders(), stock(), cart(), coupon(), payment(), product(), category(), review()].concat()
}

/// A name that is claimed: not published.
pub fn a_claim() -> Sample {
    Sample::of(
        StreamId::of::<Claim>(format!("slug/{}", Uuid::new_v4())),
        &ClaimEvent::NameClaimed { owner: Uuid::new_v4().to_string() },
    )
}

/// Goods came in.
pub fn received(product_id: &str, quantity: u64) -> Sample {
    Sample::of(
        StreamId::of::<Inventory>(product_id),
        &InventoryEvent::StockReceived { quantity, reason: Some(id()) },
    )
}

/// An order of so many lines.
pub fn order_of(lines: usize) -> Sample {
    Sample::of(StreamId::of::<Order>(id::<OrderId>()), &OrderEvent::OrderPlaced(Box::new(placed(lines))))
}

fn placed(lines: usize) -> OrderPlaced {
    let lines: Vec<_> = (0..lines)
        .map(|line| OrderLine {
            product_id: id(),
            seller_id: id(),
            sku: format!("8512{line}A"),
            name: "WHITE HANGING HEART T-LIGHT HOLDER".to_owned(),
            unit_price: 255,
            quantity: 6,
        })
        .collect();
    let subtotal = lines.iter().filter_map(OrderLine::total).sum();
    OrderPlaced {
        number: "ORD-2011-000100".to_owned(),
        external_id: Some("536365".to_owned()),
        customer_id: Some(id::<UserId>()),
        lines,
        currency: gbp(),
        subtotal,
        discount: 0,
        coupon_code: None,
        tax: 0,
        tax_rate: "0".to_owned(),
        shipping: 0,
        total: subtotal,
        ship_to: Region { country: Some("United Kingdom".to_owned()), region: None },
        shipping_address: Some(id::<PersonalId>()),
        billing_address: None,
        notes: Some(id()),
        payment_id: id::<PaymentId>(),
        payment_method: Some("card".to_owned()),
        expires_at: Some(Utc.with_ymd_and_hms(2011, 3, 14, 9, 41, 53).unwrap()),
    }
}

fn split() -> Split {
    let goods = GoodsAmount {
        line: 0,
        product_id: id::<ProductId>(),
        seller_id: id::<SellerId>(),
        quantity: 6,
        amount: 1530,
    };
    Split { goods: vec![goods], tax: 0, shipping: 0 }
}

fn orders() -> Vec<Sample> {
    let order = StreamId::of::<Order>(id::<OrderId>());
    [
        OrderEvent::OrderPlaced(Box::new(placed(2))),
        OrderEvent::OrderPaid(OrderPaid {
            payment_id: id(),
            customer_id: Some(id()),
            amount: 1530,
            currency: gbp(),
            split: split(),
        }),
        OrderEvent::OrderConfirmed {},
        OrderEvent::OrderProcessing { note: Some(id()), part: None },
        OrderEvent::OrderShipped(OrderShipped {
            tracking_number: Some("JD0002".to_owned()),
            carrier: Some("Royal Mail".to_owned()),
            estimated_delivery: Some(Utc.with_ymd_and_hms(2011, 3, 17, 12, 0, 0).unwrap()),
            note: None,
            part: None,
        }),
        OrderEvent::OrderDelivered { note: None, part: None },
        OrderEvent::OrderCancelled { cause: CancelCause::Customer, reason: Some(id()) },
        OrderEvent::ItemsReturned { items: vec![ReturnedItem { line: 0, product_id: id(), quantity: 1 }] },
        OrderEvent::OrderRefunded(OrderRefunded {
            payment_id: id(),
            refund_id: id(),
            customer_id: None,
            amount: 255,
            currency: gbp(),
            split: split(),
        }),
        OrderEvent::OrderRefundReversed(OrderRefundReversed {
            payment_id: id(),
            refund_id: id(),
            customer_id: None,
            amount: 255,
            currency: gbp(),
            split: split().money_alone(),
        }),
    ]
    .iter()
    .map(|event| Sample::of(order.clone(), event))
    .collect()
}

fn stock() -> Vec<Sample> {
    let stock = StreamId::of::<Inventory>(id::<ProductId>());
    let order_id = id();
    [
        InventoryEvent::StockReceived { quantity: 10, reason: Some(id()) },
        InventoryEvent::StockAdjusted { delta: -1, reason: None },
        InventoryEvent::StockReserved { order_id, quantity: 3, expires_at: Some(Utc::now()) },
        InventoryEvent::ReservationReleased { order_id, quantity: 3 },
        InventoryEvent::ReservationExpired { order_id, quantity: 3 },
        InventoryEvent::ReservationCommitted { order_id, quantity: 3 },
        InventoryEvent::StockReturned { order_id, quantity: 1 },
    ]
    .iter()
    .map(|event| Sample::of(stock.clone(), event))
    .collect()
}

fn cart() -> Vec<Sample> {
    let cart = StreamId::of::<Cart>(id::<UserId>());
    let product_id = id();
    [
        CartEvent::CartItemAdded { product_id, quantity: 1, unit_price: pounds(255), added_at: None },
        CartEvent::CartItemQuantityChanged { product_id, quantity: 2 },
        CartEvent::CartItemRemoved { product_id },
        CartEvent::CouponApplied { code: code() },
        CartEvent::CouponRemoved {},
        CartEvent::CartCleared {},
        CartEvent::CartCheckedOut { order_id: id() },
    ]
    .iter()
    .map(|event| Sample::of(cart.clone(), event))
    .collect()
}

fn code() -> CouponCode {
    "SPRING-2011".parse().unwrap()
}

fn coupon() -> Vec<Sample> {
    let coupon = StreamId::of::<Coupon>(code());
    let (order_id, user_id) = (id(), id());
    let terms = Terms {
        discount: Discount::Percentage { hundredths: 2_000 },
        currency: Some(gbp()),
        minimum_subtotal: Some(1_000),
        starts_at: None,
        ends_at: Some(Utc.with_ymd_and_hms(2011, 6, 1, 0, 0, 0).unwrap()),
        total_limit: Some(100),
        per_user_limit: Some(1),
    };
    [
        CouponEvent::CouponCreated(terms),
        CouponEvent::CouponRedeemed { order_id, user_id, discount: pounds(306) },
        CouponEvent::CouponReleased { order_id, user_id },
        CouponEvent::CouponWithdrawn {},
    ]
    .iter()
    .map(|event| Sample::of(coupon.clone(), event))
    .collect()
}

fn category() -> Vec<Sample> {
    let category = StreamId::of::<Category>(id::<CategoryId>());
    let details = CategoryDetails {
        name: "Lights".to_owned(),
        slug: "lights".to_owned(),
        description: Some("What gives light.".to_owned()),
        image: None,
        parent_id: None,
        sort_order: 1,
    };
    let revised = CategoryDetails { parent_id: Some(id()), ..details.clone() };
    [
        CategoryEvent::CategoryCreated(details),
        CategoryEvent::CategoryRevised(revised),
        CategoryEvent::CategoryRemoved {},
    ]
    .iter()
    .map(|event| Sample::of(category.clone(), event))
    .collect()
}

fn review() -> Vec<Sample> {
    let written = Written {
        review_id: id::<ReviewId>(),
        product_id: id(),
        seller_id: id(),
        user_id: id(),
        rating: 4,
        order_id: Some(id()),
        text: Some(id()),
    };
    let stream = StreamId::of::<Review>(review::stream(written.product_id, written.user_id));
    vec![Sample::of(stream, &ReviewEvent::ReviewWritten(written))]
}

fn payment() -> Vec<Sample> {
    let payment = StreamId::of::<Payment>(id::<PaymentId>());
    let (order_id, refund_id) = (id(), id::<RefundId>());
    let (amount, currency) = (1530, gbp());
    [
        PaymentEvent::PaymentOpened {
            order_id,
            customer_id: Some(id()),
            amount: pounds(1530),
            opened_at: None,
        },
        PaymentEvent::PaymentAttempted {
            attempt: 1,
            gateway: "simulator".to_owned(),
            method: "tok_secret".to_owned(),
            pages: Some(id()),
        },
        PaymentEvent::PaymentActionRequired {
            attempt: 1,
            page: ActionPage::Written("https://bank.example/3ds/secret".to_owned()),
        },
        PaymentEvent::PaymentDeclined { attempt: 1, code: "card_declined".to_owned() },
        PaymentEvent::PaymentCaptured {
            order_id,
            amount,
            currency,
            gateway: "simulator".to_owned(),
            reference: Some("ch_1".to_owned()),
            brand: Some("visa".to_owned()),
            last4: Some("4242".to_owned()),
            receipt_id: Some(id()),
            receipt: Some("https://bank.example/receipt/secret".to_owned()),
            split: split(),
        },
        PaymentEvent::RefundRequested {
            order_id,
            refund_id,
            amount,
            currency,
            split: split(),
            reason: Some(id()),
        },
        PaymentEvent::PaymentRefunded {
            order_id,
            refund_id,
            amount,
            currency,
            split: split(),
            reference: None,
        },
        PaymentEvent::RefundFailed { refund_id, code: "expired".to_owned() },
        PaymentEvent::RefundReversed {
            order_id,
            refund_id,
            amount,
            currency,
            split: split().money_alone(),
            code: "expired".to_owned(),
        },
        PaymentEvent::PaymentCancelled {},
    ]
    .iter()
    .map(|event| Sample::of(payment.clone(), event))
    .collect()
}

fn product() -> Vec<Sample> {
    let product = StreamId::of::<Product>(id::<ProductId>());
    let details = ProductDetails {
        seller_id: id(),
        sku: "85123A".to_owned(),
        external_id: None,
        slug: "white-hanging-heart-t-light-holder".to_owned(),
        name: "WHITE HANGING HEART T-LIGHT HOLDER".to_owned(),
        description: "Holds a light.".to_owned(),
        long_description: None,
        brand: Some("Heart".to_owned()),
        category: Some("lights".to_owned()),
        category_id: None,
        price: pounds(255),
        compare_at_price: Some(pounds(295)),
        images: vec![Image { url: "https://img.example/1.jpg".to_owned(), alt: None, is_primary: true }],
        tags: vec!["heart".to_owned()],
        attributes: vec![Attribute { name: "Color".to_owned(), value: "White".to_owned() }],
        specifications: BTreeMap::from([("Height".to_owned(), "7 cm".to_owned())]),
        featured: true,
        shipping_profile_id: None,
        related: Vec::new(),
        hidden: false,
    };
    [
        ProductEvent::ProductCreated(Box::new(details.clone())),
        ProductEvent::ProductRevised(Box::new(details)),
        ProductEvent::ProductWithdrawn {},
    ]
    .iter()
    .map(|event| Sample::of(product.clone(), event))
    .collect()
}
