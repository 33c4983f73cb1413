use chrono::TimeDelta;
use cqrs_es::test::TestFramework;
use uuid::Uuid;

use super::*;

const A: OrderId = OrderId(Uuid::from_u128(0xa));
const B: OrderId = OrderId(Uuid::from_u128(0xb));

fn time(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn received(quantity: u64) -> InventoryEvent {
    InventoryEvent::StockReceived { quantity, reason: None }
}

fn reserved(order_id: OrderId, quantity: u64) -> InventoryEvent {
    InventoryEvent::StockReserved { order_id, quantity, expires_at: Some(time(30)) }
}

fn reserve(order_id: OrderId, quantity: u64) -> InventoryCommand {
    InventoryCommand::Reserve { order_id, quantity, expires_at: Some(time(30)) }
}

fn receive(quantity: u64) -> InventoryCommand {
    InventoryCommand::Receive { quantity, reason: None }
}

fn adjust(delta: i64) -> InventoryCommand {
    InventoryCommand::Adjust { delta, reason: None }
}

#[test]
fn what_is_accepted() {
    let released = InventoryEvent::ReservationReleased { order_id: A, quantity: 4 };
    for (given, when, then) in [
        (vec![], receive(10), received(10)),
        (vec![], receive(MOST_ON_HAND), received(MOST_ON_HAND)),
        (vec![received(10)], adjust(-10), InventoryEvent::StockAdjusted { delta: -10, reason: None }),
        (vec![], adjust(3), InventoryEvent::StockAdjusted { delta: 3, reason: None }),
        (vec![received(10)], reserve(A, 10), reserved(A, 10)),
        (vec![received(10), reserved(A, 4)], reserve(A, 6), reserved(A, 6)),
        (vec![received(10), reserved(A, 4), released.clone()], reserve(B, 10), reserved(B, 10)),
        (
            vec![received(10), reserved(A, 4), reserved(A, 2)],
            InventoryCommand::Release { order_id: A },
            InventoryEvent::ReservationReleased { order_id: A, quantity: 6 },
        ),
        (
            vec![received(10), reserved(A, 4)],
            InventoryCommand::Expire { order_id: A, at: time(30) },
            InventoryEvent::ReservationExpired { order_id: A, quantity: 4 },
        ),
        (
            vec![received(10), reserved(A, 4), reserved(B, 1)],
            InventoryCommand::Commit { order_id: A },
            InventoryEvent::ReservationCommitted { order_id: A, quantity: 4 },
        ),
        (
            vec![],
            InventoryCommand::Return { order_id: A, quantity: 2 },
            InventoryEvent::StockReturned { order_id: A, quantity: 2 },
        ),
    ] {
        TestFramework::<Inventory>::with(()).given(given).when(when).then_expect_events(vec![then]);
    }
}

#[test]
fn what_is_refused() {
    use InventoryError::{
        BelowReserved, InsufficientStock, NotExpired, NothingReserved, TooMuch, ZeroQuantity,
    };
    let forever = InventoryEvent::StockReserved { order_id: A, quantity: 1, expires_at: None };
    let committed = InventoryEvent::ReservationCommitted { order_id: A, quantity: 4 };
    for (given, when, then) in [
        (vec![], receive(0), ZeroQuantity),
        (vec![], adjust(0), ZeroQuantity),
        (vec![received(1)], reserve(A, 0), ZeroQuantity),
        (vec![], InventoryCommand::Return { order_id: A, quantity: 0 }, ZeroQuantity),
        (vec![], receive(MOST_ON_HAND + 1), TooMuch),
        (vec![received(1)], receive(u64::MAX), TooMuch),
        (vec![received(1)], adjust(i64::MAX), TooMuch),
        (vec![received(MOST_ON_HAND)], InventoryCommand::Return { order_id: A, quantity: 1 }, TooMuch),
        (vec![], reserve(A, 1), InsufficientStock { available: 0, requested: 1 }),
        (vec![received(10), reserved(A, 4)], reserve(B, 7), InsufficientStock { available: 6, requested: 7 }),
        (vec![received(9)], reserve(A, u64::MAX), InsufficientStock { available: 9, requested: u64::MAX }),
        (
            vec![received(10), reserved(A, 4)],
            adjust(-7),
            BelowReserved { on_hand: 10, reserved: 4, delta: -7 },
        ),
        (vec![], adjust(i64::MIN), BelowReserved { on_hand: 0, reserved: 0, delta: i64::MIN }),
        (vec![received(1)], InventoryCommand::Release { order_id: A }, NothingReserved { order_id: A }),
        (
            vec![received(9), reserved(B, 1)],
            InventoryCommand::Commit { order_id: A },
            NothingReserved { order_id: A },
        ),
        (vec![], InventoryCommand::Expire { order_id: A, at: time(31) }, NothingReserved { order_id: A }),
        (
            vec![received(9), reserved(A, 4), committed],
            InventoryCommand::Release { order_id: A },
            NothingReserved { order_id: A },
        ),
        (
            vec![received(1), reserved(A, 1)],
            InventoryCommand::Expire { order_id: A, at: time(29) },
            NotExpired { order_id: A },
        ),
        (
            vec![received(1), forever],
            InventoryCommand::Expire { order_id: A, at: time(1_000_000) },
            NotExpired { order_id: A },
        ),
    ] {
        TestFramework::<Inventory>::with(()).given(given).when(when).then_expect_error(then);
    }
}

#[test]
fn stock_far_beyond_a_trillion_is_counted_exactly() {
    let mut stock = Inventory::default();
    stock.evolve(&received(1_000_000_000_000));
    stock.evolve(&reserved(A, 999_999_999_999));
    assert_eq!(stock.available(), 1);
    stock.evolve(&InventoryEvent::ReservationCommitted { order_id: A, quantity: 999_999_999_999 });
    assert_eq!((stock.on_hand, stock.reserved, stock.reservations.len()), (1, 0, 0));
}

#[test]
fn the_state_survives_a_snapshot() {
    let mut stock = Inventory::default();
    for event in [received(10), reserved(A, 4), reserved(B, 1)] {
        stock.evolve(&event);
    }
    let json = serde_json::to_string(&stock).unwrap();
    assert_eq!(serde_json::from_str::<Inventory>(&json).unwrap(), stock);
}
