use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;
use crate::ids::{OrderId, PersonalId, ReviewId, SellerId};

const MUG: ProductId = ProductId(Uuid::from_u128(1));
const ANN: UserId = UserId(Uuid::from_u128(2));

fn stars(rating: u8) -> Written {
    Written {
        review_id: ReviewId(Uuid::from_u128(3)),
        product_id: MUG,
        seller_id: SellerId(Uuid::from_u128(6)),
        user_id: ANN,
        rating,
        order_id: None,
        text: None,
    }
}

fn bought() -> Written {
    let (order_id, text) = (Some(OrderId(Uuid::from_u128(4))), Some(PersonalId(Uuid::from_u128(5))));
    Written { order_id, text, ..stars(4) }
}

#[test]
fn what_is_accepted() {
    for written in [stars(1), stars(5), bought()] {
        TestFramework::<Review>::with(())
            .given_no_previous_events()
            .when(ReviewCommand::Write(written.clone()))
            .then_expect_events(vec![ReviewEvent::ReviewWritten(written)]);
    }
}

#[test]
fn what_is_refused() {
    let written = || vec![ReviewEvent::ReviewWritten(stars(3))];
    for (given, when, then) in [
        (vec![], stars(0), ReviewError::Rating),
        (vec![], stars(6), ReviewError::Rating),
        (written(), stars(3), ReviewError::AlreadyWritten),
        (written(), bought(), ReviewError::AlreadyWritten),
        (written(), stars(6), ReviewError::AlreadyWritten),
    ] {
        TestFramework::<Review>::with(())
            .given(given)
            .when(ReviewCommand::Write(when))
            .then_expect_error(then);
    }
}

#[test]
fn only_an_order_makes_it_one_of_a_purchase() {
    assert!(bought().is_verified_purchase());
    assert!(!stars(5).is_verified_purchase());
}

#[test]
fn a_stream_is_of_one_product_and_one_user() {
    let id = stream(MUG, ANN);
    assert_eq!(id, "00000000-0000-0000-0000-000000000001:00000000-0000-0000-0000-000000000002");
    assert_eq!(of_stream(&id), Some((MUG, ANN)));
    for other in ["", ":", &id[1..], &id[..36], "a:b"] {
        assert_eq!(of_stream(other), None, "{other}");
    }
}
