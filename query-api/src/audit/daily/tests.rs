use domain::ids::{PaymentId, ProductId, RefundId};
use domain::order::{GoodsAmount, OrderPaid, OrderRefundReversed, OrderRefunded};
use uuid::Uuid;

use super::*;

const ANN: SellerId = SellerId(Uuid::from_u128(1));
const BEN: SellerId = SellerId(Uuid::from_u128(2));

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn currency(code: &str) -> Currency {
    code.parse().unwrap()
}

fn split(goods: &[(SellerId, Minor)], tax: Minor, shipping: Minor) -> Split {
    let part = |(line, &(seller_id, amount))| {
        let product_id = ProductId(Uuid::from_u128(3));
        GoodsAmount { line, product_id, seller_id, quantity: 1, amount }
    };
    Split { goods: (0..).zip(goods).map(part).collect(), tax, shipping }
}

fn paid(code: &str, split: Split) -> OrderEvent {
    OrderEvent::OrderPaid(OrderPaid {
        payment_id: PaymentId(Uuid::from_u128(4)),
        customer_id: None,
        amount: split.total().unwrap(),
        currency: currency(code),
        split,
    })
}

fn refunded(code: &str, split: Split) -> OrderEvent {
    OrderEvent::OrderRefunded(OrderRefunded {
        payment_id: PaymentId(Uuid::from_u128(4)),
        refund_id: RefundId(Uuid::from_u128(5)),
        customer_id: None,
        amount: split.total().unwrap(),
        currency: currency(code),
        split,
    })
}

fn reversed(code: &str, split: &Split) -> OrderEvent {
    OrderEvent::OrderRefundReversed(OrderRefundReversed {
        payment_id: PaymentId(Uuid::from_u128(4)),
        refund_id: RefundId(Uuid::from_u128(5)),
        customer_id: None,
        amount: split.total().unwrap(),
        currency: currency(code),
        split: split.money_alone(),
    })
}

fn booked(scope: Scope, events: &[(&str, OrderEvent)]) -> Ledger {
    let mut ledger = Ledger::new(scope);
    for (at, event) in events {
        ledger.book(time(at), event).unwrap();
    }
    ledger
}

/// Two sellers' order of 1,000.00 + 80.00 tax + 5.00 shipping, of which 108.51 goes back two days later.
fn two_sellers() -> [(&'static str, OrderEvent); 2] {
    let whole = split(&[(ANN, 60_000), (BEN, 40_000)], 8_000, 500);
    let part = whole.part(10_851).unwrap();
    [("2026-05-01T10:00:00Z", paid("USD", whole)), ("2026-05-03T10:00:00Z", refunded("USD", part))]
}

#[test]
fn days_show_what_came_what_went_and_of_which_part() {
    let ledger = booked(Scope::default(), &two_sellers());
    assert_eq!(
        csv(&ledger.rows().unwrap()),
        "date,currency,captured,refunded,balance,goods,tax,shipping\n\
         2026-05-01,USD,1085.00,0.00,1085.00,1000.00,80.00,5.00\n\
         2026-05-03,USD,0.00,108.51,-108.51,-100.01,-8.00,-0.50\n"
    );
    let totals = ledger.totals().unwrap();
    assert_eq!(totals.len(), 1);
    assert_eq!(
        totals[0].cells("total".to_owned()),
        ["total", "USD", "1085.00", "108.51", "976.49", "899.99", "72.00", "4.50"]
    );
}

/// Guards that a day that is over doesn't change, and that nothing of the refund is left over.
#[test]
fn a_refund_that_came_back_is_taken_off_on_the_day_on_which_it_did() {
    let part = split(&[(ANN, 60_000), (BEN, 40_000)], 8_000, 500).part(10_851).unwrap();
    let back = ("2026-05-20T10:00:00Z", reversed("USD", &part));
    let events: Vec<_> = two_sellers().into_iter().chain([back]).collect();
    let of = |seller| {
        let ledger = booked(Scope { seller, ..Scope::default() }, &events);
        (csv(&ledger.rows().unwrap()), ledger.totals().unwrap()[0])
    };
    let (days, total) = of(None);
    assert_eq!(
        days,
        "date,currency,captured,refunded,balance,goods,tax,shipping\n\
         2026-05-01,USD,1085.00,0.00,1085.00,1000.00,80.00,5.00\n\
         2026-05-03,USD,0.00,108.51,-108.51,-100.01,-8.00,-0.50\n\
         2026-05-20,USD,0.00,-108.51,108.51,100.01,8.00,0.50\n"
    );
    let captured = booked(Scope::default(), &two_sellers()[..1]).totals().unwrap()[0];
    assert_eq!(total, captured);
    let (_, ann) = of(Some(ANN));
    assert_eq!((ann.refunded.0.amount, ann.goods.0.amount), (0, 60_000));
}

#[test]
fn a_sellers_ledger_is_his_goods_alone_and_all_sellers_together_are_the_goods() {
    let of = |seller| {
        let ledger = booked(Scope { seller: Some(seller), ..Scope::default() }, &two_sellers());
        ledger.totals().unwrap()[0]
    };
    let (ann, ben) = (of(ANN), of(BEN));
    assert_eq!(
        ann.cells("ann".to_owned()),
        ["ann", "USD", "600.00", "60.01", "539.99", "539.99", "0.00", "0.00"]
    );
    let all = booked(Scope::default(), &two_sellers()).totals().unwrap()[0];
    assert_eq!(ann.goods.0.amount + ben.goods.0.amount, all.goods.0.amount);
}

#[test]
fn a_day_without_goods_of_the_seller_is_no_row() {
    let scope = Scope { seller: Some(SellerId(Uuid::from_u128(9))), ..Scope::default() };
    assert_eq!(booked(scope, &two_sellers()).rows().unwrap(), []);
}

#[test]
fn a_day_begins_at_midnight_of_the_time_zone() {
    let events = [
        ("2026-03-29T22:30:00Z", paid("EUR", split(&[(ANN, 100)], 0, 0))),
        ("2026-03-30T21:59:59.999999Z", paid("EUR", split(&[(ANN, 10)], 0, 0))),
        ("2026-03-30T22:00:00Z", paid("EUR", split(&[(ANN, 1)], 0, 0))),
    ];
    let days = |tz| {
        let rows = booked(Scope { tz, ..Scope::default() }, &events).rows().unwrap();
        rows.iter().map(|row| (row.date, row.figures.captured.0.amount)).collect::<Vec<_>>()
    };
    assert_eq!(days(Tz::UTC), [(day("2026-03-29"), 100), (day("2026-03-30"), 11)]);
    assert_eq!(days(Tz::Europe__Berlin), [(day("2026-03-30"), 110), (day("2026-03-31"), 1)]);
    assert_eq!(days(Tz::Pacific__Auckland), [(day("2026-03-30"), 100), (day("2026-03-31"), 11)]);
}

#[test]
fn the_first_and_the_last_day_count() {
    let (from, to) = (Some(day("2026-05-01")), Some(day("2026-05-03")));
    let events = ["2026-04-30", "2026-05-01", "2026-05-02", "2026-05-03", "2026-05-04"];
    let mut ledger = Ledger::new(Scope { from, to, ..Scope::default() });
    for date in events {
        let at = time(&format!("{date}T23:59:59.999999Z"));
        ledger.book(at, &paid("USD", split(&[(ANN, 1)], 0, 0))).unwrap();
    }
    let dates: Vec<_> = ledger.rows().unwrap().iter().map(|row| row.date.to_string()).collect();
    assert_eq!(dates, ["2026-05-01", "2026-05-02", "2026-05-03"]);
}

#[test]
fn currencies_are_never_added_together() {
    let at = "2026-05-01T10:00:00Z";
    let events =
        [(at, paid("USD", split(&[(ANN, 29_999)], 0, 0))), (at, paid("JPY", split(&[(ANN, 300)], 0, 0)))];
    let ledger = booked(Scope::default(), &events);
    let rows = ledger.rows().unwrap();
    assert_eq!(
        ndjson(&rows).unwrap(),
        concat!(
            r#"{"date":"2026-05-01","currency":"JPY","captured":300,"refunded":0,"balance":300,"goods":300,"tax":0,"shipping":0}"#,
            "\n",
            r#"{"date":"2026-05-01","currency":"USD","captured":299.99,"refunded":0.00,"balance":299.99,"goods":299.99,"tax":0.00,"shipping":0.00}"#,
            "\n"
        )
    );
    assert_eq!(ledger.totals().unwrap().len(), 2);
}

#[test]
fn what_moves_no_money_is_passed_by() {
    let events = [("2026-05-01T10:00:00Z", OrderEvent::OrderConfirmed {})];
    assert_eq!(booked(Scope::default(), &events).rows().unwrap(), []);
}

#[test]
fn a_sum_that_cannot_be_exact_is_an_error() {
    let mut ledger = Ledger::new(Scope::default());
    let at = time("2026-05-01T10:00:00Z");
    ledger.book(at, &paid("USD", split(&[(ANN, Minor::MAX)], 0, 0))).unwrap();
    let error = ledger.book(at, &paid("USD", split(&[(ANN, 1)], 0, 0))).unwrap_err();
    assert!(matches!(error, LedgerError::TooLarge(_)));
}
