//! What happens on top of an imported history: refunds, some of which come back, and orders that are given up.

use std::collections::BTreeSet;
use std::fmt::Debug;

use chrono::{DateTime, TimeDelta, Utc};
use domain::Halt;
use domain::decisions::{
    CancelOrder, ConfirmManually, Item, OrderSource, PlaceOrder, ReceiveOrAdjustStock, RefundOf,
    RequestRefund, ReverseRefund, SettleRefund, StockChange, cancel_order, confirm_manually, place_order,
    receive_or_adjust_stock, request_refund, reverse_refund, settle_refund,
};
use domain::ids::{OrderId, PaymentId, ProductId, RefundId, UserId};
use domain::order::{CancelCause, OrderEvent, OrderPaid, Region};
use event_store::{Accepted, Decider, Decision, LogWatch, Submission, decider};
use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rust_decimal::Decimal;
use sqlx::PgPool;
use uuid::Uuid;

use super::Move;

const REFUNDS: usize = 60;
const ORDERS: usize = 40;

/// The decider, and what is drawn.
struct Happening<'a> {
    decider: Decider,
    random: &'a mut StdRng,
}

/// Refunds of orders that were imported, every second of which comes back; and orders for what was imported that are
/// given up: before anybody pays, after it, after a part went back, or so that what goes back comes back.
pub async fn happens(pool: &PgPool, moves: &[Move], random: &mut StdRng) {
    let watch = LogWatch::start(pool.clone());
    let (registry, config) = (command_api::registry(), decider::Config::default());
    let (decider, task) =
        Decider::start(registry, config, &pool.connect_options(), pool.clone(), watch).await.unwrap();
    let mut happening = Happening { decider, random };
    let paid = never_refunded(moves);
    let some: Vec<_> = paid.choose_multiple(happening.random, REFUNDS).copied().collect();
    for (n, (at, paid)) in some.into_iter().enumerate() {
        let amount = happening.random.random_range(1..=paid.amount);
        let at = happening.later(at);
        let refund_id = happening.refund(paid.payment_id, at, amount).await;
        if n % 2 == 1 {
            happening.comes_back(paid.payment_id, refund_id, at).await;
        }
    }
    for n in 0..ORDERS {
        let (at, like) = *paid.choose(happening.random).unwrap();
        let at = at - TimeDelta::minutes(happening.random.random_range(0..40_000));
        let product_id = like.split.goods.choose(happening.random).unwrap().product_id;
        happening.order(n, at, product_id, like.customer_id).await;
    }
    task.drain().await;
}

fn never_refunded(moves: &[Move]) -> Vec<(DateTime<Utc>, &OrderPaid)> {
    let refunded: BTreeSet<PaymentId> = moves
        .iter()
        .filter_map(|it| match &it.event {
            OrderEvent::OrderRefunded(refund) => Some(refund.payment_id),
            _ => None,
        })
        .collect();
    let paid = moves.iter().filter_map(|it| match &it.event {
        OrderEvent::OrderPaid(paid) if !refunded.contains(&paid.payment_id) => Some((it.at, paid)),
        _ => None,
    });
    paid.collect()
}

impl Happening<'_> {
    /// Some time after another, often on another day.
    fn later(&mut self, at: DateTime<Utc>) -> DateTime<Utc> {
        at + TimeDelta::minutes(self.random.random_range(1..60_000))
    }

    async fn done<R, E, F>(&self, at: DateTime<Utc>, decide: F) -> R
    where
        R: Send + 'static,
        E: Send + Debug + 'static,
        F: Fn(&mut Decision<'_>) -> Result<R, Halt<E>> + Send + 'static,
    {
        let submission = Submission { occurred_at: Some(at), ..Submission::default() };
        match self.decider.submit(submission, decide).await.unwrap() {
            Accepted::Done { value, .. } => value,
            Accepted::Replayed(before) => panic!("it has no key: {before:?}"),
        }
    }

    async fn refund(&self, payment_id: PaymentId, at: DateTime<Utc>, amount: i64) -> RefundId {
        let refund_id = RefundId(Uuid::now_v7());
        let request = RequestRefund { payment_id, refund_id, of: RefundOf::Amount(amount), reason: None };
        self.done(at, move |streams: &mut Decision<'_>| request_refund(streams, &request)).await;
        self.settle(payment_id, refund_id, at).await;
        refund_id
    }

    async fn settle(&self, payment_id: PaymentId, refund_id: RefundId, at: DateTime<Utc>) {
        let settle = SettleRefund { payment_id, refund_id, reference: None };
        self.done(at, move |streams: &mut Decision<'_>| settle_refund(streams, &settle)).await;
    }

    /// Some time after it went.
    async fn comes_back(&mut self, payment_id: PaymentId, refund_id: RefundId, at: DateTime<Utc>) {
        let reverse = ReverseRefund { payment_id, refund_id, code: "unknown".to_owned() };
        let at = self.later(at);
        self.done(at, move |streams: &mut Decision<'_>| reverse_refund(streams, &reverse)).await;
    }

    /// An order that is given up, by its number in one of four ways.
    async fn order(
        &mut self,
        n: usize,
        at: DateTime<Utc>,
        product_id: ProductId,
        customer_id: Option<UserId>,
    ) {
        let quantity = self.random.random_range(2..5);
        let (order_id, payment_id) = (OrderId(Uuid::now_v7()), PaymentId(Uuid::now_v7()));
        let receive = ReceiveOrAdjustStock { product_id, change: StockChange::By(10), reason: None };
        self.done(at, move |streams: &mut Decision<'_>| receive_or_adjust_stock(streams, &receive)).await;
        let place = PlaceOrder {
            order_id,
            number: format!("ORD-2011-9{n:05}"),
            customer_id,
            source: OrderSource::Items(vec![Item { product_id, quantity }]),
            coupon: None,
            at,
            payment_id,
            tax_rate: Decimal::ZERO,
            ship_to: Region { country: Some("United Kingdom".to_owned()), region: None },
            shipping_address: None,
            billing_address: None,
            notes: None,
            payment_method: None,
            expires_at: None,
        };
        self.done(at, move |streams: &mut Decision<'_>| place_order(streams, &place)).await;
        let way = n % 4;
        if way > 0 {
            let confirm = ConfirmManually { order_id };
            self.done(at, move |streams: &mut Decision<'_>| confirm_manually(streams, &confirm)).await;
        }
        if way == 2 {
            self.refund(payment_id, at, 1).await;
        }
        let at = self.later(at);
        let refund_id = RefundId(Uuid::now_v7());
        let cancel = CancelOrder { order_id, cause: CancelCause::Staff, reason: None, at, refund_id };
        let cancelled = self.done(at, move |streams: &mut Decision<'_>| cancel_order(streams, &cancel)).await;
        assert_eq!(cancelled.refund > 0, way > 0);
        if way > 0 {
            self.settle(payment_id, refund_id, at).await;
        }
        if way == 3 {
            self.comes_back(payment_id, refund_id, at).await;
        }
    }
}
