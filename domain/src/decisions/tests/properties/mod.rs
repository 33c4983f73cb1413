//! What holds after any sequence of decisions, accepted or refused.

mod attempts;
mod invariants;
mod tries;

use proptest::prelude::*;

use self::tries::any_try;
use super::*;

const PRODUCTS: [ProductId; 3] = [MUG, POT, TIP];
const COUPONS: [&str; 3] = [SAVE20, FIVE, ONCE];

/// The shop and what was tried in it.
struct World {
    shop: InMemory,
    orders: u128,
    refunds: u128,
}

fn order_id(n: usize) -> OrderId {
    OrderId(Uuid::from_u128(0x1000 + n as u128))
}

fn payment_id(n: usize) -> PaymentId {
    PaymentId(Uuid::from_u128(0x2000 + n as u128))
}

impl World {
    fn new() -> Self {
        Self { shop: shop(), orders: 0, refunds: 0 }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn stock_and_money_are_kept_over_any_sequence(tries in prop::collection::vec(any_try(), 1..120)) {
        let mut world = World::new();
        for what in tries {
            world.attempt(what);
            world.check()?;
        }
    }
}

/// The property says something only if the sequences get somewhere.
#[test]
fn the_sequences_reach_every_event() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let sequences = prop::collection::vec(any_try(), 100..120);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let mut world = World::new();
        for what in sequences.new_tree(&mut runner).unwrap().current() {
            world.attempt(what);
            seen.extend(world.shop.made().iter().map(|(_, event)| event.clone()));
        }
    }
    let untried = ["CartCleared", "CouponCreated", "CouponWithdrawn"];
    for (aggregate, event, _) in crate::public::schemas() {
        // The catalog has a property of its own.
        let catalog = ["products", "categories"].contains(&aggregate);
        assert!(catalog || seen.contains(event) || untried.contains(&event), "{event} never happened");
    }
}
