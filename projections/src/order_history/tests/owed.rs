//! What is still to go back of cancelled orders.

use std::collections::BTreeMap;

use domain::ids::RefundId;
use domain::order::{CancelCause, OrderEvent, OrderPaid, OrderPlaced, OrderRefundReversed, OrderRefunded};

use super::super::Owed;
use super::super::owed::OWED;
use super::{Generation, Happened, OrderId, Orders, SHOP, Stored, TestDatabase, Uuid, apply, happened_at};

/// When the orders were given up, in hours.
const CANCELLED: i64 = 1_000;

/// An order that was placed and paid.
#[derive(Clone)]
struct Bought {
    id: OrderId,
    placed: OrderPlaced,
    paid: OrderPaid,
}

/// Those of the made-up shop.
fn bought() -> Vec<Bought> {
    let mut placed = BTreeMap::new();
    let mut orders = Vec::new();
    for happened in SHOP.history().flatten() {
        let id = OrderId(happened.aggregate_id);
        match happened.event {
            Stored::Order(OrderEvent::OrderPlaced(it)) => {
                placed.insert(id, *it);
            }
            Stored::Order(OrderEvent::OrderPaid(paid)) => {
                orders.push(Bought { id, placed: placed.remove(&id).expect("it was placed"), paid });
            }
            _ => {}
        }
    }
    orders
}

impl Bought {
    /// It happens, in a batch of its own.
    async fn happens(&self, database: &TestDatabase, hours: i64, sequence: i64, event: OrderEvent) {
        let event = Stored::Order(event);
        let happened = Happened { aggregate_id: self.id.0, sequence, occurred_at: happened_at(hours), event };
        apply(database, &[happened.publish(sequence)]).await;
    }

    /// It is placed, paid and given up.
    async fn cancelled(&self, database: &TestDatabase, hours: i64) {
        let placed = OrderEvent::OrderPlaced(Box::new(self.placed.clone()));
        let cancelled = OrderEvent::OrderCancelled { cause: CancelCause::Customer, reason: None };
        self.happens(database, 0, 1, placed).await;
        self.happens(database, 1, 2, OrderEvent::OrderPaid(self.paid.clone())).await;
        self.happens(database, hours, 3, cancelled).await;
    }

    fn refund(&self) -> OrderEvent {
        let OrderPaid { payment_id, customer_id, amount, currency, split } = self.paid.clone();
        let refund_id = RefundId(Uuid::nil());
        OrderEvent::OrderRefunded(OrderRefunded {
            payment_id,
            refund_id,
            customer_id,
            amount,
            currency,
            split,
        })
    }

    fn reversal(&self) -> OrderEvent {
        let OrderPaid { payment_id, customer_id, amount, currency, split } = self.paid.clone();
        let refund_id = RefundId(Uuid::nil());
        OrderEvent::OrderRefundReversed(OrderRefundReversed {
            payment_id,
            refund_id,
            customer_id,
            amount,
            currency,
            split,
        })
    }

    /// It alone is owed, since then.
    fn owed(&self, hours: i64) -> Owed {
        Owed {
            currency: self.placed.currency,
            orders: 1,
            amount: self.paid.amount,
            since: happened_at(hours),
            first: vec![self.placed.number.clone()],
        }
    }
}

async fn owed(database: &TestDatabase) -> Vec<Owed> {
    Orders::new(database.app.clone()).owed().await.unwrap().expect("it was built")
}

/// Guards against money that nobody gets and nobody misses.
#[tokio::test]
async fn a_cancelled_order_is_owed_until_its_money_went_back_and_again_when_it_came_back() {
    let database = TestDatabase::new().await;
    let order = bought().remove(0);
    order.cancelled(&database, CANCELLED).await;
    assert_eq!(owed(&database).await, [order.owed(CANCELLED)]);
    order.happens(&database, CANCELLED + 1, 4, order.refund()).await;
    assert_eq!(owed(&database).await, []);
    order.happens(&database, CANCELLED + 500, 5, order.reversal()).await;
    assert_eq!(owed(&database).await, [order.owed(CANCELLED + 500)]);
}

#[tokio::test]
async fn an_order_that_goes_its_way_is_not_owed() {
    let (_database, orders) = super::filled().await;
    assert_eq!(orders.owed().await.unwrap(), Some(Vec::new()), "the shop's cancelled ones were never paid");
}

#[tokio::test]
async fn orders_are_summed_up_and_those_that_wait_longest_are_named() {
    let database = TestDatabase::new().await;
    let bought = bought();
    let currency = bought[0].placed.currency;
    let orders: Vec<_> =
        bought.into_iter().filter(|order| order.placed.currency == currency).take(7).collect();
    // The last one was given up first.
    for (order, hours) in orders.iter().zip((CANCELLED..CANCELLED + 7).rev()) {
        order.cancelled(&database, hours).await;
    }
    let longest = orders.iter().rev().take(5).map(|order| order.placed.number.clone());
    let all = Owed {
        currency,
        orders: 7,
        amount: orders.iter().map(|order| order.paid.amount).sum(),
        since: happened_at(CANCELLED),
        first: longest.collect(),
    };
    assert_eq!(owed(&database).await, [all]);
}

/// Guards against a scrape that reads every order that was ever cancelled, also in tables that a replay makes.
#[tokio::test]
async fn only_orders_that_are_owed_are_read() {
    let database = TestDatabase::new().await;
    sqlx::query("SELECT create_order_history(2)").execute(&database.owner).await.unwrap();
    for generation in [1, 2].map(Generation) {
        // Of 20,000 each twelfth was cancelled, and never paid.
        let fill = "
            INSERT INTO order_history_g{g}_orders
            SELECT gen_random_uuid(), 'ORD-' || n, NULL, NULL,
                   CASE WHEN n % 12 = 0 THEN 'cancelled' ELSE 'delivered' END,
                   NULL, 'GBP', 1000, 0, 50, '0.05', 0, 1050, 0, 0, 2, 3, 'GB', NULL, gen_random_uuid(), NULL, NULL, NULL, now(), now(), 6
            FROM generate_series(1, 20000) n";
        sqlx::query(&generation.sql(fill)).execute(&database.owner).await.unwrap();
        sqlx::query(&generation.sql("ANALYZE order_history_g{g}_orders"))
            .execute(&database.owner)
            .await
            .unwrap();
        let plan: Vec<String> = sqlx::query_scalar(&format!("EXPLAIN {}", generation.sql(OWED)))
            .fetch_all(&database.app)
            .await
            .unwrap();
        let index = generation.sql("order_history_g{g}_orders_owed");
        assert!(plan.iter().any(|line| line.contains(&index)), "{plan:#?}");
    }
}
