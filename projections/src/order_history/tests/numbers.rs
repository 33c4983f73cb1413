//! Orders are found by their numbers, as people write them.

use std::collections::BTreeSet;

use domain::ids::{SellerId, UserId};
use domain::order::OrderEvent;
use uuid::Uuid;

use super::super::{NumberPrefix, OrderFilter, Orders, Scope};
use super::{SHOP, filled};
use crate::testing::Stored;

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
    for nothing in ["ORD-2025", "ORD-2026-0000040", "000004", "%", "ORD_2026", "invoice", "ORD-2026-\u{e9}"] {
        assert_eq!(found(&orders, Scope::All, nothing).await, [""; 0], "{nothing}");
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
        for customer in [1, 2, 3].map(|n| UserId(Uuid::from_u128(n))) {
            let own = found(&orders, Scope::Customer(customer), &order.number).await.len();
            assert_eq!(own, usize::from(order.customer_id == Some(customer)), "{}", order.number);
        }
        for seller in &sellers {
            let theirs = found(&orders, Scope::Seller(*seller), &order.number).await.len();
            let has_line = order.lines.iter().any(|line| line.seller_id == *seller);
            assert_eq!(theirs, usize::from(has_line), "{}", order.number);
        }
    }
}
