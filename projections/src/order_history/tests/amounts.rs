//! Amounts of which nobody can say what is whose.

use domain::order::public::OrderPublicEvent;
use domain::public::PublicData;

use super::super::changes::Changes;
use super::events;
use crate::read_model::ApplyError;

/// Guards against a seller who is shown nothing for what was sold, or for what went back.
#[test]
fn an_order_whose_amounts_do_not_add_up_is_refused_and_not_taken_for_nothing() {
    let mut refused = Vec::new();
    for event in events() {
        let mut wrong = event.clone();
        match &mut wrong.data {
            PublicData::Orders(OrderPublicEvent::OrderPlaced(placed)) => placed.tax = -1,
            PublicData::Orders(OrderPublicEvent::OrderRefunded(refund)) => refund.split.tax = -1,
            _ => continue,
        }
        assert!(Changes::fold(std::slice::from_ref(&event)).is_ok(), "as it was: {event:?}");
        let outcome = Changes::fold(std::slice::from_ref(&wrong)).map(drop);
        let expected = event.position;
        assert!(
            matches!(outcome, Err(ApplyError::BadEvent { position, .. }) if position == expected),
            "{outcome:?} of {wrong:?}"
        );
        refused.push(event.data.event_type());
    }
    refused.sort_unstable();
    refused.dedup();
    assert_eq!(refused, ["OrderPlaced", "OrderRefunded"]);
}
