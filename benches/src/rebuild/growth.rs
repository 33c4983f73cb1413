//! Orders that come in meanwhile: paid ones, of those who are watched. So what a rebuild catches up with, and what it holds
//! when it is swapped in, are rows of the model that is rebuilt and read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, NaiveTime, Utc};
use command_api::order_numbers::OrderNumbers;
use domain::decisions::{ImportOrder, OutsideOrder, import_order};
use domain::ids::{OrderId, PaymentId, ProductId};
use domain::imported::{self, Imported};
use domain::order::{Order, OrderLine, Region};
use domain::payment::Payment;
use domain::purchases::Purchases;
use domain::{Currency, StreamId};
use event_store::decider::{Config, DeciderTask};
use event_store::{Decider, LogWatch, Metadata, Submission};
use projections::order_history;
use sqlx::PgPool;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use uuid::Uuid;

use super::watched::Watched;
use crate::Error;
use crate::database::Database;
use crate::tables::table;

/// An order so often, from placed to delivered: some 12 events each, 200 a second.
const EVERY: Duration = Duration::from_millis(60);

/// Orders that are being appended.
pub struct Growth {
    stop: Arc<AtomicBool>,
    growing: JoinHandle<Result<usize, Error>>,
    decider: DeciderTask,
}

impl Growth {
    /// Begins.
    pub async fn start(database: &Database, pool: &PgPool, watched: &Arc<Watched>) -> Result<Self, Error> {
        let registry = command_api::registry().with_snapshots::<Purchases>().with::<Imported>();
        let watch = LogWatch::start(pool.clone());
        let (decider, task) =
            Decider::start(registry, Config::default(), &database.application(), pool.clone(), watch).await?;
        let orders = Orders::of(decider, pool, watched).await?;
        let stop = Arc::new(AtomicBool::new(false));
        Ok(Self { growing: tokio::spawn(grow(orders, Arc::clone(&stop))), stop, decider: task })
    }

    /// Ends; how many orders were appended.
    pub async fn stop(self) -> Result<usize, Error> {
        self.stop.store(true, Ordering::Relaxed);
        let appended = self.growing.await??;
        self.decider.drain().await;
        Ok(appended)
    }
}

async fn grow(orders: Orders, stop: Arc<AtomicBool>) -> Result<usize, Error> {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut appended = 0;
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        orders.append(appended).await?;
        appended += 1;
    }
    Ok(appended)
}

/// Makes orders as an import makes them.
struct Orders {
    decider: Decider,
    numbers: OrderNumbers,
    watched: Arc<Watched>,
    /// What the seller has sold before, one of each.
    lines: Vec<OrderLine>,
    currency: Currency,
}

impl Orders {
    async fn of(decider: Decider, pool: &PgPool, watched: &Arc<Watched>) -> Result<Self, Error> {
        let sold = table(pool, order_history::NAME, "lines").await?;
        let sold = format!(
            "SELECT product_id, sku, name, unit_price FROM {sold} WHERE seller_id = $1 AND unit_price > 0 LIMIT 500"
        );
        let sold: Vec<(Uuid, String, String, i64)> =
            sqlx::query_as(&sold).bind(watched.seller.0).fetch_all(pool).await?;
        let line = |(product, sku, name, unit_price)| OrderLine {
            product_id: ProductId(product),
            seller_id: watched.seller,
            sku,
            name,
            unit_price,
            quantity: 1,
        };
        let orders = table(pool, order_history::NAME, "orders").await?;
        let currency: String =
            sqlx::query_scalar(&format!("SELECT currency FROM {orders} LIMIT 1")).fetch_one(pool).await?;
        Ok(Self {
            decider,
            numbers: OrderNumbers::new(pool.clone()),
            watched: Arc::clone(watched),
            lines: sold.into_iter().map(line).collect(),
            currency: currency.parse()?,
        })
    }

    /// The nth order: of one customer after another, on one day after another.
    async fn append(&self, nth: usize) -> Result<(), Error> {
        let Watched { customers, days, seller } = &*self.watched;
        let day = days[nth * 7919 % days.len()];
        let at: DateTime<Utc> = day.and_time(NaiveTime::MIN).and_utc() + Duration::from_secs(10 * 3600);
        let external_id = Uuid::now_v7().to_string();
        let order = OutsideOrder {
            order_id: OrderId(Uuid::now_v7()),
            payment_id: PaymentId(Uuid::now_v7()),
            number: self.numbers.next(at).await?,
            customer_id: Some(customers[nth % customers.len()]),
            lines: vec![self.lines[nth % self.lines.len()].clone()],
            currency: self.currency,
            ship_to: Region { country: None, region: None },
            external_id,
        };
        let document = imported::id(*seller, 0, &order.external_id);
        let submission = Submission {
            metadata: Metadata::default().with(Metadata::ACTOR, "import"),
            occurred_at: Some(at),
            fresh: vec![
                StreamId::of::<Imported>(&document),
                StreamId::of::<Order>(order.order_id),
                StreamId::of::<Payment>(order.payment_id),
            ],
            bytes: 4096,
            key: None,
        };
        let command = ImportOrder {
            document,
            after: None,
            fingerprint: Uuid::now_v7(),
            order: Some(order),
            adjustments: Vec::new(),
        };
        self.decider.submit(submission, move |streams| import_order(streams, &command)).await?;
        Ok(())
    }
}
