use chrono::TimeDelta;
use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;

const A: ProductId = ProductId(Uuid::from_u128(0xa));
const B: ProductId = ProductId(Uuid::from_u128(0xb));

fn money(amount: i64, currency: &str) -> Money {
    Money::new(amount, currency.parse().unwrap())
}

const NOON: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn added(product_id: ProductId, quantity: u32) -> CartEvent {
    CartEvent::CartItemAdded { product_id, quantity, unit_price: money(999, "USD"), added_at: Some(NOON) }
}

fn add(product_id: ProductId, quantity: u32) -> CartCommand {
    CartCommand::AddItem { product_id, quantity, unit_price: money(999, "USD"), at: NOON }
}

fn set(product_id: ProductId, quantity: u32) -> CartCommand {
    CartCommand::SetQuantity { product_id, quantity }
}

fn code(text: &str) -> CouponCode {
    text.parse().unwrap()
}

fn applied(text: &str) -> CartEvent {
    CartEvent::CouponApplied { code: code(text) }
}

fn apply(text: &str) -> CartCommand {
    CartCommand::ApplyCoupon { code: code(text) }
}

fn check_out() -> CartCommand {
    CartCommand::CheckOut { order_id: OrderId(Uuid::from_u128(1)) }
}

#[test]
fn what_is_accepted() {
    let checked_out = CartEvent::CartCheckedOut { order_id: OrderId(Uuid::from_u128(1)) };
    let removed = CartEvent::CartItemRemoved { product_id: A };
    let euro = CartEvent::CartItemAdded {
        product_id: A,
        quantity: 1,
        unit_price: money(1, "EUR"),
        added_at: Some(NOON),
    };
    for (given, when, then) in [
        (vec![], add(A, 999), vec![added(A, 999)]),
        (vec![added(A, 900)], add(A, 99), vec![added(A, 99)]),
        (vec![added(A, 2)], add(B, 1), vec![added(B, 1)]),
        (
            vec![added(A, 2)],
            set(A, 5),
            vec![CartEvent::CartItemQuantityChanged { product_id: A, quantity: 5 }],
        ),
        (vec![added(A, 2)], set(A, 2), vec![]),
        (vec![added(A, 2)], set(A, 0), vec![CartEvent::CartItemRemoved { product_id: A }]),
        (
            vec![added(A, 2)],
            CartCommand::RemoveItem { product_id: A },
            vec![CartEvent::CartItemRemoved { product_id: A }],
        ),
        (vec![added(A, 2)], CartCommand::Clear, vec![CartEvent::CartCleared {}]),
        (vec![], CartCommand::Clear, vec![]),
        (vec![added(A, 2)], apply("save20"), vec![applied("SAVE20")]),
        (vec![added(A, 2), applied("SAVE20")], apply("SAVE20"), vec![]),
        (vec![added(A, 2), applied("SAVE20")], apply("SAVE30"), vec![applied("SAVE30")]),
        (vec![added(A, 2), applied("SAVE20")], CartCommand::RemoveCoupon, vec![CartEvent::CouponRemoved {}]),
        (vec![added(A, 2)], CartCommand::RemoveCoupon, vec![]),
        (vec![added(A, 2), applied("X"), checked_out.clone()], CartCommand::RemoveCoupon, vec![]),
        (
            vec![added(A, 2), applied("X"), removed.clone()],
            CartCommand::Clear,
            vec![CartEvent::CartCleared {}],
        ),
        (vec![added(A, 2), applied("X"), CartEvent::CartCleared {}], CartCommand::Clear, vec![]),
        (vec![added(A, 2)], check_out(), vec![checked_out.clone()]),
        (vec![euro, checked_out], add(A, 1), vec![added(A, 1)]),
    ] {
        TestFramework::<Cart>::with(()).given(given).when(when).then_expect_events(then);
    }
}

#[test]
fn what_is_refused() {
    let full = || (0..200).map(|n| added(ProductId(Uuid::from_u128(1000 + n)), 1)).collect::<Vec<_>>();
    let euro = CartCommand::AddItem { product_id: B, quantity: 1, unit_price: money(1, "EUR"), at: NOON };
    let other = CartError::OtherCurrency { cart: "USD".parse().unwrap(), product: "EUR".parse().unwrap() };
    let removed = CartEvent::CartItemRemoved { product_id: A };
    for (given, when, then) in [
        (vec![], add(A, 0), CartError::ZeroQuantity),
        (vec![], add(A, 1000), CartError::TooMany),
        (vec![added(A, 999)], add(A, 1), CartError::TooMany),
        (vec![added(A, 1)], add(A, u32::MAX), CartError::TooMany),
        (vec![added(A, 1)], set(A, 1000), CartError::TooMany),
        (full(), add(A, 1), CartError::TooManyLines),
        (vec![added(A, 1)], euro, other),
        (vec![], set(A, 1), CartError::NotInCart { product_id: A }),
        (vec![added(A, 1)], set(B, 0), CartError::NotInCart { product_id: B }),
        (vec![], CartCommand::RemoveItem { product_id: A }, CartError::NotInCart { product_id: A }),
        (vec![], apply("X"), CartError::Empty),
        (vec![], check_out(), CartError::Empty),
        (vec![added(A, 1), removed], check_out(), CartError::Empty),
        (vec![added(A, 1), CartEvent::CartCleared {}], check_out(), CartError::Empty),
    ] {
        TestFramework::<Cart>::with(()).given(given).when(when).then_expect_error(then);
    }
}

#[test]
fn a_line_has_the_sum_the_last_price_and_the_first_moment() {
    let unit_price = money(1099, "USD");
    let added_at = Some(NOON + TimeDelta::hours(1));
    let mut cart = Cart::default();
    cart.evolve(&added(A, 2));
    cart.evolve(&CartEvent::CartItemAdded { product_id: A, quantity: 3, unit_price, added_at });
    assert_eq!(cart.lines, vec![CartLine { product_id: A, quantity: 5, unit_price, added_at: Some(NOON) }]);
}

#[test]
fn an_event_from_before_moments_were_in_it_can_be_read() {
    let stored = r#"{"CartItemAdded":{"product_id":"00000000-0000-0000-0000-00000000000a","quantity":2,
                     "unit_price":{"amount":999,"currency":"USD"}}}"#;
    let unit_price = money(999, "USD");
    let event: CartEvent = serde_json::from_str(stored).unwrap();
    assert_eq!(event, CartEvent::CartItemAdded { product_id: A, quantity: 2, unit_price, added_at: None });
}
