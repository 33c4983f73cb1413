//! Invoices of orders of all fates, and what can be copied out of them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use api_contract::views::{OrderRecord, OrderSight, PaymentRecord, PersonalBodies, Record as _};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{OrderId, PaymentId, PersonalId, ProductId, RefundId, SellerId, UserId};
use domain::order::{
    CancelCause, OrderEvent, OrderLine, OrderPaid, OrderPlaced, OrderRefundReversed, OrderRefunded, Region,
    Split, totals,
};
use domain::payment::PaymentEvent;
use serde_json::{Value, json, value::to_raw_value};
use uuid::Uuid;

use super::{Invoice, Names};

const ACME: SellerId = SellerId(Uuid::from_u128(1));
const GLOBEX: SellerId = SellerId(Uuid::from_u128(2));
const ADDRESS: PersonalId = PersonalId(Uuid::from_u128(3));
const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(4));

fn line(seller_id: SellerId, name: &str, sku: &str, unit_price: i64, quantity: u32) -> OrderLine {
    let product_id = ProductId(Uuid::from_u128(9));
    OrderLine { product_id, seller_id, sku: sku.into(), name: name.into(), unit_price, quantity }
}

/// The second document's order: 999.97 less 20 % at 8 %.
fn placed(lines: Vec<OrderLine>, discount: i64) -> OrderPlaced {
    let totals = totals(&lines, discount, "0.08".parse().unwrap(), 0).unwrap();
    OrderPlaced {
        number: "ORD-2026-000100".into(),
        external_id: None,
        customer_id: Some(UserId(Uuid::from_u128(5))),
        lines,
        currency: "USD".parse().unwrap(),
        subtotal: totals.subtotal,
        discount: totals.discount,
        coupon_code: None,
        tax: totals.tax,
        tax_rate: "0.08".into(),
        shipping: totals.shipping,
        total: totals.total,
        ship_to: Region::default(),
        shipping_address: Some(ADDRESS),
        billing_address: Some(ADDRESS),
        notes: None,
        payment_id: PAYMENT,
        payment_method: Some("card".into()),
        expires_at: Some(at(30)),
    }
}

fn headphones() -> OrderPlaced {
    let lines = vec![
        line(ACME, "Wireless Headphones", "WH-001", 29_999, 2),
        line(GLOBEX, "Smartwatch", "SW-002", 39_999, 1),
    ];
    placed(lines, 19_999)
}

fn at(minutes: i64) -> DateTime<Utc> {
    "2026-11-02T10:30:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
}

fn record(placed: &OrderPlaced, later: Vec<OrderEvent>) -> OrderRecord {
    let mut record = OrderRecord::default();
    record.apply(&OrderEvent::OrderPlaced(Box::new(placed.clone())), at(0));
    for event in later {
        record.apply(&event, at(5));
    }
    record
}

fn paid(placed: &OrderPlaced) -> Vec<OrderEvent> {
    let split = Split::of_order(placed).unwrap();
    let (amount, currency, customer_id) = (placed.total, placed.currency, placed.customer_id);
    let paid = OrderPaid { payment_id: PAYMENT, customer_id, amount, currency, split };
    vec![OrderEvent::OrderPaid(paid), OrderEvent::OrderConfirmed {}]
}

fn refunded(placed: &OrderPlaced, amount: i64) -> OrderEvent {
    let split = Split::of_order(placed).unwrap().part(amount).unwrap();
    let (currency, customer_id) = (placed.currency, placed.customer_id);
    let refund_id = RefundId(Uuid::from_u128(7));
    OrderEvent::OrderRefunded(OrderRefunded {
        payment_id: PAYMENT,
        refund_id,
        customer_id,
        amount,
        currency,
        split,
    })
}

/// It came back.
fn reversed(refunded: OrderEvent) -> OrderEvent {
    let OrderEvent::OrderRefunded(refunded) = refunded else { panic!("a refund") };
    let OrderRefunded { payment_id, refund_id, customer_id, amount, currency, split } = refunded;
    let split = split.money_alone();
    OrderEvent::OrderRefundReversed(OrderRefundReversed {
        payment_id,
        refund_id,
        customer_id,
        amount,
        currency,
        split,
    })
}

fn bodies(address: &Value) -> PersonalBodies {
    PersonalBodies::from([(ADDRESS, to_raw_value(address).unwrap())])
}

fn address() -> Value {
    json!({ "fullName": "Łukasz Žižek", "street": "Дворцовая наб. 32", "addressLine2": "Flat 4", "city": "New York",
            "state": "NY", "zipCode": "10001", "country": "USA" })
}

fn names() -> Names {
    let shops = BTreeMap::from([(ACME, "Acme Audio".to_owned()), (GLOBEX, "Globex Ωmega".to_owned())]);
    Names { shops, buyer: Some("Jane Roe".into()) }
}

fn invoice(record: &OrderRecord, sight: OrderSight) -> Invoice {
    Invoice::of(record, &PaymentRecord::default(), &bodies(&address()), sight, &names()).unwrap()
}

/// What a person would copy out, with single spaces; nothing where pdftotext is not installed.
fn text(pdf: &[u8]) -> Option<String> {
    let mut command = Command::new("pdftotext");
    let running = command.args(["-layout", "-", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut running = running.ok()?;
    let mut stdin = running.stdin.take().unwrap();
    let pdf = pdf.to_vec();
    let writing = std::thread::spawn(move || stdin.write_all(&pdf));
    let output = running.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn printed(invoice: &Invoice, says: &[&str]) {
    let pdf = invoice.print().unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    if let Some(folder) = std::env::var_os("INVOICES") {
        let name =
            std::path::Path::new(&folder).join(format!("{}-{}", invoice.sellers.len(), invoice.file_name()));
        std::fs::write(name, &pdf).unwrap();
    }
    let Some(text) = text(&pdf) else { return };
    for expected in says {
        assert!(text.contains(expected), "{expected:?} is not in {text}");
    }
}

#[test]
fn a_paid_order_has_an_invoice_with_everything_that_was_agreed() {
    let placed = headphones();
    let invoice = invoice(&record(&placed, paid(&placed)), OrderSight::Whole);
    assert_eq!(invoice.file_name(), "INV-2026-000100.pdf");
    printed(
        &invoice,
        &[
            "Invoice number INV-2026-000100",
            "Invoice date 2 November 2026",
            "Order number ORD-2026-000100",
            "Paid on 2 November 2026",
            "Acme Audio",
            "Globex Ωmega",
            "Łukasz Žižek",
            "Дворцовая наб. 32",
            "New York, NY 10001",
            "Wireless Headphones WH-001 2 299.99 599.98",
            "Smartwatch SW-002 1 399.99 399.99",
            "Subtotal 999.97",
            "Discount −199.99",
            "Tax (8 %) 64.00",
            "Shipping 0.00",
            "Total 863.98 USD",
            "Paid 863.98",
            "Page 1 of 1",
        ],
    );
}

#[test]
fn before_it_is_paid_it_is_pro_forma() {
    let invoice = invoice(&record(&headphones(), vec![]), OrderSight::Whole);
    assert_eq!(invoice.file_name(), "proforma-ORD-2026-000100.pdf");
    printed(
        &invoice,
        &["Pro forma invoice", "Awaiting payment", "Due 863.98", "no tax invoice", "11:00 UTC"],
    );
}

#[test]
fn a_refund_is_told() {
    let placed = headphones();
    let events = |amount| {
        let mut events = paid(&placed);
        events.push(OrderEvent::OrderCancelled { cause: CancelCause::Customer, reason: None });
        events.push(refunded(&placed, amount));
        events
    };
    let part = invoice(&record(&placed, events(10_000)), OrderSight::Whole);
    printed(&part, &["Paid, refunded in part", "Refunded 100.00"]);
    let whole = invoice(&record(&placed, events(86_398)), OrderSight::Whole);
    printed(&whole, &["Paid and refunded in full", "Refunded 863.98"]);
    let mut came_back = events(86_398);
    came_back.push(reversed(refunded(&placed, 86_398)));
    let record = record(&placed, came_back);
    for sight in [OrderSight::Whole, OrderSight::OfSeller(ACME)] {
        let invoice = invoice(&record, sight);
        assert_eq!(invoice.state, "Paid; cancelled, to be refunded");
        assert!(invoice.paid.iter().all(|(label, _)| label != "Refunded"), "{:?}", invoice.paid);
    }
}

/// Guards against a promise of money that nobody is sending.
#[test]
fn a_refund_is_on_its_way_while_its_gateway_is_asked_and_not_when_it_came_to_nothing() {
    let placed = headphones();
    let cancelled = OrderEvent::OrderCancelled { cause: CancelCause::Customer, reason: None };
    let record = record(&placed, [paid(&placed), vec![cancelled]].concat());
    let split = Split::of_order(&placed).unwrap();
    let (order_id, amount, currency) = (OrderId(Uuid::from_u128(6)), placed.total, placed.currency);
    let refund_id = RefundId(Uuid::from_u128(7));
    let request = |refund_id| PaymentEvent::RefundRequested {
        order_id,
        refund_id,
        amount,
        currency,
        split: split.clone(),
        reason: None,
    };
    let failed = PaymentEvent::RefundFailed { refund_id, code: "expired_card".into() };
    let split = split.clone();
    let refunded =
        PaymentEvent::PaymentRefunded { order_id, refund_id, amount, currency, split, reference: None };
    let split = Split::of_order(&placed).unwrap().money_alone();
    let code = "lost_or_stolen_card".into();
    let reversed = PaymentEvent::RefundReversed { order_id, refund_id, amount, currency, split, code };
    let anew = request(RefundId(Uuid::from_u128(8)));
    for (events, says) in [
        (vec![], "to be refunded"),
        (vec![request(refund_id)], "the refund is on its way"),
        (vec![request(refund_id), failed.clone()], "to be refunded"),
        (vec![request(refund_id), refunded.clone(), reversed.clone()], "to be refunded"),
        (vec![request(refund_id), refunded, reversed, anew], "the refund is on its way"),
    ] {
        let mut payment = PaymentRecord::default();
        for event in &events {
            payment.apply(event, at(5));
        }
        for sight in [OrderSight::Whole, OrderSight::OfSeller(ACME)] {
            let invoice = Invoice::of(&record, &payment, &bodies(&address()), sight, &names()).unwrap();
            assert_eq!(invoice.state, format!("Paid; cancelled, {says}"), "{events:?}");
        }
    }
}

#[test]
fn of_what_cost_nothing_no_refund_is_promised() {
    let placed = placed(vec![line(ACME, "Sample", "S-1", 0, 1)], 0);
    let cancelled = OrderEvent::OrderCancelled { cause: CancelCause::Customer, reason: None };
    let record = record(&placed, [paid(&placed), vec![cancelled]].concat());
    assert_eq!(invoice(&record, OrderSight::Whole).state, "Paid; cancelled");
}

#[test]
fn a_sellers_invoice_is_of_the_sellers_items() {
    let placed = OrderPlaced { coupon_code: Some("SAVE20".parse().unwrap()), ..headphones() };
    let record = record(&placed, paid(&placed));
    printed(&invoice(&record, OrderSight::Whole), &["Discount (SAVE20) −199.99"]);
    let hers = invoice(&record, OrderSight::OfSeller(ACME));
    let his = invoice(&record, OrderSight::OfSeller(GLOBEX));
    assert_eq!(
        (hers.file_name(), his.file_name()),
        ("INV-2026-000100-1.pdf".into(), "INV-2026-000100-2.pdf".into())
    );
    printed(
        &hers,
        &["Acme Audio", "Subtotal 599.98", "Discount −119.99", "Tax (8 %) 38.40", "Total 518.39 USD"],
    );
    printed(&his, &["Total 345.59 USD", "one seller's items of order ORD-2026-000100"]);
    assert!(hers.sellers.iter().all(|(name, rows)| name == "Acme Audio" && rows.len() == 1));
}

#[test]
fn what_was_erased_is_missing_and_nothing_else() {
    let placed = headphones();
    let record = record(&placed, paid(&placed));
    let nobody = Names { buyer: None, ..names() };
    let invoice =
        Invoice::of(&record, &PaymentRecord::default(), &PersonalBodies::new(), OrderSight::Whole, &nobody);
    printed(&invoice.unwrap(), &["No address is kept", "Total 863.98 USD"]);
}

#[test]
fn many_lines_take_many_pages() {
    let lines = (1..=200).map(|n| {
        let name =
            format!("Thing {n} with a name that is rather long and needs more than one line of the table");
        line(if n % 3 == 0 { GLOBEX } else { ACME }, &name, &format!("SKU-{n:04}"), 100 + n, 1)
    });
    let placed = placed(lines.collect(), 0);
    let invoice = invoice(&record(&placed, paid(&placed)), OrderSight::Whole);
    printed(&invoice, &["SKU-0001", "SKU-0100", "SKU-0200", "Page 10 of", "Sold by Globex Ωmega"]);
}

#[test]
fn any_name_prints() {
    let lines = vec![
        line(ACME, "", "", 0, 1),
        line(ACME, "東京タワー 🗼 \u{200d}\u{feff} मुंबई ไทย", "日本", 1, 1),
        line(ACME, &"長".repeat(500), &"S".repeat(100), i64::from(u32::MAX), 1),
        line(ACME, "عطر العود الفاخر, קפה", "عود-1", 1, u32::MAX),
        line(ACME, "tab\tand\nnewline e\u{301}\u{327}\u{200f}", "\u{7f}", 1, 1),
    ];
    let placed = placed(lines, 0);
    let record = record(&placed, paid(&placed));
    let strange = json!({ "fullName": "王小明", "street": "\u{202e}شارع", "city": "عمان", "country": "🇯🇴" });
    let invoice =
        Invoice::of(&record, &PaymentRecord::default(), &bodies(&strange), OrderSight::Whole, &names())
            .unwrap();
    printed(&invoice, &["Acme Audio", "Total"]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

    #[test]
    fn no_text_keeps_an_invoice_from_being_printed(name in "\\PC{0,120}", sku in ".{0,40}", street in ".{0,60}") {
        let placed = placed(vec![line(ACME, &name, &sku, 100, 1)], 0);
        let record = record(&placed, paid(&placed));
        let address = json!({ "street": street, "city": name, "country": sku });
        let invoice =
            Invoice::of(&record, &PaymentRecord::default(), &bodies(&address), OrderSight::Whole, &names()).unwrap();
        proptest::prop_assert!(invoice.print().unwrap().starts_with(b"%PDF-"));
    }
}
