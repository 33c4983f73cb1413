//! Each list has what its filters say, in its order, and says how many there are.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{SellerId, UserId};
use domain::order::OrderEvent;
use uuid::Uuid;

use super::super::{NumberPrefix, OrderFilter, OrderStatus, OrderSummary, Orders, Scope, Sort};
use super::{SHOP, filled, whole};
use crate::testing::Stored;

/// The seller with the most lines.
fn seller() -> SellerId {
    let mut lines: BTreeMap<SellerId, usize> = BTreeMap::new();
    for event in SHOP.history().flatten() {
        if let Stored::Order(OrderEvent::OrderPlaced(placed)) = event.event {
            placed.lines.iter().for_each(|line| *lines.entry(line.seller_id).or_default() += 1);
        }
    }
    *lines.iter().max_by_key(|(_, lines)| **lines).unwrap().0
}

/// In any, in one, in several, one of them twice.
const STATUSES: [&[OrderStatus]; 6] = [
    &[],
    &[OrderStatus::Delivered],
    &[OrderStatus::Cancelled],
    &[OrderStatus::Shipped],
    &[OrderStatus::Cancelled, OrderStatus::Delivered],
    &[OrderStatus::Delivered, OrderStatus::Shipped, OrderStatus::Delivered],
];

/// From when, and until when.
type Times = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// Nothing; whole days; parts of days; nothing at all in between.
fn times(all: &[OrderSummary]) -> Vec<Times> {
    let (middle, old) = (all[all.len() / 2].placed_at, all[all.len() - 3].placed_at);
    let midnight = |at: DateTime<Utc>| at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    vec![
        (None, None),
        (Some(midnight(middle)), None),
        (None, Some(midnight(middle))),
        (Some(midnight(old)), Some(midnight(middle) + TimeDelta::days(1))),
        (Some(old), Some(middle)),
        (Some(middle), Some(middle + TimeDelta::hours(1))),
        (Some(middle), Some(old)),
    ]
}

fn wanted(order: &OrderSummary, filter: &OrderFilter) -> bool {
    (filter.statuses.is_empty() || filter.statuses.contains(&order.status))
        && filter.from.is_none_or(|from| order.placed_at >= from)
        && filter.until.is_none_or(|until| order.placed_at < until)
        && filter.number.as_ref().is_none_or(|prefix| order.number.starts_with(prefix.first()))
}

async fn holds(orders: &Orders, scope: Scope, all: &[OrderSummary], filter: OrderFilter) {
    let mut expected: Vec<_> = all.iter().filter(|order| wanted(order, &filter)).collect();
    if filter.number.is_some() {
        expected.sort_by(|one, other| other.number.cmp(&one.number));
    }
    if filter.sort == Sort::Oldest {
        expected.reverse();
    }
    let page = orders.list(scope, &filter).await.unwrap().value;
    assert_eq!(page.total, i64::try_from(expected.len()).unwrap(), "{scope:?} {filter:?}");
    assert_eq!(page.items.iter().collect::<Vec<_>>(), expected, "{scope:?} {filter:?}");
    assert_eq!(page.next, None);
}

#[tokio::test]
async fn every_filter_alone_and_with_every_other() {
    let (_database, orders) = filled().await;
    let customer = UserId(Uuid::from_u128(2));
    for scope in [
        Scope::All,
        Scope::Customer(customer),
        Scope::Seller(seller()),
        Scope::WithLineOf(seller(), None),
        Scope::WithLineOf(seller(), Some(customer)),
    ] {
        let all = whole(&orders, scope).await;
        assert!(!all.is_empty() && all.windows(2).all(|pair| pair[0].placed_at > pair[1].placed_at));
        for (from, until) in times(&whole(&orders, Scope::All).await) {
            for statuses in STATUSES {
                for number in [None, NumberPrefix::typed("2026-00000"), NumberPrefix::typed("2026-00003")] {
                    for sort in [Sort::Newest, Sort::Oldest] {
                        let number = number.clone();
                        let filter = OrderFilter {
                            statuses: statuses.to_vec(),
                            from,
                            until,
                            number,
                            sort,
                            limit: 100,
                            ..OrderFilter::default()
                        };
                        holds(&orders, scope, &all, filter).await;
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_reader_sees_no_order_of_somebody_else() {
    let (_database, orders) = filled().await;
    let all = whole(&orders, Scope::All).await;
    let customer = UserId(Uuid::from_u128(2));
    let own = whole(&orders, Scope::Customer(customer)).await;
    let expected: Vec<_> = all.iter().filter(|order| order.customer_id == Some(customer)).collect();
    assert_eq!(own.iter().collect::<Vec<_>>(), expected);
    for stranger in [Scope::Customer(UserId(Uuid::nil())), Scope::Seller(SellerId(Uuid::nil()))] {
        assert_eq!(whole(&orders, stranger).await, []);
    }
    let theirs = whole(&orders, Scope::Seller(seller())).await;
    assert!(theirs.len() < all.len() && theirs.iter().all(|order| order.customer_id.is_none()));
}

/// Staff sees what a seller sees, and whose it is; of one customer the part that is theirs.
#[tokio::test]
async fn staff_reads_a_sellers_orders_and_those_of_one_customer_among_them() {
    let (_database, orders) = filled().await;
    let (all, seller) = (whole(&orders, Scope::All).await, seller());
    let theirs = whole(&orders, Scope::Seller(seller)).await;
    let by_staff = whole(&orders, Scope::WithLineOf(seller, None)).await;
    let told = |part: &OrderSummary| {
        let order = all.iter().find(|order| order.order_id == part.order_id).unwrap();
        OrderSummary { customer_id: order.customer_id, ..part.clone() }
    };
    assert_eq!(by_staff, theirs.iter().map(told).collect::<Vec<_>>());
    let mut of_both = 0;
    for customer in (0..20).map(|n| UserId(Uuid::from_u128(n))) {
        let found = whole(&orders, Scope::WithLineOf(seller, Some(customer))).await;
        let expected: Vec<_> =
            by_staff.iter().filter(|part| part.customer_id == Some(customer)).cloned().collect();
        assert_eq!(found, expected, "{customer:?}");
        of_both += found.len();
    }
    assert!(of_both > 0, "somebody bought of the seller");
}
