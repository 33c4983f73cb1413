use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;

type Given = TestFramework<Purchases>;

fn order(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

fn units(line: u32, product: u128, quantity: u32) -> Units {
    Units { line, product_id: ProductId(Uuid::from_u128(product)), quantity }
}

fn recorded(n: u128, bought: Vec<Units>) -> PurchasesEvent {
    PurchasesEvent::PurchaseRecorded { order_id: order(n), bought }
}

fn returned(n: u128, returned: Vec<Units>) -> PurchasesEvent {
    PurchasesEvent::PurchaseReturned { order_id: order(n), returned }
}

#[test]
fn an_order_is_recorded_once() {
    let record = PurchasesCommand::Record { order_id: order(1), bought: vec![units(0, 7, 3)] };
    Given::with(())
        .given_no_previous_events()
        .when(record.clone())
        .then_expect_events(vec![recorded(1, vec![units(0, 7, 3)])]);
    Given::with(())
        .given(vec![recorded(1, vec![units(0, 7, 3)])])
        .when(record)
        .then_expect_error(PurchasesError::AlreadyRecorded);
}

#[test]
fn a_quantity_of_zero_and_no_units_are_refused() {
    for units in [vec![], vec![units(0, 7, 0)]] {
        let record = PurchasesCommand::Record { order_id: order(1), bought: units.clone() };
        Given::with(())
            .given_no_previous_events()
            .when(record)
            .then_expect_error(PurchasesError::ZeroQuantity);
        let back = PurchasesCommand::TakeBack { order_id: order(1), returned: units };
        Given::with(()).given_no_previous_events().when(back).then_expect_error(PurchasesError::ZeroQuantity);
    }
}

#[test]
fn no_more_comes_back_than_was_bought() {
    let given = || vec![recorded(1, vec![units(0, 7, 3)]), returned(1, vec![units(0, 7, 2)])];
    let back =
        |quantity| PurchasesCommand::TakeBack { order_id: order(1), returned: vec![units(0, 7, quantity)] };
    Given::with(()).given(given()).when(back(1)).then_expect_events(vec![returned(1, vec![units(0, 7, 1)])]);
    Given::with(())
        .given(given())
        .when(back(2))
        .then_expect_error(PurchasesError::AboveBought { line: 0, left: 1 });
    let twice =
        PurchasesCommand::TakeBack { order_id: order(1), returned: vec![units(0, 7, 1), units(0, 7, 1)] };
    Given::with(())
        .given(given())
        .when(twice)
        .then_expect_error(PurchasesError::AboveBought { line: 0, left: 0 });
}

#[test]
fn the_latest_purchase_comes_first_and_what_came_back_is_forgotten() {
    let mut purchases = Purchases::default();
    purchases.evolve(&recorded(1, vec![units(0, 7, 3), units(1, 8, 1)]));
    purchases.evolve(&recorded(2, vec![units(0, 7, 2), units(1, 7, 5)]));
    let of_seven = |purchases: &Purchases| {
        let product = ProductId(Uuid::from_u128(7));
        let left = purchases.latest_first(product).map(|p| (p.order_id.0.as_u128(), p.line, p.quantity));
        left.collect::<Vec<_>>()
    };
    assert_eq!(of_seven(&purchases), [(2, 1, 5), (2, 0, 2), (1, 0, 3)]);
    purchases.evolve(&returned(2, vec![units(1, 7, 5)]));
    assert_eq!(of_seven(&purchases), [(2, 0, 2), (1, 0, 3)]);
    purchases.evolve(&returned(2, vec![units(0, 7, 2)]));
    purchases.evolve(&returned(1, vec![units(0, 7, 3), units(1, 8, 1)]));
    assert_eq!(purchases, Purchases::default());
}
