use cqrs_es::test::TestFramework;

use super::*;

fn claimed() -> ClaimEvent {
    ClaimEvent::NameClaimed { owner: "a".into() }
}

fn released() -> ClaimEvent {
    ClaimEvent::NameReleased { owner: "a".into() }
}

fn claim(owner: &str) -> ClaimCommand {
    ClaimCommand::Claim { owner: owner.into() }
}

fn release(owner: &str) -> ClaimCommand {
    ClaimCommand::Release { owner: owner.into() }
}

#[test]
fn what_is_accepted() {
    for (given, when, then) in [
        (vec![], claim("a"), claimed()),
        (vec![claimed()], release("a"), released()),
        (vec![claimed(), released()], claim("a"), claimed()),
    ] {
        TestFramework::<Claim>::with(()).given(given).when(when).then_expect_events(vec![then]);
    }
}

#[test]
fn what_is_refused() {
    let taken = || ClaimError::Taken { owner: "a".into() };
    for (given, when, then) in [
        (vec![claimed()], claim("b"), taken()),
        (vec![claimed()], claim("a"), taken()),
        (vec![claimed()], release("b"), ClaimError::NotOwned),
        (vec![], release("a"), ClaimError::NotOwned),
        (vec![claimed(), released()], release("a"), ClaimError::NotOwned),
    ] {
        TestFramework::<Claim>::with(()).given(given).when(when).then_expect_error(then);
    }
}

#[test]
fn names_of_different_kinds_never_meet() {
    let seller = SellerId(uuid::Uuid::from_u128(1));
    assert_eq!(sku(seller, "A-1"), "sku/00000000-0000-0000-0000-000000000001/A-1");
    assert_eq!(slug("a-1"), "slug/a-1");
    assert_eq!(category("a-1"), "category/a-1");
    assert_eq!(external_order(seller, "536365"), "order/00000000-0000-0000-0000-000000000001/536365");
}
