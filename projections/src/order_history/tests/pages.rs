//! A list goes on from where a page ended: nothing is left out or comes twice, whatever is placed meanwhile.

use std::collections::BTreeSet;

use domain::ids::{OrderId, SellerId, UserId};
use domain::order::OrderEvent;
use domain::public::PublicEvent;
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::super::{NumberPrefix, OrderFilter, OrderSummary, Orders, Scope, Sort};
use super::{apply, filled};
use crate::testing::{Shop, Stored, TestDatabase, happened_at};

/// Orders that were placed at a few moments, so that many are at the same one; of one seller and customer among them.
struct Placed {
    events: Vec<PublicEvent>,
    seller: SellerId,
    customer: UserId,
}

fn placed(seed: u64, moments: i64) -> Placed {
    let mut random = StdRng::seed_from_u64(seed);
    let shop = Shop { seed, products: 6, orders: 40, most_lines: 3 };
    let (mut events, mut sellers, mut customers) = (Vec::new(), Vec::new(), Vec::new());
    for mut event in shop.history().flatten() {
        let Stored::Order(OrderEvent::OrderPlaced(placed)) = &mut event.event else { continue };
        sellers.extend(placed.lines.iter().map(|line| line.seller_id));
        // Three customers, so that each has some.
        placed.customer_id = placed.customer_id.map(|id| UserId(uuid::Uuid::from_u128(id.0.as_u128() % 3)));
        customers.extend(placed.customer_id);
        // Now and then before 1970.
        event.occurred_at = happened_at(random.random_range(0..moments) * 7 - 500_000 * (moments % 2));
        let position = i64::try_from(events.len()).unwrap() + 1;
        events.push(event.publish(position));
    }
    Placed { events, seller: sellers[0], customer: customers[0] }
}

async fn empty(database: &TestDatabase) {
    let tables = ["orders", "lines", "sellers", "counts"];
    let tables = tables.map(|table| format!("order_history_g1_{table}")).join(", ");
    sqlx::raw_sql(&format!("TRUNCATE {tables}")).execute(&database.owner).await.unwrap();
}

/// Goes through a list page by page. Between two pages something is placed.
async fn walk(
    database: &TestDatabase,
    orders: &Orders,
    scope: Scope,
    filter: &OrderFilter,
    meanwhile: &mut impl Iterator<Item = PublicEvent>,
) -> Vec<OrderSummary> {
    let mut filter = filter.clone();
    let mut seen = Vec::new();
    loop {
        let page = orders.list(scope, &filter).await.unwrap().value;
        assert!(i64::try_from(page.items.len()).unwrap() <= filter.limit);
        seen.extend(page.items);
        // As a client keeps it.
        let Some(next) = page.next else { return seen };
        filter.after = Some(next.to_string().parse().unwrap());
        if let Some(event) = meanwhile.next() {
            apply(database, &[event]).await;
        }
    }
}

fn ids(orders: &[OrderSummary]) -> Vec<OrderId> {
    orders.iter().map(|order| order.order_id).collect()
}

#[test]
fn pages_from_place_to_place_are_the_whole_list_whatever_is_placed_meanwhile() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(TestDatabase::new());
    let orders = Orders::new(database.app.clone());
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(seed: u64, moments in 1_i64..12, limit in 1_i64..9, oldest: bool, by_number: bool)| {
        let Placed { events, seller, customer } = placed(seed, moments);
        let (before, meanwhile) = events.split_at(25);
        runtime.block_on(async {
            empty(&database).await;
            apply(&database, before).await;
            let mut meanwhile = meanwhile.iter().cloned();
            for scope in [Scope::Seller(seller), Scope::Customer(customer), Scope::All] {
                let sort = if oldest { Sort::Oldest } else { Sort::Newest };
                let number = by_number.then(|| NumberPrefix::typed("ORD-2026").unwrap());
                let filter = OrderFilter { number, sort, limit, ..OrderFilter::default() };
                let large = OrderFilter { limit: 100, ..filter.clone() };
                let whole = orders.list(scope, &large).await.unwrap().value;
                let seen = walk(&database, &orders, scope, &filter, &mut meanwhile).await;

                let known: BTreeSet<_> = ids(&whole.items).into_iter().collect();
                let seen = ids(&seen);
                assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len(), "one came twice");
                let again: Vec<_> = seen.into_iter().filter(|id| known.contains(id)).collect();
                assert_eq!(again, ids(&whole.items));
                assert_eq!(whole.total, i64::try_from(whole.items.len()).unwrap());
            }
            // Nothing is placed any more: page for page the same list.
            let filter = OrderFilter { limit, ..OrderFilter::default() };
            let whole = ids(&super::whole(&orders, Scope::All).await);
            let seen = walk(&database, &orders, Scope::All, &filter, &mut std::iter::empty()).await;
            assert_eq!(ids(&seen), whole);
        });
    });
}

#[tokio::test]
async fn pages_are_counted_from_a_place_and_the_total_is_that_of_the_list() {
    let (_database, orders) = filled().await;
    let whole = ids(&super::whole(&orders, Scope::All).await);
    let first = OrderFilter { limit: 7, ..OrderFilter::default() };
    let page = orders.list(Scope::All, &first).await.unwrap().value;
    assert_eq!((ids(&page.items).as_slice(), page.total), (&whole[..7], 40));
    let second_after = OrderFilter { after: page.next, offset: 7, ..first.clone() };
    let page = orders.list(Scope::All, &second_after).await.unwrap().value;
    assert_eq!((ids(&page.items).as_slice(), page.total), (&whole[14..21], 40));
    let last = OrderFilter { offset: 35, ..first };
    let page = orders.list(Scope::All, &last).await.unwrap().value;
    assert_eq!((ids(&page.items).as_slice(), page.next), (&whole[35..], None));
}
