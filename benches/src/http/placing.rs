//! The decision of `POST /orders`, submitted to a decider in this process: the same events, and no HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::Utc;
use domain::StreamId;
use domain::decisions::{Item, OrderSource, PlaceOrder, PlaceOrderError, place_order};
use domain::ids::{OrderId, PaymentId, PersonalId, ProductId, UserId};
use domain::order::{Order, Region};
use domain::payment::Payment;
use event_store::decider::{Config, DeciderTask};
use event_store::{Decider, IdempotencyKey, LogWatch, Metadata, Submission};
use sqlx::PgPool;
use uuid::Uuid;

use super::shop::Shop;
use crate::Error;
use crate::database::Database;
use crate::decider::rate;

/// Orders of one round.
const ORDERS: usize = 30_000;

/// The three products of the nth order.
pub fn lines(nth: usize, shop: &Shop) -> impl Iterator<Item = Uuid> + '_ {
    // Steps that share no factor with the number of products: three different ones, all over the shop.
    [0, 331, 677].into_iter().map(move |step| shop.products[(nth * 7 + step) % shop.products.len()])
}

/// A decider with the shop.
pub struct Placing {
    decider: Decider,
    task: DeciderTask,
    pool: PgPool,
    orders: Arc<Vec<Vec<Item>>>,
    buyers: Arc<Vec<UserId>>,
}

impl Placing {
    /// Starts it on the shop's copy.
    pub async fn start(database: &Database, shop: &Shop) -> Result<Self, Error> {
        let pool = database.pool(16).await?;
        let watch = LogWatch::start(pool.clone());
        let registry = command_api::registry();
        let (decider, task) =
            Decider::start(registry, Config::default(), &database.application(), pool.clone(), watch).await?;
        let item = |product| Item { product_id: ProductId(product), quantity: 1 };
        let orders = (0..shop.products.len()).map(|nth| lines(nth, shop).map(item).collect()).collect();
        let buyers = shop.buyers.iter().map(|buyer| UserId(buyer.id)).collect();
        let this = Self { decider, task, pool, orders: Arc::new(orders), buyers: Arc::new(buyers) };
        // Not measured: what loads the stock.
        this.place(2 * shop.products.len(), 64).await?;
        Ok(this)
    }

    /// Orders a second with so many in flight.
    pub async fn rate(&self, in_flight: usize) -> Result<f64, Error> {
        self.place(ORDERS, in_flight).await
    }

    async fn place(&self, count: usize, in_flight: usize) -> Result<f64, Error> {
        let (decider, orders, buyers) =
            (self.decider.clone(), Arc::clone(&self.orders), Arc::clone(&self.buyers));
        let next = Arc::new(AtomicUsize::new(0));
        rate(in_flight, count, move || {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let command = order(nth, orders[nth % orders.len()].clone(), buyers[nth % buyers.len()]);
            let decider = decider.clone();
            async move { submit(&decider, command?).await }
        })
        .await
    }

    /// Ends it.
    pub async fn stop(self) {
        self.task.drain().await;
        self.pool.close().await;
    }
}

async fn submit(decider: &Decider, command: PlaceOrder) -> Result<(), Error> {
    let (order_id, payment_id) = (command.order_id, command.payment_id);
    let digest =
        || [Uuid::new_v4().into_bytes(), Uuid::new_v4().into_bytes()].concat().try_into().unwrap_or([0; 32]);
    let submission = Submission {
        metadata: Metadata::default()
            .with(Metadata::ACTOR, format!("user:{}", Uuid::now_v7()))
            .with(Metadata::CORRELATION_ID, Uuid::now_v7().to_string())
            .with(Metadata::CAUSATION_ID, format!("request:{}", Uuid::now_v7())),
        key: Some(IdempotencyKey { key: digest(), fingerprint: digest() }),
        fresh: vec![StreamId::of::<Order>(order_id), StreamId::of::<Payment>(payment_id)],
        bytes: 3584,
        occurred_at: None,
    };
    let placed = decider.submit(submission, move |streams| {
        place_order(streams, &command)?;
        streams.remember(201, order_id);
        Ok::<_, domain::Halt<PlaceOrderError>>(())
    });
    placed.await.map(|_| ()).map_err(Into::into)
}

fn order(nth: usize, items: Vec<Item>, customer: UserId) -> Result<PlaceOrder, Error> {
    Ok(PlaceOrder {
        order_id: OrderId(Uuid::now_v7()),
        number: format!("ORD-2026-{nth:06}"),
        customer_id: Some(customer),
        source: OrderSource::Items(items),
        coupon: None,
        at: Utc::now(),
        payment_id: PaymentId(Uuid::now_v7()),
        tax_rate: "0.05".parse()?,
        ship_to: Region { country: Some("PK".to_owned()), region: None },
        shipping_address: Some(PersonalId(Uuid::now_v7())),
        billing_address: Some(PersonalId(Uuid::now_v7())),
        notes: None,
        payment_method: Some("card".to_owned()),
        expires_at: None,
    })
}
