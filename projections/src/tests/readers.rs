//! Readers of every read model, all at the same time, for as long as events come in and read models are rebuilt.
//!
//! What the history comes to at each position is known, so a reader sees more than that nothing goes back: an answer that
//! is said to be of a position has what there is at it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::coupon::CouponEvent;
use domain::ids::{ProductId, SellerId, UserId};
use domain::order::OrderEvent;
use domain::product::ProductEvent;
use futures::future::BoxFuture;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::catalog::{CatalogProduct, Products};
use crate::coupons::{CouponList, CouponPage};
use crate::order_history::{NumberPrefix, OrderFilter, OrderSummary, Orders, Page, Scope};
use crate::seller_stats::{Report, Stats, StatsFilter};
use crate::testing::{Happened, Stored};
use crate::{Answer, QueryError};

/// What is counted, none of which ever becomes less.
type Figures = Vec<i64>;

/// How far what is read may be from what there is at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// It is that: the log is read in its order.
    OfThePosition,
    /// It is that, and maybe some of what comes after it: partitions are not read in the order of the log.
    MaybeAhead,
}

/// A question, and what the answer is at each position.
struct Question {
    name: &'static str,
    ask: Box<dyn Fn() -> Asking + Send + Sync>,
    expected: Vec<Figures>,
}

type Asking = BoxFuture<'static, Result<Answer<Figures>, QueryError>>;

/// The readers, at work.
pub(super) struct Readers {
    over: Arc<AtomicBool>,
    reading: JoinSet<(&'static str, usize)>,
}

/// One for each of them.
const CONNECTIONS: u32 = 7;
const CUSTOMER: UserId = UserId(Uuid::from_u128(2));

impl Readers {
    /// Starts one for each question about this history.
    pub(super) async fn start(app: &PgPool, history: &[Vec<Happened>], rows: Rows) -> Self {
        // Not the pool of the projectors, which would wait for readers.
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
        let pool = pool.connect_with((*app.connect_options()).clone()).await.unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let mut reading = JoinSet::new();
        for question in questions(&pool, history) {
            reading.spawn(question.read(rows, Arc::clone(&over)));
        }
        Self { over, reading }
    }

    /// Ends them. What one of them saw that is wrong fails here.
    pub(super) async fn end(mut self) {
        self.over.store(true, Ordering::Relaxed);
        while let Some(read) = self.reading.join_next().await {
            let (name, times) = read.unwrap();
            assert!(times > 1, "{name} was read {times} times");
        }
    }
}

impl Question {
    async fn read(self, rows: Rows, over: Arc<AtomicBool>) -> (&'static str, usize) {
        let Self { name, ask, expected } = self;
        let mut before = Answer { position: 0, value: expected[0].clone() };
        let mut times = 0;
        while !over.load(Ordering::Relaxed) {
            let answer = ask().await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
            let Answer { position, value } = &answer;
            assert!(*position >= before.position, "{name}: of {position} after {}", before.position);
            assert!(at_least(value, &before.value), "{name}: {answer:?} after {before:?}");
            let there = &expected[usize::try_from(*position).unwrap()];
            match rows {
                Rows::OfThePosition => assert_eq!(value, there, "{name} at {position}"),
                Rows::MaybeAhead => assert!(at_least(value, there), "{name}: {answer:?} without {there:?}"),
            }
            before = answer;
            times += 1;
        }
        (name, times)
    }
}

fn at_least(figures: &Figures, others: &Figures) -> bool {
    figures.len() == others.len() && figures.iter().zip(others).all(|(one, other)| one >= other)
}

/// What the history comes to after each event, from none on.
fn after_each(
    history: &[Vec<Happened>],
    begin: Figures,
    mut count: impl FnMut(&mut Figures, &Happened),
) -> Vec<Figures> {
    let mut all = vec![begin];
    for event in history.iter().flatten() {
        let mut next = all[all.len() - 1].clone();
        count(&mut next, event);
        all.push(next);
    }
    all
}

fn questions(pool: &PgPool, history: &[Vec<Happened>]) -> Vec<Question> {
    let first_page = OrderFilter { limit: 5, ..OrderFilter::default() };
    let by_number = OrderFilter { number: NumberPrefix::typed("2026-00001"), ..first_page.clone() };
    vec![
        orders("all orders", (pool, history), Scope::All, first_page.clone()),
        orders("a customer's orders", (pool, history), Scope::Customer(CUSTOMER), first_page.clone()),
        orders("a seller's orders", (pool, history), Scope::Seller(seller(history)), first_page),
        orders("orders by number", (pool, history), Scope::All, by_number),
        stats(pool, history),
        catalog(pool, history),
        coupons(pool, history),
    ]
}

/// One of those who sell something.
fn seller(history: &[Vec<Happened>]) -> SellerId {
    let sells = |it: &Happened| match &it.event {
        Stored::Order(OrderEvent::OrderPlaced(placed)) => Some(placed.lines[0].seller_id),
        _ => None,
    };
    history.iter().flatten().find_map(sells).unwrap()
}

/// How many there are, and how many are on the first page.
fn orders(
    name: &'static str,
    (pool, history): (&PgPool, &[Vec<Happened>]),
    scope: Scope,
    filter: OrderFilter,
) -> Question {
    let expected = after_each(history, vec![0, 0], |figures, event| {
        let Stored::Order(OrderEvent::OrderPlaced(placed)) = &event.event else { return };
        let sold_by = |seller| placed.lines.iter().any(|line| line.seller_id == seller);
        let is_asked = match scope {
            Scope::Customer(customer) => placed.customer_id == Some(customer),
            Scope::Seller(seller) | Scope::WithLineOf(seller, None) => sold_by(seller),
            Scope::WithLineOf(seller, customer) => sold_by(seller) && placed.customer_id == customer,
            Scope::All => true,
        };
        if is_asked && (filter.number.is_none() || placed.number.starts_with("ORD-2026-00001")) {
            figures[0] += 1;
            figures[1] = figures[0].min(filter.limit);
        }
    });
    let orders = Arc::new(Orders::new(pool.clone()));
    let ask = move || -> Asking {
        let (orders, filter) = (Arc::clone(&orders), filter.clone());
        let counted = |page: Page<OrderSummary>| vec![page.total, i64::try_from(page.items.len()).unwrap()];
        Box::pin(async move { orders.list(scope, &filter).await.map(|answer| answer.map(counted)) })
    };
    Question { name, ask: Box::new(ask), expected }
}

const CURRENCIES: [&str; 2] = ["EUR", "GBP"];

/// In each currency: gross revenue, paid orders by seller, units; and customers by seller.
fn stats(pool: &PgPool, history: &[Vec<Happened>]) -> Question {
    let mut customers = BTreeSet::new();
    let expected = after_each(history, vec![0; 7], |figures, event| {
        let Stored::Order(OrderEvent::OrderPaid(paid)) = &event.event else { return };
        let place = 3 * CURRENCIES.iter().position(|it| *it == paid.currency.code()).unwrap();
        let mut sellers = BTreeSet::new();
        for goods in &paid.split.goods {
            figures[place] += goods.amount;
            figures[place + 2] += i64::from(goods.quantity);
            sellers.insert(goods.seller_id);
            customers.extend(paid.customer_id.map(|customer| (goods.seller_id, customer)));
        }
        figures[place + 1] += i64::try_from(sellers.len()).unwrap();
        figures[6] = i64::try_from(customers.len()).unwrap();
    });
    let counted = |report: Report| {
        let of = |code: &str| report.totals.iter().find(|totals| totals.currency.code() == code);
        let sums = CURRENCIES.map(|it| of(it).map(|totals| totals.sums).unwrap_or_default());
        let mut figures: Figures =
            sums.iter().flat_map(|sums| [sums.gross, sums.orders, sums.units]).collect();
        figures.push(report.customers.new);
        figures
    };
    let stats = Arc::new(Stats::new(pool.clone()));
    let ask = move || -> Asking {
        let stats = Arc::clone(&stats);
        Box::pin(async move { stats.report(&StatsFilter::default()).await.map(|answer| answer.map(counted)) })
    };
    Question { name: "seller stats", ask: Box::new(ask), expected }
}

/// How many products there are, withdrawn ones too, and how many of them were withdrawn.
fn catalog(pool: &PgPool, history: &[Vec<Happened>]) -> Question {
    let products = history.iter().flatten().filter(|it| matches!(it.event, Stored::Product(_)));
    let ids: BTreeSet<_> = products.map(|it| ProductId(it.aggregate_id)).collect();
    let ids: Arc<[ProductId]> = ids.into_iter().collect();
    let expected = after_each(history, vec![0, 0], |figures, event| match &event.event {
        Stored::Product(ProductEvent::ProductCreated(_)) => figures[0] += 1,
        Stored::Product(ProductEvent::ProductWithdrawn {}) => figures[1] += 1,
        _ => {}
    });
    let counted = |found: Vec<CatalogProduct>| {
        let withdrawn = found.iter().filter(|it| it.withdrawn).count();
        [found.len(), withdrawn].map(|count| i64::try_from(count).unwrap()).to_vec()
    };
    let catalog = Arc::new(Products::new(pool.clone()));
    let ask = move || -> Asking {
        let (catalog, ids) = (Arc::clone(&catalog), Arc::clone(&ids));
        Box::pin(async move { catalog.by_ids(&ids).await.map(|answer| answer.map(counted)) })
    };
    Question { name: "products", ask: Box::new(ask), expected }
}

/// How many coupons there are, and how often they were used.
fn coupons(pool: &PgPool, history: &[Vec<Happened>]) -> Question {
    let expected = after_each(history, vec![0, 0], |figures, event| match &event.event {
        Stored::Coupon(CouponEvent::CouponCreated(_)) => figures[0] += 1,
        Stored::Coupon(CouponEvent::CouponRedeemed { .. }) => figures[1] += 1,
        _ => {}
    });
    let counted = |page: CouponPage| vec![page.total, page.items.iter().map(|it| it.redeemed).sum()];
    let coupons = Arc::new(CouponList::new(pool.clone()));
    let ask = move || -> Asking {
        let coupons = Arc::clone(&coupons);
        Box::pin(async move { coupons.page(10, 0).await.map(|answer| answer.map(counted)) })
    };
    Question { name: "coupons", ask: Box::new(ask), expected }
}
