//! Orders are found by their numbers, as people write them.

use std::collections::BTreeSet;

use domain::ids::{SellerId, UserId};
use domain::order::OrderEvent;
use domain::order::public::OrderPublicEvent;
use domain::public::PublicData;
use uuid::Uuid;

use super::super::{NumberPrefix, OrderFilter, Orders, Scope, Sort};
use super::{SHOP, apply, events, filled};
use crate::testing::{Stored, TestDatabase};

async fn found(orders: &Orders, scope: Scope, text: &str) -> Vec<String> {
    let filter = OrderFilter { number: NumberPrefix::typed(text), limit: 100, ..OrderFilter::default() };
    let page = orders.list(scope, &filter).await.unwrap().value;
    assert_eq!(page.total, i64::try_from(page.items.len()).unwrap(), "{text}");
    page.items.into_iter().map(|order| order.number).collect()
}

#[tokio::test]
async fn a_number_or_its_beginning_finds_orders_the_highest_first() {
    let (_database, orders) = filled().await;
    for text in ["ORD-2026-000004", "ord-2026-000004", "2026-000004", " #ORD-2026-000004 "] {
        assert_eq!(found(&orders, Scope::All, text).await, ["ORD-2026-000004"], "{text}");
    }
    let thirties: Vec<_> = (30..40).rev().map(|n| format!("ORD-2026-{n:06}")).collect();
    assert_eq!(found(&orders, Scope::All, "ORD-2026-00003").await, thirties);
    assert_eq!(found(&orders, Scope::All, "ord-").await.len(), 40, "every number begins so");
    for nothing in ["ORD-2025", "ORD-2026-0000040", "0000004", "%", "ORD_2026", "invoice", "ORD-2026-\u{e9}"]
    {
        assert_eq!(found(&orders, Scope::All, nothing).await, [""; 0], "{nothing}");
    }
}

/// Guards against an order that can't be found by the number that the customer has of it.
#[tokio::test]
async fn an_outside_number_and_last_digits_find_orders_too() {
    let (_database, orders) = filled().await;
    // The shop gives every second order one.
    for text in ["536004", "#536004", " 536004 "] {
        assert_eq!(found(&orders, Scope::All, text).await, ["ORD-2026-000004"], "{text}");
    }
    for nothing in ["536005", "53600", "36004", "x536004"] {
        assert_eq!(found(&orders, Scope::All, nothing).await, [""; 0], "{nothing}");
    }
    for text in ["4", "#4", "04", "000004"] {
        assert_eq!(found(&orders, Scope::All, text).await, ["ORD-2026-000004"], "{text}");
    }
    // The year of all, and the last digits of none.
    assert_eq!(found(&orders, Scope::All, "2026").await.len(), 40);
}

/// What begins so, what has it as its outside number, and what ends so: each once, in one order, from page to page.
#[tokio::test]
async fn what_is_found_in_several_ways_is_one_list() {
    let database = TestDatabase::new().await;
    let numbers = [
        ("ORD-2026-000001", None),
        ("ORD-2026-002026", Some("2026")),
        ("ORD-2026-000003", Some("2026")),
        ("ORD-2025-000004", Some("2026")),
        ("ORD-2024-002026", None),
        ("ORD-2023-002026", Some("2026")),
        ("ORD-2022-000007", None),
    ];
    let mut placed = events().into_iter().filter_map(|event| match event.data {
        PublicData::Orders(OrderPublicEvent::OrderPlaced(ref placed)) if placed.customer_id.is_some() => {
            let placed = placed.clone();
            Some((event, placed))
        }
        _ => None,
    });
    let changed = numbers.map(|(number, external_id)| {
        let (mut event, mut placed) = placed.next().unwrap();
        (placed.number, placed.external_id) = (number.to_owned(), external_id.map(str::to_owned));
        placed.customer_id = Some(UserId(Uuid::from_u128(7)));
        event.data = PublicData::Orders(OrderPublicEvent::OrderPlaced(placed));
        event
    });
    apply(&database, &changed).await;
    let orders = Orders::new(database.app.clone());
    let mut expected: Vec<_> = numbers.into_iter().map(|(number, _)| number).collect();
    expected.retain(|number| !["ORD-2022-000007"].contains(number));
    expected.sort_unstable();
    for scope in [Scope::All, Scope::Customer(UserId(Uuid::from_u128(7)))] {
        for (sort, limit) in [(Sort::Oldest, 100), (Sort::Oldest, 1), (Sort::Newest, 2), (Sort::Newest, 100)]
        {
            let number = NumberPrefix::typed("2026");
            let mut filter = OrderFilter { number, sort, limit, ..OrderFilter::default() };
            let mut seen = Vec::new();
            loop {
                let page = orders.list(scope, &filter).await.unwrap().value;
                assert_eq!(page.total, 6);
                seen.extend(page.items.into_iter().map(|order| order.number));
                let Some(next) = page.next else { break };
                filter.after = Some(next);
            }
            if sort == Sort::Newest {
                seen.reverse();
            }
            assert_eq!(seen, expected, "{scope:?} {limit}");
            let third = OrderFilter { after: None, offset: 2, limit: 1, ..filter };
            let page = orders.list(scope, &third).await.unwrap().value;
            let at = if sort == Sort::Newest { 3 } else { 2 };
            assert_eq!(page.items[0].number, expected[at], "{scope:?}");
        }
    }
}

#[tokio::test]
async fn nobody_finds_somebody_elses_order_by_its_number() {
    let (_database, orders) = filled().await;
    let placed = SHOP.history().flatten().filter_map(|event| match event.event {
        Stored::Order(OrderEvent::OrderPlaced(placed)) => Some(placed),
        _ => None,
    });
    let placed: Vec<_> = placed.collect();
    let lines = placed.iter().flat_map(|order| &order.lines);
    let sellers: BTreeSet<SellerId> = lines.map(|line| line.seller_id).collect();
    for order in placed {
        let last_digits = order.number.rsplit('-').next();
        for text in
            [Some(order.number.as_str()), order.external_id.as_deref(), last_digits].into_iter().flatten()
        {
            for customer in [1, 2, 3].map(|n| UserId(Uuid::from_u128(n))) {
                let own = found(&orders, Scope::Customer(customer), text).await.len();
                assert_eq!(own, usize::from(order.customer_id == Some(customer)), "{text}");
            }
            for seller in &sellers {
                let theirs = found(&orders, Scope::Seller(*seller), text).await.len();
                let has_line = order.lines.iter().any(|line| line.seller_id == *seller);
                assert_eq!(theirs, usize::from(has_line), "{text}");
            }
        }
    }
}
