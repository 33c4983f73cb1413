use chrono::TimeDelta;
use domain::order::Split;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const ORDER: OrderId = OrderId(Uuid::from_u128(1));
const ROW: PersonalId = PersonalId(Uuid::from_u128(2));

fn usd(amount: i64) -> Money {
    Money::new(amount, "USD".parse().unwrap())
}

fn time(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn split(tax: i64) -> Split {
    Split { goods: Vec::new(), tax, shipping: 0 }
}

fn opened(opened_at: Option<DateTime<Utc>>) -> PaymentEvent {
    PaymentEvent::PaymentOpened { order_id: ORDER, customer_id: None, amount: usd(100), opened_at }
}

fn captured() -> PaymentEvent {
    PaymentEvent::PaymentCaptured {
        order_id: ORDER,
        amount: 100,
        currency: usd(0).currency,
        gateway: "simulator".to_owned(),
        reference: Some("ch_1".to_owned()),
        brand: Some("visa".to_owned()),
        last4: Some("4242".to_owned()),
        receipt_id: Some(ROW),
        receipt: None,
        split: split(100),
    }
}

fn any_event() -> impl Strategy<Value = PaymentEvent> {
    prop_oneof![
        (1u32..4).prop_map(|attempt| PaymentEvent::PaymentAttempted {
            attempt,
            gateway: "simulator".to_owned(),
            method: "tok_visa".to_owned(),
            pages: None,
        }),
        (1u32..4)
            .prop_map(|attempt| PaymentEvent::PaymentActionRequired { attempt, page: ActionPage::Kept(ROW) }),
        (1u32..4).prop_map(|attempt| PaymentEvent::PaymentDeclined { attempt, code: "no".to_owned() }),
        Just(captured()),
        Just(PaymentEvent::PaymentCancelled {}),
    ]
}

proptest! {
    #[test]
    fn a_changed_payment_is_recorded_as_its_events_are(events in proptest::collection::vec(any_event(), 0..10)) {
        let mut record = PaymentRecord::default();
        for (nth, event) in std::iter::once(opened(Some(time(0)))).chain(events).enumerate() {
            let at = time(i64::try_from(nth).unwrap());
            record.apply(&event, at);
            let changed = PaymentRecord::changed(&record.payment, record.version, at).unwrap();
            prop_assert_eq!(format!("{changed:?}"), format!("{record:?}"));
        }
    }
}

#[test]
fn a_payment_with_moments_that_its_stream_alone_has_is_left_to_the_stream() {
    let requested = PaymentEvent::RefundRequested {
        order_id: ORDER,
        refund_id: RefundId(Uuid::from_u128(3)),
        amount: 100,
        currency: usd(0).currency,
        split: split(100),
        reason: None,
    };
    for events in [vec![opened(None)], vec![opened(Some(time(0))), captured(), requested]] {
        let mut record = PaymentRecord::default();
        for event in &events {
            record.apply(event, time(1));
        }
        assert!(PaymentRecord::changed(&record.payment, record.version, time(1)).is_none(), "{events:?}");
    }
}
