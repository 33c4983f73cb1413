use super::super::{ImportOrder, ImportProduct, OutsideOrder, import_order, import_product};
use super::*;
use crate::Money;
use crate::ids::SellerId;
use crate::order::{OrderLine, OrderStatus, Region};
use crate::product::ProductDetails;
use crate::purchases::Purchases;
use crate::streams::testing::InMemory;

const CUSTOMER: UserId = UserId(Uuid::from_u128(0xC));
const SELLER: SellerId = SellerId(Uuid::from_u128(0x5));

fn product(n: u128) -> ProductId {
    ProductId(Uuid::from_u128(n))
}

fn gbp() -> Currency {
    "GBP".parse().unwrap()
}

fn order(n: u128, lines: &[(u128, u32, Minor)]) -> ImportOrder {
    let line = |&(p, quantity, unit_price): &(u128, u32, Minor)| OrderLine {
        product_id: product(p),
        seller_id: SELLER,
        sku: p.to_string(),
        name: "A thing".to_owned(),
        unit_price,
        quantity,
    };
    ImportOrder {
        document: format!("order/{n}"),
        after: None,
        fingerprint: Uuid::from_u128(n),
        order: Some(OutsideOrder {
            order_id: OrderId(Uuid::from_u128(100 + n)),
            payment_id: PaymentId(Uuid::from_u128(200 + n)),
            number: format!("ORD-2010-{n:06}"),
            external_id: n.to_string(),
            customer_id: Some(CUSTOMER),
            lines: lines.iter().map(line).collect(),
            currency: gbp(),
            ship_to: Region::default(),
        }),
        adjustments: Vec::new(),
    }
}

fn credit(n: u128, lines: &[(u128, u32, Minor)]) -> ImportReturn {
    let line = |&(p, quantity, unit_price): &(u128, u32, Minor)| ReturnLine {
        product_id: Some(product(p)),
        quantity,
        unit_price,
    };
    ImportReturn {
        document: format!("credit/{n}"),
        after: None,
        fingerprint: Uuid::from_u128(n),
        customer_id: Some(CUSTOMER),
        currency: gbp(),
        lines: lines.iter().map(line).collect(),
    }
}

fn with_orders(orders: &[ImportOrder]) -> InMemory {
    let mut streams = InMemory::new();
    for order in orders {
        streams.decide(|s| import_order(s, order)).unwrap();
    }
    streams
}

fn taken(taken: u32, not_bought: u32, not_paid: u32) -> TakenBack {
    TakenBack { taken, not_bought, not_paid }
}

fn refunded(streams: &InMemory, n: u128) -> Minor {
    streams.get::<Order>(Uuid::from_u128(100 + n)).refunded
}

#[test]
fn an_order_goes_its_whole_way_in_one_append() {
    let mut streams = InMemory::new().cold();
    let command = order(1, &[(7, 2, 255), (8, 1, 100), (7, 3, 255)]);
    let outcome = streams.decide(|s| import_order(s, &command)).unwrap();
    assert_eq!(outcome.order_id, Some(OrderId(Uuid::from_u128(101))));
    assert_eq!(streams.rounds(), 1, "everything is asked for at once");
    let made = streams.made().iter().map(|(stream, event)| format!("{} {event}", stream.aggregate_type));
    assert_eq!(
        made.collect::<Vec<_>>(),
        [
            "claims NameClaimed",
            "orders OrderPlaced",
            "inventory StockReceived",
            "inventory StockReserved",
            "inventory StockReceived",
            "inventory StockReserved",
            "payments PaymentOpened",
            "payments PaymentCaptured",
            "orders OrderPaid",
            "orders OrderConfirmed",
            "orders OrderProcessing",
            "orders OrderShipped",
            "inventory ReservationCommitted",
            "inventory ReservationCommitted",
            "orders OrderDelivered",
            "purchases PurchaseRecorded",
            "imports DocumentImported",
        ]
    );
    let order = streams.get::<Order>(Uuid::from_u128(101));
    assert_eq!((order.status, order.captured), (OrderStatus::Delivered, 5 * 255 + 100));
    assert_eq!(order.placed.unwrap().lines.len(), 3, "repeated lines count");
    assert_eq!(streams.get::<Inventory>(product(7)), Inventory::default(), "what was received has left");
}

#[test]
fn a_second_import_makes_nothing_and_other_contents_are_refused() {
    let command = order(1, &[(7, 2, 255)]);
    let mut streams = with_orders(std::slice::from_ref(&command));
    let again = ImportOrder { order: order(9, &[(7, 2, 255)]).order, ..command.clone() };
    let outcome = streams.decide(|s| import_order(s, &again)).unwrap();
    assert_eq!(outcome.order_id, Some(OrderId(Uuid::from_u128(101))), "the order of the first import");
    assert_eq!(streams.made(), []);
    let other = ImportOrder { fingerprint: Uuid::from_u128(2), ..command.clone() };
    assert_eq!(streams.decide(|s| import_order(s, &other)), Err(ImportError::OtherContents));
    let mut taken = order(2, &[(7, 1, 255)]);
    taken.order.as_mut().unwrap().external_id = "1".to_owned();
    assert_eq!(streams.decide(|s| import_order(s, &taken)), Err(ImportError::NumberTaken));
}

#[test]
fn nothing_overtakes_what_came_before_it() {
    let mut streams = InMemory::new();
    let second = ImportOrder { after: Some("order/1".to_owned()), ..order(2, &[(7, 1, 255)]) };
    let credit = ImportReturn { after: Some("order/2".to_owned()), ..credit(1, &[(7, 1, 255)]) };
    assert_eq!(streams.decide(|s| import_order(s, &second)), Err(ImportError::TooEarly));
    assert_eq!(streams.decide(|s| import_return(s, &credit)), Err(ImportError::TooEarly));
    streams.decide(|s| import_order(s, &order(1, &[(7, 1, 255)]))).unwrap();
    streams.decide(|s| import_order(s, &second)).unwrap();
    assert_eq!(streams.decide(|s| import_return(s, &credit)).unwrap().returned, [taken(1, 0, 0)]);
}

#[test]
fn stock_is_adjusted_and_never_below_zero() {
    let mut streams = InMemory::new();
    let adjust = ImportOrder {
        order: None,
        adjustments: vec![(product(7), -5), (product(7), 3), (product(8), 4)],
        ..order(1, &[])
    };
    streams.decide(|s| import_order(s, &adjust)).unwrap();
    assert_eq!(streams.get::<Inventory>(product(7)).on_hand, 0, "two were received: up comes before down");
    assert_eq!(streams.get::<Inventory>(product(8)).on_hand, 4);
}

#[test]
fn the_latest_order_gives_first_and_several_may_give() {
    let mut streams =
        with_orders(&[order(1, &[(7, 5, 100)]), order(2, &[(7, 2, 100)]), order(3, &[(8, 9, 100)])]);
    let outcome = streams.decide(|s| import_return(s, &credit(1, &[(7, 4, 100)]))).unwrap();
    assert_eq!(outcome.returned, [taken(4, 0, 0)]);
    assert_eq!((refunded(&streams, 1), refunded(&streams, 2), refunded(&streams, 3)), (200, 200, 0));
    assert_eq!(streams.get::<Inventory>(product(7)).on_hand, 4, "it is for sale again");
    let made = streams.made().iter().map(|(stream, event)| format!("{} {event}", stream.aggregate_type));
    let of_one = [
        "orders ItemsReturned",
        "inventory StockReturned",
        "payments RefundRequested",
        "payments PaymentRefunded",
        "orders OrderRefunded",
        "purchases PurchaseReturned",
    ];
    let expected: Vec<&str> = of_one.into_iter().chain(of_one).chain(["imports DocumentImported"]).collect();
    assert_eq!(made.collect::<Vec<_>>(), expected);

    let outcome = streams.decide(|s| import_return(s, &credit(2, &[(7, 4, 100)]))).unwrap();
    assert_eq!(outcome.returned, [taken(3, 1, 0)], "no more than was bought");
    assert_eq!(streams.get::<Purchases>(CUSTOMER).latest_first(product(7)).count(), 0);
}

#[test]
fn no_more_than_is_left_of_the_payment_goes_back_and_whole_units_only() {
    let mut streams = with_orders(&[order(1, &[(7, 3, 100)])]);
    let outcome = streams.decide(|s| import_return(s, &credit(1, &[(7, 3, 140)]))).unwrap();
    assert_eq!(outcome.returned, [taken(2, 0, 1)]);
    assert_eq!(refunded(&streams, 1), 280);
    let outcome = streams.decide(|s| import_return(s, &credit(2, &[(7, 2, 21)]))).unwrap();
    assert_eq!(outcome.returned, [taken(0, 1, 1)], "one is left, and 20 of the payment");
    let outcome = streams.decide(|s| import_return(s, &credit(3, &[(7, 1, 20)]))).unwrap();
    assert_eq!(outcome.returned, [taken(1, 0, 0)]);
    assert_eq!(refunded(&streams, 1), 300);
}

#[test]
fn where_the_cap_falls_an_earlier_order_gives() {
    let mut streams = with_orders(&[order(1, &[(7, 5, 100)]), order(2, &[(7, 5, 10)])]);
    let outcome = streams.decide(|s| import_return(s, &credit(1, &[(7, 2, 60)]))).unwrap();
    assert_eq!(outcome.returned, [taken(2, 0, 0)]);
    assert_eq!((refunded(&streams, 1), refunded(&streams, 2)), (120, 0), "50 can't pay 60");
}

#[test]
fn goods_that_cost_nothing_come_back_without_a_refund() {
    let mut streams = with_orders(&[order(1, &[(7, 3, 0)])]);
    let outcome = streams.decide(|s| import_return(s, &credit(1, &[(7, 4, 0)]))).unwrap();
    assert_eq!(outcome.returned, [taken(3, 1, 0)]);
    assert_eq!(streams.get::<Payment>(Uuid::from_u128(201)).refunds, []);
    assert_eq!(streams.get::<Inventory>(product(7)).on_hand, 3);
}

#[test]
fn lines_of_one_credit_note_share_goods_and_money() {
    let mut streams = with_orders(&[order(1, &[(7, 3, 100), (8, 1, 50)])]);
    let lines = [(7, 2, 100), (7, 2, 100), (8, 1, 300)];
    let outcome = streams.decide(|s| import_return(s, &credit(1, &lines))).unwrap();
    assert_eq!(outcome.returned, [taken(2, 0, 0), taken(1, 1, 0), taken(0, 0, 1)]);
    let payment = streams.get::<Payment>(Uuid::from_u128(201));
    assert_eq!((payment.refunds.len(), payment.refunded_amount()), (1, 300), "one refund an order");
}

#[test]
fn a_return_without_a_purchase_takes_nothing_and_is_remembered() {
    let mut streams = InMemory::new();
    let early = credit(1, &[(7, 2, 100)]);
    assert_eq!(streams.decide(|s| import_return(s, &early)).unwrap().returned, [taken(0, 2, 0)]);
    streams.decide(|s| import_order(s, &order(1, &[(7, 2, 100)]))).unwrap();
    assert_eq!(streams.decide(|s| import_return(s, &early)).unwrap().returned, [taken(0, 2, 0)]);
    assert_eq!(streams.made(), [], "it was settled when its turn came");
    let stranger = ImportReturn { customer_id: None, ..credit(2, &[(7, 2, 100)]) };
    assert_eq!(streams.decide(|s| import_return(s, &stranger)).unwrap().returned, [taken(0, 2, 0)]);
    let euros = ImportReturn { currency: "EUR".parse().unwrap(), ..credit(3, &[(7, 2, 100)]) };
    assert_eq!(streams.decide(|s| import_return(s, &euros)).unwrap().returned, [taken(0, 2, 0)]);
}

#[test]
fn a_return_asks_for_its_streams_in_three_rounds() {
    let mut streams = with_orders(&[order(1, &[(7, 1, 100)]), order(2, &[(7, 1, 100)])]).cold();
    streams.decide(|s| import_return(s, &credit(1, &[(7, 2, 100)]))).unwrap();
    assert_eq!(streams.rounds(), 3, "the customer, the orders, the payments");
}

#[test]
fn a_product_is_created_once_under_a_free_slug_and_filled_up() {
    let details = |sku: &str| ProductDetails {
        external_id: Some(sku.to_owned()),
        ..ProductDetails::plain(SELLER, sku.to_owned(), "A thing".to_owned(), Money::new(100, gbp()))
    };
    let import = |id: u128, sku: &str, stock| ImportProduct {
        product_id: product(id),
        details: details(sku),
        slugs: vec!["a-thing".to_owned(), format!("a-thing-{sku}")],
        stock,
    };
    let mut streams = InMemory::new();
    assert_eq!(streams.decide(|s| import_product(s, &import(1, "A", 5))), Ok(product(1)));
    assert_eq!(streams.decide(|s| import_product(s, &import(2, "B", 0))), Ok(product(2)));
    let slug = |id| streams.get::<crate::product::Product>(product(id)).details.unwrap().slug.clone();
    assert_eq!((slug(1), slug(2)), ("a-thing".to_owned(), "a-thing-B".to_owned()));

    assert_eq!(streams.decide(|s| import_product(s, &import(3, "A", 5))), Ok(product(1)));
    assert_eq!(streams.made(), [], "it is there, with stock enough");
    assert_eq!(streams.decide(|s| import_product(s, &import(3, "A", 8))), Ok(product(1)));
    assert_eq!(streams.get::<Inventory>(product(1)).on_hand, 8);
}
