use chrono::TimeDelta;
use cqrs_es::test::TestFramework;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const ANN: UserId = UserId(Uuid::from_u128(0x41));
const BOB: UserId = UserId(Uuid::from_u128(0x42));

fn order(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

fn usd(amount: i64) -> Money {
    Money::new(amount, "USD".parse().unwrap())
}

fn time(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn percent(hundredths: u32) -> Terms {
    Terms {
        discount: Discount::Percentage { hundredths },
        currency: None,
        minimum_subtotal: None,
        starts_at: None,
        ends_at: None,
        total_limit: None,
        per_user_limit: None,
    }
}

fn fixed(amount: i64) -> Terms {
    Terms { discount: Discount::Fixed { amount }, currency: Some(usd(0).currency), ..percent(1) }
}

fn created(terms: Terms) -> CouponEvent {
    CouponEvent::CouponCreated(terms)
}

fn redeem(n: u128, user_id: UserId, subtotal: i64, minutes: i64) -> CouponCommand {
    CouponCommand::Redeem { order_id: order(n), user_id, subtotal: usd(subtotal), at: time(minutes) }
}

fn redeemed(n: u128, user_id: UserId, discount: i64) -> CouponEvent {
    CouponEvent::CouponRedeemed { order_id: order(n), user_id, discount: usd(discount) }
}

fn released(n: u128, user_id: UserId) -> CouponEvent {
    CouponEvent::CouponReleased { order_id: order(n), user_id }
}

#[test]
fn what_is_accepted() {
    let twice = Terms { total_limit: Some(2), ..percent(2_000) };
    let once_each = Terms { per_user_limit: Some(1), ..fixed(500) };
    let window = Terms { starts_at: Some(time(10)), ends_at: Some(time(20)), ..percent(10_000) };
    let least = Terms { minimum_subtotal: Some(5_000), ..fixed(500) };
    let release = CouponCommand::Release { order_id: order(1), user_id: ANN };
    for (given, when, then) in [
        (vec![], CouponCommand::Create(twice.clone()), created(twice.clone())),
        // S4's example: 20 % of 999.97.
        (vec![created(twice.clone())], redeem(1, ANN, 99_997, 0), redeemed(1, ANN, 19_999)),
        (vec![created(twice.clone()), redeemed(1, ANN, 1)], redeem(2, ANN, 10, 0), redeemed(2, ANN, 2)),
        (
            vec![created(twice), redeemed(1, ANN, 1), redeemed(2, ANN, 1), released(1, ANN)],
            redeem(3, BOB, 10, 0),
            redeemed(3, BOB, 2),
        ),
        (
            vec![created(once_each.clone()), redeemed(1, ANN, 1)],
            redeem(2, BOB, 900, 0),
            redeemed(2, BOB, 500),
        ),
        (
            vec![created(once_each.clone()), redeemed(1, ANN, 1), released(1, ANN)],
            redeem(2, ANN, 499, 0),
            redeemed(2, ANN, 499),
        ),
        (vec![created(once_each), redeemed(1, ANN, 1)], release, released(1, ANN)),
        (vec![created(window.clone())], redeem(1, ANN, 10, 10), redeemed(1, ANN, 10)),
        (vec![created(window.clone())], redeem(1, ANN, 10, 19), redeemed(1, ANN, 10)),
        (vec![created(least)], redeem(1, ANN, 5_000, 0), redeemed(1, ANN, 500)),
        (vec![created(window)], CouponCommand::Withdraw, CouponEvent::CouponWithdrawn {}),
    ] {
        TestFramework::<Coupon>::with(()).given(given).when(when).then_expect_events(vec![then]);
    }
}

#[test]
fn what_is_refused() {
    let once = Terms { total_limit: Some(1), ..percent(1_000) };
    let once_each = Terms { per_user_limit: Some(1), ..percent(1_000) };
    let window = Terms { starts_at: Some(time(10)), ends_at: Some(time(20)), ..percent(1_000) };
    let least = Terms { minimum_subtotal: Some(5_000), ..fixed(500) };
    let euro = Terms { currency: Some("EUR".parse().unwrap()), ..fixed(500) };
    let withdrawn = || vec![created(percent(1)), CouponEvent::CouponWithdrawn {}];
    let release = CouponCommand::Release { order_id: order(1), user_id: ANN };
    for (given, when, then) in [
        (vec![created(percent(1))], CouponCommand::Create(percent(1)), CouponError::AlreadyExists),
        (withdrawn(), CouponCommand::Create(percent(1)), CouponError::AlreadyExists),
        (vec![], redeem(1, ANN, 10, 0), CouponError::Unknown),
        (withdrawn(), redeem(1, ANN, 10, 0), CouponError::Unknown),
        (vec![], CouponCommand::Withdraw, CouponError::Unknown),
        (withdrawn(), CouponCommand::Withdraw, CouponError::Unknown),
        (vec![created(once), redeemed(1, BOB, 1)], redeem(2, ANN, 10, 0), CouponError::UsedUp),
        (
            vec![created(once_each), redeemed(1, ANN, 1)],
            redeem(2, ANN, 10, 0),
            CouponError::UsedUpByUser { limit: 1 },
        ),
        (
            vec![created(window.clone())],
            redeem(1, ANN, 10, 9),
            CouponError::NotStarted { starts_at: time(10) },
        ),
        (vec![created(window)], redeem(1, ANN, 10, 20), CouponError::Ended { ended_at: time(20) }),
        (vec![created(least)], redeem(1, ANN, 4_999, 0), CouponError::BelowMinimum { minimum: usd(5_000) }),
        (
            vec![created(euro)],
            redeem(1, ANN, 4_999, 0),
            CouponError::OtherCurrency { currency: "EUR".parse().unwrap() },
        ),
        (vec![created(percent(1))], release, CouponError::NotRedeemed),
    ] {
        TestFramework::<Coupon>::with(()).given(given).when(when).then_expect_error(then);
    }
}

#[test]
fn terms_that_make_no_sense_are_refused() {
    for (terms, error) in [
        (percent(0), TermsError::Percentage),
        (percent(10_001), TermsError::Percentage),
        (fixed(0), TermsError::Amount),
        (Terms { currency: None, ..fixed(1) }, TermsError::NoCurrency),
        (Terms { minimum_subtotal: Some(1), ..percent(1) }, TermsError::NoCurrency),
        (Terms { minimum_subtotal: Some(-1), ..fixed(1) }, TermsError::Minimum),
        (Terms { starts_at: Some(time(1)), ends_at: Some(time(1)), ..percent(1) }, TermsError::Window),
        (Terms { total_limit: Some(0), ..percent(1) }, TermsError::Limit),
        (Terms { per_user_limit: Some(0), ..percent(1) }, TermsError::Limit),
    ] {
        TestFramework::<Coupon>::with(())
            .given_no_previous_events()
            .when(CouponCommand::Create(terms))
            .then_expect_error(error.into());
    }
}

#[test]
fn a_percentage_is_rounded_half_up_once() {
    for (hundredths, subtotal, discount) in [
        (2_000, 99_997, 19_999),
        (5_000, 1, 1),
        (5_000, 3, 2),
        (3_333, 100, 33),
        (10_000, i64::MAX, i64::MAX),
    ] {
        assert_eq!(Discount::Percentage { hundredths }.off(subtotal), discount);
    }
}

#[test]
fn a_code_is_the_same_however_it_is_written() {
    for text in ["save20", "SAVE20", "Save20"] {
        assert_eq!(text.parse::<CouponCode>().unwrap().as_str(), "SAVE20");
    }
    for text in ["", "  ", " SAVE20", "SAVE 20", "SÄVE", "A/B", &"X".repeat(51)] {
        assert_eq!(text.parse::<CouponCode>(), Err(NoCouponCode), "{text}");
    }
}

proptest! {
    #[test]
    fn limits_hold_over_any_sequence(
        total in prop::option::of(1..6_u64),
        each in prop::option::of(1..3_u32),
        tries in prop::collection::vec((0..4_u128, any::<bool>()), 0..60),
    ) {
        let mut coupon = Coupon::default();
        coupon.evolve(&created(Terms { total_limit: total, per_user_limit: each, ..percent(1_000) }));
        let mut open: Vec<u128> = Vec::new();
        for (user, redeems) in tries {
            let user_id = UserId(Uuid::from_u128(user));
            let command = if redeems {
                redeem(1, user_id, 100, 0)
            } else if open.contains(&user) {
                CouponCommand::Release { order_id: order(1), user_id }
            } else {
                continue;
            };
            let Ok(events) = coupon.decide(command) else { continue };
            for event in &events {
                coupon.evolve(event);
            }
            if redeems {
                open.push(user);
            } else if let Some(at) = open.iter().position(|it| *it == user) {
                open.swap_remove(at);
            }
            prop_assert_eq!(coupon.redeemed, open.len() as u64);
            prop_assert!(total.is_none_or(|limit| coupon.redeemed <= limit));
            let of_user = open.iter().filter(|it| **it == user).count();
            prop_assert!(each.is_none_or(|limit| of_user <= limit as usize));
        }
    }

    #[test]
    fn what_is_taken_off_is_never_more_than_there_is(
        subtotal in 0..i64::MAX, hundredths in 1..=10_000_u32, amount in 1..i64::MAX,
    ) {
        for discount in [Discount::Percentage { hundredths }, Discount::Fixed { amount }] {
            prop_assert!((0..=subtotal).contains(&discount.off(subtotal)));
        }
    }
}
