use chrono::{DateTime, Utc};
use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::ids::{OrderId, ProductId, SellerId};
use crate::order::GoodsAmount;

const NOON: DateTime<Utc> = DateTime::UNIX_EPOCH;
const ORDER: OrderId = OrderId(Uuid::from_u128(1));
const ADDRESS: &str = "https://pay.example/receipts/1";
const PAGE: PersonalId = PersonalId(Uuid::from_u128(0x21));
const RECEIPT: PersonalId = PersonalId(Uuid::from_u128(0x31));
const R1: RefundId = RefundId(Uuid::from_u128(0x11));
const R2: RefundId = RefundId(Uuid::from_u128(0x12));

fn usd(amount: i64) -> Money {
    Money::new(amount, "USD".parse().unwrap())
}

fn split(amounts: &[i64], tax: i64, shipping: i64) -> Split {
    let goods = (0_u32..)
        .zip(amounts)
        .map(|(line, amount)| GoodsAmount {
            line,
            product_id: ProductId(Uuid::from_u128(7)),
            seller_id: SellerId(Uuid::from_u128(8)),
            quantity: 1,
            amount: *amount,
        })
        .collect();
    Split { goods, tax, shipping }
}

#[test]
fn where_the_customer_acts_is_read_from_events_of_before_it_was_kept_in_personal() {
    let (event, payload) = (action_required(1), r#"{"PaymentActionRequired":{"attempt":1,"page":"_"}}"#);
    let payload = payload.replace('_', &PAGE.to_string());
    assert_eq!(serde_json::to_string(&event).unwrap(), payload);
    assert_eq!(serde_json::from_str::<PaymentEvent>(&payload).unwrap(), event);
    let before = r#"{"PaymentActionRequired":{"attempt":2,"url":"https://pay.example/3ds"}}"#;
    let page = ActionPage::Written("https://pay.example/3ds".to_owned());
    let read = serde_json::from_str::<PaymentEvent>(before).unwrap();
    assert_eq!(read, PaymentEvent::PaymentActionRequired { attempt: 2, page });
}

#[test]
fn a_payment_that_was_opened_before_its_event_said_when_is_read() {
    let before = format!(
        r#"{{"PaymentOpened":{{"order_id":"{ORDER}","customer_id":null,"amount":{{"amount":100,"currency":"USD"}}}}}}"#
    );
    let event =
        PaymentEvent::PaymentOpened { order_id: ORDER, customer_id: None, amount: usd(100), opened_at: None };
    assert_eq!(serde_json::from_str::<PaymentEvent>(&before).unwrap(), event);
    assert_eq!(serde_json::to_string(&event).unwrap(), before);
    assert_eq!(
        serde_json::from_str::<PaymentEvent>(&serde_json::to_string(&opened()).unwrap()).unwrap(),
        opened()
    );
}

fn opened() -> PaymentEvent {
    PaymentEvent::PaymentOpened {
        order_id: ORDER,
        customer_id: None,
        amount: usd(100),
        opened_at: Some(NOON),
    }
}

fn attempted(attempt: u32) -> PaymentEvent {
    PaymentEvent::PaymentAttempted {
        attempt,
        gateway: "simulator".into(),
        method: "tok_visa".into(),
        pages: None,
    }
}

fn declined(attempt: u32) -> PaymentEvent {
    PaymentEvent::PaymentDeclined { attempt, code: "card_declined".into() }
}

fn action_required(attempt: u32) -> PaymentEvent {
    PaymentEvent::PaymentActionRequired { attempt, page: ActionPage::Kept(PAGE) }
}

fn captured() -> PaymentEvent {
    PaymentEvent::PaymentCaptured {
        order_id: ORDER,
        amount: 100,
        currency: usd(0).currency,
        gateway: "simulator".into(),
        reference: Some("ch_1".into()),
        brand: None,
        last4: None,
        receipt_id: Some(RECEIPT),
        receipt: None,
        split: split(&[60, 30], 7, 3),
    }
}

fn requested(refund_id: RefundId, amount: i64) -> PaymentEvent {
    PaymentEvent::RefundRequested {
        order_id: ORDER,
        refund_id,
        amount,
        currency: usd(0).currency,
        split: split(&[amount], 0, 0),
        reason: None,
    }
}

fn refunded(refund_id: RefundId, amount: i64) -> PaymentEvent {
    PaymentEvent::PaymentRefunded {
        order_id: ORDER,
        refund_id,
        amount,
        currency: usd(0).currency,
        split: split(&[amount], 0, 0),
        reference: Some("re_1".into()),
    }
}

fn failed(refund_id: RefundId) -> PaymentEvent {
    PaymentEvent::RefundFailed { refund_id, code: "expired_card".into() }
}

fn reversed(refund_id: RefundId, amount: i64) -> PaymentEvent {
    PaymentEvent::RefundReversed {
        order_id: ORDER,
        refund_id,
        amount,
        currency: usd(0).currency,
        split: split(&[amount], 0, 0).money_alone(),
        code: "expired_card".into(),
    }
}

fn open(amount: i64) -> PaymentCommand {
    PaymentCommand::Open { order_id: ORDER, customer_id: None, amount: usd(amount), at: Some(NOON) }
}

fn attempt() -> PaymentCommand {
    PaymentCommand::Attempt { gateway: "simulator".into(), method: "tok_visa".into(), pages: None }
}

fn decline(attempt: u32) -> PaymentCommand {
    PaymentCommand::Decline { attempt, code: "card_declined".into() }
}

fn require_action(attempt: u32) -> PaymentCommand {
    PaymentCommand::RequireAction { attempt, page: PAGE }
}

fn capture(amount: Money, split: Split) -> PaymentCommand {
    PaymentCommand::Capture(Box::new(Capture {
        amount,
        gateway: "simulator".into(),
        reference: Some("ch_1".into()),
        brand: None,
        last4: None,
        receipt_id: Some(RECEIPT),
        receipt: None,
        split,
    }))
}

fn capture_all() -> PaymentCommand {
    capture(usd(100), split(&[60, 30], 7, 3))
}

/// As if a command said a receipt's address itself.
fn capture_with_address() -> PaymentCommand {
    let PaymentCommand::Capture(mut capture) = capture_all() else { panic!("it is a capture") };
    capture.receipt = Some(ADDRESS.to_owned());
    PaymentCommand::Capture(capture)
}

fn request(refund_id: RefundId, amount: i64) -> PaymentCommand {
    PaymentCommand::RequestRefund { refund_id, split: split(&[amount], 0, 0), reason: None }
}

fn settle(refund_id: RefundId) -> PaymentCommand {
    PaymentCommand::SettleRefund { refund_id, reference: Some("re_1".into()) }
}

fn fail(refund_id: RefundId) -> PaymentCommand {
    PaymentCommand::FailRefund { refund_id, code: "expired_card".into() }
}

fn reverse(refund_id: RefundId) -> PaymentCommand {
    PaymentCommand::ReverseRefund { refund_id, code: "expired_card".into() }
}

/// A refund of 40 that went back.
fn gone_back() -> Vec<PaymentEvent> {
    vec![opened(), captured(), requested(R1, 40), refunded(R1, 40)]
}

/// And came back to us.
fn come_back() -> Vec<PaymentEvent> {
    vec![opened(), captured(), requested(R1, 40), refunded(R1, 40), reversed(R1, 40)]
}

#[test]
fn what_is_accepted() {
    let cancelled = PaymentEvent::PaymentCancelled {};
    for (given, when, then) in [
        (vec![], open(100), opened()),
        (vec![opened()], attempt(), attempted(1)),
        (vec![opened(), attempted(1), declined(1)], attempt(), attempted(2)),
        (vec![opened(), attempted(1)], require_action(1), action_required(1)),
        (vec![opened(), attempted(1)], decline(1), declined(1)),
        (vec![opened(), attempted(1), action_required(1)], decline(1), declined(1)),
        (vec![opened(), attempted(1), cancelled.clone()], decline(1), declined(1)),
        (vec![opened()], capture_all(), captured()),
        (vec![opened()], capture_with_address(), captured()),
        (vec![opened(), attempted(1), action_required(1)], capture_all(), captured()),
        (vec![opened(), attempted(1), declined(1)], capture_all(), captured()),
        (vec![opened(), attempted(1), cancelled.clone()], capture_all(), captured()),
        (vec![opened()], PaymentCommand::Cancel, cancelled.clone()),
        (vec![opened(), attempted(1)], PaymentCommand::Cancel, cancelled),
        (vec![opened(), captured()], request(R1, 100), requested(R1, 100)),
        (vec![opened(), captured(), requested(R1, 40)], request(R2, 60), requested(R2, 60)),
        (vec![opened(), captured(), requested(R1, 100), failed(R1)], request(R2, 100), requested(R2, 100)),
        (vec![opened(), captured(), requested(R1, 40)], settle(R1), refunded(R1, 40)),
        (vec![opened(), captured(), requested(R1, 40)], fail(R1), failed(R1)),
        (gone_back(), reverse(R1), reversed(R1, 40)),
        (come_back(), request(R2, 100), requested(R2, 100)),
    ] {
        TestFramework::<Payment>::with(()).given(given).when(when).then_expect_events(vec![then]);
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table of every refusal")]
fn what_is_refused() {
    use PaymentError as E;
    let cancelled = || PaymentEvent::PaymentCancelled {};
    let paid = || vec![opened(), captured()];
    let above = |left| E::RefundAboveCapture { left: usd(left) };
    let not_refunded = || E::NotRefunded { refund_id: R1 };
    let other_line = || {
        let mut split = split(&[10], 0, 0);
        split.goods[0].line = 2;
        PaymentCommand::RequestRefund { refund_id: R1, split, reason: None }
    };
    let euro = Money::new(100, "EUR".parse().unwrap());
    for (given, when, then) in [
        (vec![], open(-1), E::NegativeAmount),
        (vec![opened()], open(100), E::AlreadyOpened),
        (vec![], attempt(), E::NotOpened),
        (vec![], decline(1), E::NotOpened),
        (vec![], require_action(1), E::NotOpened),
        (vec![], capture_all(), E::NotOpened),
        (vec![], PaymentCommand::Cancel, E::NotOpened),
        (vec![], request(R1, 1), E::NotOpened),
        (vec![], settle(R1), E::NoSuchRefund { refund_id: R1 }),
        (vec![], fail(R1), E::NoSuchRefund { refund_id: R1 }),
        (vec![opened(), attempted(1)], attempt(), E::AttemptUnderWay),
        (vec![opened(), attempted(1), action_required(1)], attempt(), E::AttemptUnderWay),
        (vec![opened(), attempted(u32::MAX), declined(u32::MAX)], attempt(), E::TooManyAttempts),
        (paid(), attempt(), E::AlreadyCaptured),
        (vec![opened(), cancelled()], attempt(), E::Cancelled),
        (vec![opened()], decline(1), E::NoSuchAttempt { attempt: 1 }),
        (vec![opened(), attempted(1)], decline(2), E::NoSuchAttempt { attempt: 2 }),
        (vec![opened(), attempted(1), declined(1)], decline(1), E::NoSuchAttempt { attempt: 1 }),
        (vec![opened(), attempted(1), declined(1)], require_action(1), E::NoSuchAttempt { attempt: 1 }),
        (vec![opened(), attempted(1), cancelled()], require_action(1), E::Cancelled),
        (vec![opened(), attempted(1), captured()], decline(1), E::AlreadyCaptured),
        (vec![opened(), attempted(1), captured()], require_action(1), E::AlreadyCaptured),
        (paid(), capture_all(), E::AlreadyCaptured),
        (vec![opened()], capture(usd(99), split(&[99], 0, 0)), E::WrongAmount { owed: usd(100) }),
        (vec![opened()], capture(euro, split(&[100], 0, 0)), E::WrongAmount { owed: usd(100) }),
        (vec![opened()], capture(usd(100), split(&[60, 30], 7, 2)), E::SplitMismatch),
        (vec![opened()], capture(usd(100), split(&[101], -1, 0)), E::SplitMismatch),
        (vec![opened()], capture(usd(100), split(&[i64::MAX, i64::MAX], 0, 0)), E::SplitMismatch),
        (vec![opened()], request(R1, 1), E::NotCaptured),
        (paid(), request(R1, 0), E::ZeroRefund),
        (paid(), request(R1, -1), E::SplitMismatch),
        (paid(), other_line(), E::SplitMismatch),
        (paid(), request(R1, 101), above(100)),
        (vec![opened(), captured(), requested(R1, 40)], request(R2, 61), above(60)),
        (vec![opened(), captured(), requested(R1, 40), refunded(R1, 40)], request(R2, 61), above(60)),
        (vec![opened(), captured(), requested(R1, 40)], request(R1, 1), E::RepeatedRefund),
        (vec![opened(), captured(), requested(R1, 40), failed(R1)], request(R1, 1), E::RepeatedRefund),
        (paid(), settle(R1), E::NoSuchRefund { refund_id: R1 }),
        (
            vec![opened(), captured(), requested(R1, 40), refunded(R1, 40)],
            settle(R1),
            E::NoSuchRefund { refund_id: R1 },
        ),
        (
            vec![opened(), captured(), requested(R1, 40), refunded(R1, 40)],
            fail(R1),
            E::NoSuchRefund { refund_id: R1 },
        ),
        (
            vec![opened(), captured(), requested(R1, 40), failed(R1)],
            settle(R1),
            E::NoSuchRefund { refund_id: R1 },
        ),
        (vec![], reverse(R1), not_refunded()),
        (paid(), reverse(R1), not_refunded()),
        (vec![opened(), captured(), requested(R1, 40)], reverse(R1), not_refunded()),
        (vec![opened(), captured(), requested(R1, 40), failed(R1)], reverse(R1), not_refunded()),
        (gone_back(), reverse(R2), E::NotRefunded { refund_id: R2 }),
        (come_back(), reverse(R1), not_refunded()),
        (come_back(), settle(R1), E::NoSuchRefund { refund_id: R1 }),
        (come_back(), fail(R1), E::NoSuchRefund { refund_id: R1 }),
        (come_back(), request(R1, 1), E::RepeatedRefund),
        (come_back(), request(R2, 101), above(100)),
        (paid(), PaymentCommand::Cancel, E::AlreadyCaptured),
        (vec![opened(), cancelled()], PaymentCommand::Cancel, E::Cancelled),
    ] {
        TestFramework::<Payment>::with(()).given(given).when(when).then_expect_error(then);
    }
}

#[test]
fn the_status_follows_the_events() {
    let mut payment = Payment::default();
    for (event, status) in [
        (opened(), "pending"),
        (attempted(1), "processing"),
        (action_required(1), "requires_action"),
        (declined(1), "failed"),
        (attempted(2), "processing"),
        (PaymentEvent::PaymentCancelled {}, "cancelled"),
        (captured(), "succeeded"),
        (requested(R1, 40), "succeeded"),
        (refunded(R1, 40), "partially_refunded"),
        (requested(R2, 60), "partially_refunded"),
        (refunded(R2, 60), "refunded"),
        (reversed(R1, 40), "partially_refunded"),
        (reversed(R2, 60), "succeeded"),
    ] {
        payment.evolve(&event);
        assert_eq!(payment.status().as_str(), status, "after {event:?}");
    }
    assert_eq!((payment.captured_amount(), payment.refunded_amount(), payment.refundable()), (100, 0, 100));
}

#[test]
fn a_receipt_is_named_by_its_row_and_read_from_events_that_say_its_address() {
    let event = captured();
    let named = format!(r#""last4":null,"receipt_id":"{}","split""#, RECEIPT.0);
    let written = serde_json::to_string(&event).unwrap();
    assert!(written.contains(&named), "{written}");
    assert_eq!(serde_json::from_str::<PaymentEvent>(&written).unwrap(), event);

    let before = written.replace(&named, &format!(r#""last4":null,"receipt":"{ADDRESS}","split""#));
    let event: PaymentEvent = serde_json::from_str(&before).unwrap();
    assert_eq!(serde_json::to_string(&event).unwrap(), before);
    let mut payment = Payment::default();
    payment.evolve(&event);
    let captured = payment.captured.unwrap();
    assert_eq!((captured.receipt_id, captured.receipt.as_deref()), (None, Some(ADDRESS)));
}

#[test]
fn events_from_before_pages_and_receipts_are_read_and_written_as_they_were() {
    for stored in [
        r#"{"PaymentAttempted":{"attempt":1,"gateway":"simulator","method":"tok_visa"}}"#,
        r#"{"PaymentCaptured":{"order_id":"00000000-0000-0000-0000-000000000001","amount":0,"currency":"USD","gateway":"none","reference":null,"brand":null,"last4":null,"split":{"goods":[],"tax":0,"shipping":0}}}"#,
    ] {
        let event: PaymentEvent = serde_json::from_str(stored).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), stored);
    }
}
