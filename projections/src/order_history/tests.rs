//! What order history answers about orders of all fates.

mod amounts;
mod counters;
mod filters;
mod numbers;
mod owed;
mod pages;
mod plans;
mod statuses;

use std::collections::BTreeSet;

use domain::ids::OrderId;
use domain::order::OrderEvent;
use domain::public::PublicEvent;
use uuid::Uuid;

use super::changes::Changes;
use super::{OrderDetail, OrderFilter, OrderHistory, OrderStatus, OrderSummary, Orders, Scope};
use crate::generation::Generation;
use crate::read_model::{ApplyError, ReadModel};
use crate::testing::{Happened, Shop, Stored, TestDatabase, happened_at};

const SHOP: Shop = Shop { seed: 3, products: 10, orders: 40, most_lines: 4 };

fn events_stored() -> impl Iterator<Item = Happened> {
    SHOP.history().flatten()
}

fn events() -> Vec<PublicEvent> {
    (1..).zip(SHOP.history().flatten()).map(|(position, event)| event.publish(position)).collect()
}

async fn filled() -> (TestDatabase, Orders) {
    let database = TestDatabase::new().await;
    apply(&database, &events()).await;
    let orders = Orders::new(database.app.clone());
    (database, orders)
}

/// Applies a batch to the live tables.
async fn apply(database: &TestDatabase, events: &[PublicEvent]) {
    let mut tx = database.app.begin().await.unwrap();
    OrderHistory.apply(events, Generation(1), &mut tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// Everything that a reader sees, the newest first.
async fn whole(orders: &Orders, scope: Scope) -> Vec<OrderSummary> {
    let filter = OrderFilter { limit: 1_000, ..OrderFilter::default() };
    orders.list(scope, &filter).await.unwrap().value.items
}

/// Ids of the orders to which some event happened.
fn orders_with(happened: impl Fn(&OrderEvent) -> bool) -> Vec<OrderId> {
    let matching = SHOP.history().flatten().filter_map(|event| match event.event {
        Stored::Order(order) if happened(&order) => Some(OrderId(event.aggregate_id)),
        _ => None,
    });
    matching.collect()
}

/// One of which money went back, and stayed there.
fn refunded_order() -> OrderId {
    let reversed = orders_with(|event| matches!(event, OrderEvent::OrderRefundReversed(_)));
    let refunded = orders_with(|event| matches!(event, OrderEvent::OrderRefunded(_)));
    refunded.into_iter().find(|id| !reversed.contains(id)).expect("a refund that stays")
}

async fn detail(orders: &Orders, id: OrderId) -> OrderDetail {
    orders.by_id(id).await.unwrap().value.expect("the order is there")
}

#[tokio::test]
async fn a_delivered_and_partly_refunded_order_shows_what_became_of_it() {
    let (_database, orders) = filled().await;
    let detail = detail(&orders, refunded_order()).await;

    assert_eq!(detail.order.summary.status, OrderStatus::Delivered);
    assert_eq!(detail.order.captured, detail.order.summary.total);
    assert_eq!(detail.order.carrier.as_deref(), Some("FedEx"));
    assert_eq!(detail.order.estimated_delivery, Some(happened_at(500)));
    assert_eq!(detail.order.version, 7);
    assert_eq!((detail.lines[0].returned, detail.lines[0].refunded), (1, detail.lines[0].unit_price));
    assert_eq!(detail.order.summary.refunded, detail.lines[0].unit_price);
}

/// Guards against a customer who is told that money went back which came back to us.
#[tokio::test]
async fn a_refund_that_came_back_is_shown_nowhere_and_its_goods_stay_returned() {
    let id = orders_with(|event| matches!(event, OrderEvent::OrderRefundReversed(_)))[0];
    let events = events();
    // In one batch, and each event in one of its own: new rows, and changed ones.
    for size in [events.len(), 1] {
        let database = TestDatabase::new().await;
        let mut tx = database.app.begin().await.unwrap();
        for batch in events.chunks(size) {
            OrderHistory.apply(batch, Generation(1), &mut tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        let detail = detail(&Orders::new(database.app.clone()), id).await;
        assert_eq!((detail.order.summary.refunded, detail.order.version), (0, 8));
        assert_eq!((detail.lines[0].returned, detail.lines[0].refunded), (1, 0));
        let of_sellers = "SELECT sum(refunded)::bigint FROM order_history_g1_sellers WHERE order_id = $1";
        let of_sellers: i64 =
            sqlx::query_scalar(of_sellers).bind(id.0).fetch_one(&database.app).await.unwrap();
        assert_eq!(of_sellers, 0);
    }
}

#[tokio::test]
async fn a_cancelled_order_says_by_whom() {
    let (_database, orders) = filled().await;
    let id = orders_with(|event| matches!(event, OrderEvent::OrderCancelled { .. }))[0];
    let detail = detail(&orders, id).await;
    assert_eq!(detail.order.summary.status, OrderStatus::Cancelled);
    assert_eq!(detail.order.cancel_cause, Some(domain::order::CancelCause::Customer));
}

#[tokio::test]
async fn orders_are_found_by_number_and_by_external_id() {
    let (_database, orders) = filled().await;
    let id = orders.id_by_number("ORD-2026-000004").await.unwrap().value.unwrap();
    let found = orders.by_id(id).await.unwrap().value.unwrap();
    assert_eq!(found.order.summary.external_id.as_deref(), Some("536004"));
    let by_external_id = orders.by_external_id("536004").await.unwrap().value;
    assert_eq!(by_external_id, [found.order.summary]);
    for text in ["ord-2026-000004", "Ord-2026-000004", " ord-2026-000004\t"] {
        assert_eq!(orders.id_by_number(text).await.unwrap().value, Some(id), "{text:?}");
    }
    for text in ["ORD-2026-999999", "2026-000004", "ORD-2026-00000", ""] {
        assert_eq!(orders.id_by_number(text).await.unwrap().value, None, "{text:?}");
    }
    assert_eq!(orders.by_id(OrderId(Uuid::nil())).await.unwrap().value, None);
    assert!(orders.by_external_id("x").await.unwrap().value.is_empty());
}

#[tokio::test]
async fn a_list_is_paged_from_the_newest_and_counted() {
    let (_database, orders) = filled().await;
    let mut seen = Vec::new();
    for offset in [0, 15, 30, 45] {
        let filter = OrderFilter { limit: 15, offset, ..OrderFilter::default() };
        let page = orders.list(Scope::All, &filter).await.unwrap().value;
        assert_eq!(page.total, 40);
        seen.extend(page.items.into_iter().map(|order| (order.placed_at, order.order_id)));
    }
    assert_eq!(seen.len(), 40);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]));
}

#[tokio::test]
async fn a_seller_sees_the_orders_with_a_line_of_its_own() {
    let (_database, orders) = filled().await;
    let placed = SHOP.history().flatten().filter_map(|event| match event.event {
        Stored::Order(OrderEvent::OrderPlaced(placed)) => Some((OrderId(event.aggregate_id), placed)),
        _ => None,
    });
    let placed: Vec<_> = placed.collect();
    let seller = placed[0].1.lines[0].seller_id;
    let expected: BTreeSet<_> = placed
        .iter()
        .filter(|(_, placed)| placed.lines.iter().any(|line| line.seller_id == seller))
        .map(|(id, _)| *id)
        .collect();
    let filter = OrderFilter { limit: 100, ..OrderFilter::default() };
    let page = orders.list(Scope::Seller(seller), &filter).await.unwrap().value;
    assert_eq!(page.items.iter().map(|order| order.order_id).collect::<BTreeSet<_>>(), expected);
    assert_eq!(page.total, i64::try_from(expected.len()).unwrap());
}

async fn statuses(orders: &Orders, id: OrderId, scopes: &[Scope]) -> Vec<OrderStatus> {
    let filter = OrderFilter { limit: 100, ..OrderFilter::default() };
    let mut statuses = Vec::new();
    for scope in scopes {
        let page = orders.list(*scope, &filter).await.unwrap().value;
        statuses.extend(page.items.iter().find(|order| order.order_id == id).map(|order| order.status));
    }
    statuses
}

#[tokio::test]
async fn a_seller_has_the_status_of_the_own_lines() {
    let mut events = Vec::new();
    let mut apart = None;
    for event in events_stored() {
        let part = match &event.event {
            Stored::Order(OrderEvent::OrderShipped(shipped)) => shipped.part.clone(),
            _ => None,
        };
        let (id, position) = (OrderId(event.aggregate_id), i64::try_from(events.len()).unwrap() + 1);
        events.push(event.publish(position));
        if let Some(part) = part {
            apart = Some((id, part));
            break;
        }
    }
    let (id, part) = apart.expect("an order is shipped apart");

    // In one batch, and each event in one of its own: new rows, and changed ones.
    for size in [events.len(), 1] {
        let database = TestDatabase::new().await;
        let mut tx = database.app.begin().await.unwrap();
        for batch in events.chunks(size) {
            OrderHistory.apply(batch, Generation(1), &mut tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        let orders = Orders::new(database.app.clone());
        let lines = detail(&orders, id).await.lines;
        let seller = lines[part.lines[0] as usize].seller_id;
        let other = lines.iter().map(|line| line.seller_id).find(|other| *other != seller).unwrap();
        let found = statuses(&orders, id, &[Scope::All, Scope::Seller(seller), Scope::Seller(other)]).await;
        assert_eq!(found, [OrderStatus::Confirmed, OrderStatus::Shipped, OrderStatus::Confirmed]);
        let shipped =
            OrderFilter { statuses: vec![OrderStatus::Shipped], limit: 100, ..OrderFilter::default() };
        let page = orders.list(Scope::Seller(seller), &shipped).await.unwrap().value;
        assert!(page.items.iter().any(|order| order.order_id == id && order.customer_id.is_none()));
    }
}

#[tokio::test]
async fn the_parts_of_the_sellers_add_up_to_the_order() {
    let (database, orders) = filled().await;
    let filter = OrderFilter { limit: 100, ..OrderFilter::default() };
    let all = orders.list(Scope::All, &filter).await.unwrap().value;
    for order in all.items {
        let sums: (i64, i64, i64) = sqlx::query_as(
            "SELECT sum(total)::bigint, sum(unit_count)::bigint, sum(refunded)::bigint
             FROM order_history_g1_sellers WHERE order_id = $1",
        )
        .bind(order.order_id.0)
        .fetch_one(&database.app)
        .await
        .unwrap();
        assert_eq!(sums, (order.total, order.unit_count, order.refunded));
    }
}

#[test]
fn paid_is_another_word_for_confirmed() {
    assert_eq!("paid".parse(), Ok(OrderStatus::Confirmed));
    assert_eq!("Shipped".parse(), Ok(OrderStatus::Shipped));
    assert!("lost".parse::<OrderStatus>().is_err());
}

#[test]
fn a_batch_folds_an_order_that_it_places_and_changes_into_one_new_row() {
    let events = events();
    let changes = Changes::fold(&events).unwrap();
    assert!(changes.orders.values().all(|order| order.placed.is_some()));
    let order = &changes.orders[&refunded_order().0];
    assert_eq!(order.status, Some(OrderStatus::Delivered));
    assert!(order.refunded > 0 && order.captured > order.refunded);
}

#[test]
fn a_later_batch_changes_only_what_its_events_say() {
    let id = Uuid::from_u128(1);
    let event = Stored::Order(OrderEvent::OrderConfirmed {});
    let happened = Happened { aggregate_id: id, sequence: 3, occurred_at: happened_at(1), event };
    let events = [happened.publish(9)];
    let changes = Changes::fold(&events).unwrap();
    let order = &changes.orders[&id];
    assert_eq!((order.placed, order.status), (None, Some(OrderStatus::Confirmed)));
    assert_eq!((order.captured, order.refunded, order.version), (0, 0, 3));
    assert_eq!(order.updated_at, happened_at(1));
    assert!(changes.lines.is_empty());
}

#[test]
fn an_id_that_is_no_uuid_is_refused_with_its_position() {
    let mut event = events().into_iter().rfind(|event| event.aggregate_type == "orders").expect("an order's");
    event.aggregate_id = "order-7".to_owned();
    let events = [event];
    let error = Changes::fold(&events).unwrap_err();
    assert!(matches!(error, ApplyError::BadEvent { position, .. } if position == events[0].position));
}
