//! An order of which two sellers have lines.

use super::*;

const HERS: Lines = Lines::OfSeller(SellerId(Uuid::from_u128(5)));
const HIS: Lines = Lines::OfSeller(SellerId(Uuid::from_u128(6)));
const NOBODYS: Lines = Lines::OfSeller(SellerId(Uuid::from_u128(7)));

/// Lines 0 and 2 are hers, line 1 is his; confirmed.
fn confirmed() -> Vec<OrderEvent> {
    let his = OrderLine { seller_id: SellerId(Uuid::from_u128(6)), ..line(2, 100, 3) };
    let lines = vec![line(1, 100, 2), his, line(3, 100, 1)];
    let place = Place { lines, discount: 0, ..to_place() };
    let OrderEvent::OrderPlaced(placed) = Order::default().place(place).unwrap() else { unreachable!() };
    let split = Split::of_order(&placed).unwrap();
    let paid = OrderPaid { amount: placed.total, split, ..payment() };
    vec![OrderEvent::OrderPlaced(placed), OrderEvent::OrderPaid(paid), OrderEvent::OrderConfirmed {}]
}

fn part(lines: &[u32], order_status: OrderStatus) -> Part {
    Part { lines: lines.to_vec(), order_status }
}

/// The order after these commands, each accepted.
fn after(commands: &[OrderCommand]) -> (Vec<OrderEvent>, Order) {
    let (mut events, mut order) = (confirmed(), Order::default());
    for event in &events {
        order.evolve(event);
    }
    for command in commands {
        for event in order.decide(command.clone()).unwrap() {
            order.evolve(&event);
            events.push(event);
        }
    }
    (events, order)
}

#[test]
fn the_order_is_what_its_least_advanced_line_is() {
    use OrderStatus::{Confirmed, Delivered, Processing, Shipped};
    let mut order = after(&[]).1;
    for (command, part, status, lines) in [
        (start(HERS), part(&[0, 2], Confirmed), Confirmed, [Processing, Confirmed, Processing]),
        (ship(HERS), part(&[0, 2], Confirmed), Confirmed, [Shipped, Confirmed, Shipped]),
        // Staff's step takes along whatever is where it begins, and leaves what is further on.
        (start(Lines::All), part(&[1], Processing), Processing, [Shipped, Processing, Shipped]),
        (ship(HIS), part(&[1], Shipped), Shipped, [Shipped; 3]),
        (deliver(HIS), part(&[1], Shipped), Shipped, [Shipped, Delivered, Shipped]),
        (deliver(Lines::All), part(&[0, 2], Delivered), Delivered, [Delivered; 3]),
    ] {
        let made = order.decide(command.clone()).unwrap();
        let said = match &made[0] {
            OrderEvent::OrderProcessing { part, .. } | OrderEvent::OrderDelivered { part, .. } => part,
            OrderEvent::OrderShipped(shipped) => &shipped.part,
            other => panic!("{other:?}"),
        };
        assert_eq!(said.as_ref(), Some(&part), "{command:?}");
        order.evolve(&made[0]);
        assert_eq!((order.status, &order.line_status[..]), (status, &lines[..]), "{command:?}");
    }
    assert_eq!(order.shipments.len(), 2);
}

#[test]
fn a_step_of_all_lines_says_nothing_of_parts() {
    let (events, order) = after(&[start(Lines::All), ship(Lines::All), deliver(Lines::All)]);
    assert_eq!(events[4], left(None));
    assert_eq!(order.line_status, [OrderStatus::Delivered; 3]);
}

#[test]
fn what_is_refused() {
    use OrderStatus::{Cancelled, Confirmed, Processing, Shipped};
    let wrong = |is, to| OrderError::WrongStatus { is, to };
    let back = |line, n| OrderCommand::Return {
        items: vec![ReturnedItem { line, product_id: product(n), quantity: 1 }],
    };
    let hers_left = [start(HERS), ship(HERS)];
    for (done, when, then) in [
        (&[][..], start(NOBODYS), OrderError::NothingOfSeller),
        (&[], ship(HERS), wrong(Confirmed, Shipped)),
        (&[start(HERS)], start(HERS), wrong(Processing, Processing)),
        // Staff's step begins at the least advanced line.
        (&[start(HERS)], ship(Lines::All), wrong(Confirmed, Shipped)),
        (&hers_left, cancel(CancelCause::Customer, 1), OrderError::PartlyShipped),
        (&hers_left, cancel(CancelCause::Staff, 1), OrderError::PartlyShipped),
        (&hers_left, cancel(CancelCause::Expired, 99), wrong(Confirmed, Cancelled)),
        (&hers_left, back(1, 2), OrderError::NotShipped { is: Confirmed }),
    ] {
        let (events, _) = after(done);
        TestFramework::<Order>::with(()).given(events).when(when).then_expect_error(then);
    }
}

#[test]
fn what_has_left_may_come_back_while_the_rest_waits() {
    let (events, _) = after(&[start(HERS), ship(HERS)]);
    let items = vec![ReturnedItem { line: 2, product_id: product(3), quantity: 1 }];
    TestFramework::<Order>::with(())
        .given(events)
        .when(OrderCommand::Return { items: items.clone() })
        .then_expect_events(vec![OrderEvent::ItemsReturned { items }]);
}

#[test]
fn an_event_without_a_part_is_of_all_lines() {
    for (event_type, json) in [
        ("OrderProcessing", r#"{"OrderProcessing":{"note":null}}"#),
        (
            "OrderShipped",
            r#"{"OrderShipped":{"tracking_number":null,"carrier":null,"estimated_delivery":null,"note":null}}"#,
        ),
        ("OrderDelivered", r#"{"OrderDelivered":{"note":null}}"#),
    ] {
        let event = parse_event::<Order>(&Order::upcasters(), event_type, "1.0", json).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), json, "written as it was");
        let mut order = after(&[]).1;
        order.evolve(&event);
        assert_eq!(order.line_status, [order.status; 3]);
    }
}

fn any_command() -> impl proptest::strategy::Strategy<Value = OrderCommand> {
    use proptest::prelude::*;
    let lines = prop_oneof![Just(Lines::All), Just(HERS), Just(HIS), Just(NOBODYS)];
    (lines, 0..9_u8).prop_map(|(lines, n)| match n {
        0..=2 => start(lines),
        3..=5 => ship(lines),
        6..=7 => deliver(lines),
        _ => cancel(CancelCause::Staff, 1),
    })
}

proptest::proptest! {
    #[test]
    fn over_any_steps_the_order_is_its_least_advanced_line(
        commands in proptest::collection::vec(any_command(), 0..20),
    ) {
        let mut order = after(&[]).1;
        for command in commands {
            let before = order.clone();
            for event in order.decide(command).unwrap_or_default() {
                order.evolve(&event);
            }
            proptest::prop_assert_eq!(Some(&order.status), order.line_status.iter().min());
            for (was, is) in before.line_status.iter().zip(&order.line_status) {
                proptest::prop_assert!(was <= is, "no line goes back");
                let given_up = *is == OrderStatus::Cancelled;
                proptest::prop_assert!(!(was.has_left() && given_up), "what has left isn't given up");
            }
        }
    }
}
