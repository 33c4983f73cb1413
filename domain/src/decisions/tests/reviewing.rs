//! Reviews, of what was bought and of what wasn't.

use super::*;
use crate::ids::ReviewId;
use crate::review::{self, Review, ReviewError};

/// An order that nobody placed.
const NO_ORDER: OrderId = OrderId(Uuid::from_u128(0x7f));

/// Whose the shop of pots is.
const CAT: UserId = UserId(Uuid::from_u128(0xca));

/// Ann's of the mug.
fn of_mug() -> WriteReview {
    WriteReview {
        review_id: ReviewId(Uuid::from_u128(0xe1)),
        product_id: MUG,
        user_id: ANN,
        shop: None,
        rating: 5,
        order_id: None,
        perhaps: Some(Vec::new()),
        text: Some(RECEIPT),
    }
}

fn proof(shop: &InMemory, user_id: UserId) -> Option<OrderId> {
    shop.get::<Review>(review::stream(MUG, user_id)).written.unwrap().order_id
}

#[test]
fn a_review_is_of_a_purchase_once_the_order_was_delivered_to_its_writer() {
    let named = || WriteReview { order_id: Some(ORDER), ..of_mug() };
    let perhaps = || WriteReview { perhaps: Some(vec![NO_ORDER, ORDER]), ..of_mug() };
    for (status, command, expected) in [
        (OrderStatus::Pending, named(), None),
        (OrderStatus::Cancelled, named(), None),
        (OrderStatus::Shipped, named(), None),
        (OrderStatus::Delivered, named(), Some(ORDER)),
        (OrderStatus::Delivered, perhaps(), Some(ORDER)),
        (OrderStatus::Shipped, perhaps(), None),
        (OrderStatus::Delivered, of_mug(), None),
        // It is somebody else's order.
        (OrderStatus::Delivered, WriteReview { user_id: BOB, ..perhaps() }, None),
    ] {
        let mut shop = with_order(status).cold();
        assert_eq!(shop.decide(|it| write_review(it, &command)), Ok(ReviewOutcome::Written));
        assert_eq!(made(&shop), [("reviews", "ReviewWritten")]);
        assert_eq!(proof(&shop, command.user_id), expected, "{status}: {command:?}");
        assert_eq!(shop.rounds(), 1);
    }
}

/// Before anybody has looked which orders there are.
fn unasked(mut command: WriteReview) -> WriteReview {
    command.perhaps = None;
    command
}

#[test]
fn other_orders_are_wanted_only_where_the_one_that_is_named_proves_nothing() {
    let named = || WriteReview { order_id: Some(ORDER), ..of_mug() };
    for (status, command, expected) in [
        (OrderStatus::Delivered, of_mug(), ReviewOutcome::Unproven),
        (OrderStatus::Shipped, named(), ReviewOutcome::Unproven),
        (OrderStatus::Delivered, named(), ReviewOutcome::Written),
    ] {
        let mut shop = with_order(status).cold();
        let command = unasked(command);
        assert_eq!(shop.decide(|it| write_review(it, &command)), Ok(expected), "{status}: {command:?}");
        let written = expected == ReviewOutcome::Written;
        assert_eq!((shop.made().len(), shop.rounds()), (usize::from(written), 1), "{status}: {command:?}");
    }
}

#[test]
fn an_order_that_is_named_and_proves_nothing_leaves_the_proof_to_another() {
    let later = OrderId(Uuid::from_u128(0x72));
    let payment_id = PaymentId(Uuid::from_u128(0x82));
    let number = "ORD-2026-000101".into();
    let place = PlaceOrder { order_id: later, payment_id, number, ..order_of(&[item(MUG, 1)]) };
    let mut shop = with_order(OrderStatus::Delivered);
    shop.decide(|it| place_order(it, &place)).unwrap();
    let named = || WriteReview { order_id: Some(later), ..of_mug() };
    for (command, expected) in [
        (unasked(named()), (ReviewOutcome::Unproven, None)),
        (named(), (ReviewOutcome::Written, None)),
        (WriteReview { perhaps: Some(vec![ORDER, later]), ..named() }, (ReviewOutcome::Written, Some(ORDER))),
        (WriteReview { perhaps: Some(vec![later, ORDER]), ..named() }, (ReviewOutcome::Written, Some(ORDER))),
        // Of two that prove it, the one that is named does.
        (
            WriteReview { order_id: Some(ORDER), perhaps: Some(vec![later]), ..of_mug() },
            (ReviewOutcome::Written, Some(ORDER)),
        ),
    ] {
        let mut shop = shop.clone().cold();
        let outcome = shop.decide(|it| write_review(it, &command)).unwrap();
        let written = shop.get::<Review>(review::stream(MUG, ANN)).written;
        let proof = written.and_then(|written| written.order_id);
        assert_eq!((outcome, proof, shop.rounds()), (expected.0, expected.1, 1), "{command:?}");
    }
}

#[test]
fn what_is_refused() {
    let mut hidden = details("mug", usd(9_999));
    hidden.hidden = true;
    let hide = ProductEvent::ProductRevised(Box::new(hidden));
    let mut shop = with_order(OrderStatus::Delivered).given::<Product>(TIP, vec![hide]);
    let unknown = |product_id| WriteReviewError::UnknownProduct { product_id };
    for (command, error) in [
        (WriteReview { product_id: NOWHERE, ..of_mug() }, unknown(NOWHERE)),
        (WriteReview { product_id: JAR, ..of_mug() }, unknown(JAR)),
        (WriteReview { product_id: TIP, ..of_mug() }, unknown(TIP)),
        (WriteReview { shop: Some(SELLER), ..of_mug() }, WriteReviewError::OwnProduct),
        (
            WriteReview { order_id: Some(NO_ORDER), ..of_mug() },
            WriteReviewError::UnknownOrder { order_id: NO_ORDER },
        ),
        (
            WriteReview { order_id: Some(ORDER), user_id: BOB, ..of_mug() },
            WriteReviewError::UnknownOrder { order_id: ORDER },
        ),
        (
            WriteReview { order_id: Some(ORDER), product_id: POT, ..of_mug() },
            WriteReviewError::NotInOrder { order_id: ORDER },
        ),
        (WriteReview { rating: 6, ..of_mug() }, ReviewError::Rating.into()),
        (WriteReview { rating: 0, ..of_mug() }, ReviewError::Rating.into()),
    ] {
        for command in [unasked(command.clone()), command] {
            assert_eq!(shop.decide(|it| write_review(it, &command)), Err(error), "{command:?}");
            assert!(shop.made().is_empty());
        }
    }
}

#[test]
fn each_user_reviews_a_product_once() {
    let mut shop = shop();
    shop.decide(|it| write_review(it, &of_mug())).unwrap();
    let again = WriteReview { rating: 1, review_id: ReviewId(Uuid::from_u128(0xe2)), ..of_mug() };
    for again in [unasked(again.clone()), again.clone()] {
        assert_eq!(shop.decide(|it| write_review(it, &again)), Err(ReviewError::AlreadyWritten.into()));
    }
    for other in [
        WriteReview { user_id: BOB, ..again.clone() },
        WriteReview { product_id: POT, ..again.clone() },
        WriteReview { shop: Some(POTTER), user_id: CAT, ..again },
    ] {
        shop.decide(|it| write_review(it, &other)).unwrap();
    }
    assert_eq!(shop.get::<Review>(review::stream(MUG, ANN)).written.unwrap().rating, 5);
}
