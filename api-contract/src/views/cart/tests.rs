use std::sync::Arc;

use chrono::TimeDelta;
use cqrs_es::DomainEvent as _;
use domain::coupon::{Discount, Terms};
use domain::decisions::Offer;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const ANN: UserId = UserId(Uuid::from_u128(0xa));
const MUG: ProductId = ProductId(Uuid::from_u128(1));
const POT: ProductId = ProductId(Uuid::from_u128(2));

fn usd(amount: i64) -> Money {
    Money::new(amount, "USD".parse().unwrap())
}

fn time(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn quoting() -> Quoting {
    Quoting { user_id: ANN, at: time(9), tax_rate: "0.050".parse().unwrap(), currency: usd(0).currency }
}

/// Two mugs that cost 10.00, a pot that cost 5.00, and a coupon.
fn record() -> CartRecord {
    let mut record = CartRecord::default();
    let added = |product_id, quantity, price| CartEvent::CartItemAdded {
        product_id,
        quantity,
        unit_price: usd(price),
        added_at: None,
    };
    record.apply(&added(MUG, 2, 1_000), time(1));
    record.apply(&added(POT, 1, 500), time(2));
    record.apply(&CartEvent::CouponApplied { code: "TEN".parse().unwrap() }, time(3));
    record
}

fn offer(name: &str, price: Money, sold: bool, stock: u64) -> Offer {
    let details = json!({ "seller_id": Uuid::nil(), "sku": "S", "slug": "s", "name": name, "description": "",
                          "price": { "amount": price.amount, "currency": price.currency } });
    Offer { details: Some(Arc::new(serde_json::from_value(details).unwrap())), sold, stock }
}

fn ten_percent(minimum: i64) -> Coupon {
    let terms = Terms {
        discount: Discount::Percentage { hundredths: 1_000 },
        currency: Some(usd(0).currency),
        minimum_subtotal: Some(minimum),
        starts_at: None,
        ends_at: None,
        total_limit: None,
        per_user_limit: None,
    };
    Coupon::met_by(ANN, terms, false, 0, 0)
}

fn view(offers: [(ProductId, Offer); 2], coupon: &Coupon) -> (String, Value) {
    let view = CartView::of(&record(), &Offers::from(offers), Some(coupon), quoting()).unwrap();
    let text = serde_json::to_string(&view).unwrap();
    let json = serde_json::from_str(&text).unwrap();
    (text, json)
}

#[test]
fn what_is_as_it_was_needs_no_words() {
    let offers = [(MUG, offer("Mug", usd(1_000), true, 2)), (POT, offer("Pot", usd(500), true, 1))];
    let (text, json) = view(offers, &ten_percent(0));
    assert!(text.contains(r#""subtotal":25.00,"discount":2.50,"tax":1.13,"total":23.63"#), "{text}");
    assert_eq!(
        (&json["changes"], &json["couponProblem"], &json["taxRate"]),
        (&json!([]), &Value::Null, &json!("0.05"))
    );
    assert_eq!(json["items"][0]["addedAt"], "1970-01-01T00:01:00Z");
}

#[test]
fn a_price_and_a_stock_are_those_of_now_and_the_difference_is_said() {
    let offers = [(MUG, offer("Mug", usd(1_200), true, 1)), (POT, offer("Pot", usd(500), true, 0))];
    let (text, json) = view(offers, &ten_percent(0));
    assert!(text.contains(r#""price":12.00,"addedPrice":10.00,"priceChanged":true"#), "{text}");
    assert!(text.contains(r#""subtotal":29.00"#), "{text}");
    let said = [
        "Mug cost 10.00 USD when it was added and costs 12.00 USD now",
        "Only 1 of Mug are left, 2 are in the cart",
        "Pot is out of stock",
    ];
    assert_eq!(json["changes"], json!(said));
    assert_eq!(
        (&json["items"][1]["inStock"], &json["items"][1]["availableStock"]),
        (&json!(false), &json!(0))
    );
}

#[test]
fn what_is_no_longer_sold_keeps_its_name_and_the_price_that_it_had() {
    let euro = Money::new(1, "EUR".parse().unwrap());
    let offers = [(MUG, offer("Mug", usd(1_200), false, 5)), (POT, offer("Pot", euro, true, 5))];
    let (text, json) = view(offers, &ten_percent(0));
    assert!(text.contains(r#""subtotal":25.00"#), "{text}");
    assert_eq!(json["changes"], json!(["Mug is no longer for sale", "Pot is no longer for sale"]));
    assert_eq!(
        (&json["items"][0]["forSale"], &json["items"][0]["productName"]),
        (&json!(false), &json!("Mug"))
    );
}

#[test]
fn a_coupon_that_takes_nothing_off_says_why() {
    let offers = [(MUG, offer("Mug", usd(1_000), true, 2)), (POT, offer("Pot", usd(500), true, 1))];
    let (text, json) = view(offers, &ten_percent(2_501));
    assert!(text.contains(r#""subtotal":25.00,"discount":0.00,"tax":1.25,"total":26.25"#), "{text}");
    assert_eq!(
        (&json["couponCode"], &json["couponProblem"]),
        (&json!("TEN"), &json!("the coupon needs a subtotal of at least 25.01 USD"))
    );
    assert_eq!(json["changes"].as_array().unwrap().len(), 1);
}

fn any_event() -> impl Strategy<Value = CartEvent> {
    let product = prop_oneof![Just(MUG), Just(POT)];
    prop_oneof![
        3 => (product.clone(), 1u32..4, 1i64..3).prop_map(|(product_id, quantity, price)| {
            CartEvent::CartItemAdded { product_id, quantity, unit_price: usd(price), added_at: None }
        }),
        1 => (product.clone(), 1u32..4)
            .prop_map(|(product_id, quantity)| CartEvent::CartItemQuantityChanged { product_id, quantity }),
        1 => product.prop_map(|product_id| CartEvent::CartItemRemoved { product_id }),
        1 => Just(CartEvent::CouponApplied { code: "TEN".parse().unwrap() }),
        1 => Just(CartEvent::CouponRemoved {}),
        1 => Just(CartEvent::CartCleared {}),
        1 => Just(CartEvent::CartCheckedOut { order_id: domain::ids::OrderId(Uuid::nil()) }),
    ]
}

proptest! {
    #[test]
    fn what_came_before_the_cart_began_anew_does_not_show(events in proptest::collection::vec(any_event(), 1..20)) {
        let fold = |from: usize| {
            let mut record = CartRecord::after(from as u64);
            for (nth, event) in events.iter().enumerate().skip(from) {
                record.apply(event, time(i64::try_from(nth).unwrap()));
            }
            (record.cart, record.added_at, record.updated_at, record.version)
        };
        let anew = |event: &CartEvent| CartRecord::ANEW.contains(&event.event_type().as_str());
        prop_assert_eq!(fold(events.iter().rposition(anew).unwrap_or(0)), fold(0));
    }

    #[test]
    fn a_changed_cart_is_recorded_as_its_events_are(events in proptest::collection::vec(any_event(), 1..20)) {
        let mut record = CartRecord::default();
        for (nth, mut event) in events.into_iter().enumerate() {
            let at = time(i64::try_from(nth).unwrap());
            if let CartEvent::CartItemAdded { added_at, .. } = &mut event {
                *added_at = Some(at);
            }
            record.apply(&event, at);
            let changed = CartRecord::changed(&record.cart, record.version, at).unwrap();
            prop_assert_eq!(format!("{changed:?}"), format!("{record:?}"));
        }
    }
}

#[test]
fn a_line_from_before_moments_were_in_it_is_left_to_the_stream() {
    assert!(CartRecord::changed(&record().cart, 3, time(3)).is_none());
}
