use cqrs_es::test::TestFramework;

use super::*;

type Given = TestFramework<Imported>;

#[test]
fn a_document_is_settled_once() {
    let outcome = Outcome {
        fingerprint: Uuid::from_u128(1),
        order_id: None,
        returned: vec![TakenBack { taken: 1, not_bought: 2, not_paid: 3 }],
    };
    let settle = ImportedCommand::Settle(outcome.clone());
    let settled = ImportedEvent::DocumentImported(outcome);
    Given::with(()).given_no_previous_events().when(settle.clone()).then_expect_events(vec![settled.clone()]);
    Given::with(()).given(vec![settled]).when(settle).then_expect_error(ImportedError::AlreadySettled);
}

#[test]
fn the_id_of_a_part_names_seller_ordinal_and_number() {
    let seller = SellerId(Uuid::from_u128(1));
    assert_eq!(id(seller, 2, "C1/3"), "00000000-0000-0000-0000-000000000001/2/C1/3");
}
