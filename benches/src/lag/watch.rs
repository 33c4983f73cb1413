//! Looking into the tables until what was acknowledged is there.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{NaiveDate, Utc};
use hdrhistogram::Histogram;
use projections::{catalog, generation, order_history, registry, seller_stats};
use sqlx::{ConnectOptions, PgConnection};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::Error;
use crate::database::Database;
use crate::http::{Shop, UNITS};

/// Between two looks into the tables. What is found is later by half of it on average; more looks would be a load themselves.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// What is not there by then never comes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A read model that an order changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Model {
    /// It has the order.
    OrderHistory,
    /// A product has so many units less for sale.
    Catalog,
    /// Of a product so many units were paid for.
    SellerStats,
}

impl Model {
    /// Each, in the order in which the statement and the figures have them.
    pub const ALL: [Self; 3] = [Self::OrderHistory, Self::Catalog, Self::SellerStats];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::OrderHistory => order_history::NAME,
            Self::Catalog => catalog::NAME,
            Self::SellerStats => seller_stats::NAME,
        }
    }
}

/// What was acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Awaited {
    /// Where it is to be seen.
    pub model: Model,
    /// The order, or the product.
    pub id: Uuid,
    /// How many units at least it shows then; of an order, one.
    pub least: i64,
    /// When it was acknowledged.
    pub at: Instant,
}

/// The tables that are looked into.
pub struct Tables {
    statement: String,
    seller: Uuid,
    since: NaiveDate,
}

impl Tables {
    /// Those of the live generations.
    pub async fn live(database: &Database, shop: &Shop) -> Result<Self, Error> {
        let mut db = database.application().connect().await?;
        let mut generations = Vec::new();
        for model in Model::ALL {
            let model = registry::find(model.name()).ok_or("no such read model")?;
            generations.push(generation::live(&mut db, model).await?.ok_or("it is not there")?);
        }
        let [orders, catalog, stats] = generations.as_slice() else { return Err("three models".into()) };
        let statement = format!(
            "SELECT 0, order_id, 1::bigint FROM order_history_g{orders}_orders WHERE order_id = ANY($1)
             UNION ALL
             SELECT 1, product_id, $4 - (on_hand - reserved) FROM catalog_g{catalog}_stock WHERE product_id = ANY($2)
             UNION ALL
             SELECT 2, product_id, sum(units)::bigint FROM seller_stats_g{stats}_product_days
             WHERE seller_id = $5 AND day >= $6 AND product_id = ANY($3) GROUP BY product_id"
        );
        let seller = format!("SELECT seller_id FROM catalog_g{catalog}_products WHERE product_id = $1");
        let seller = sqlx::query_scalar(&seller).bind(shop.products[0]).fetch_one(&mut db).await?;
        Ok(Self { statement, seller, since: Utc::now().date_naive() })
    }

    /// With a connection to them.
    pub async fn connect(&self, database: &Database) -> Result<Eyes, Error> {
        let Self { statement, seller, since } = self;
        // Planned while the tables are small, the statement would read all of them at each look.
        let by_key = database.application().options([("enable_seqscan", "off"), ("enable_hashjoin", "off")]);
        let db = by_key.connect().await?;
        Ok(Eyes { db, statement: statement.clone(), seller: *seller, since: *since })
    }
}

/// Who looks into them.
pub struct Eyes {
    db: PgConnection,
    statement: String,
    seller: Uuid,
    since: NaiveDate,
}

impl Eyes {
    /// What is there of what is awaited.
    async fn look(&mut self, awaited: &[Awaited]) -> Result<HashMap<(Model, Uuid), i64>, Error> {
        let [orders, stock, sold] = Model::ALL.map(|model| {
            awaited.iter().filter(|it| it.model == model).map(|it| it.id).collect::<Vec<Uuid>>()
        });
        let found: Vec<(i32, Uuid, i64)> = sqlx::query_as(&self.statement)
            .bind(orders)
            .bind(stock)
            .bind(sold)
            .bind(i64::try_from(UNITS)?)
            .bind(self.seller)
            .bind(self.since)
            .fetch_all(&mut self.db)
            .await?;
        let of = |(place, id, count)| Some(((*Model::ALL.get(usize::try_from(place).ok()?)?, id), count));
        Ok(found.into_iter().filter_map(of).collect())
    }
}

/// Looks until everything that was acknowledged is there; how long each took, in microseconds, by model.
pub async fn until_all_are_there(
    mut acknowledged: mpsc::UnboundedReceiver<Awaited>,
    mut eyes: Eyes,
) -> Result<Vec<Histogram<u64>>, Error> {
    let mut times = Vec::new();
    for _ in Model::ALL {
        times.push(Histogram::new_with_bounds(1, 600_000_000, 3)?);
    }
    let mut awaited: Vec<Awaited> = Vec::new();
    loop {
        while let Ok(one) = acknowledged.try_recv() {
            awaited.push(one);
        }
        if awaited.is_empty() {
            let Some(one) = acknowledged.recv().await else { return Ok(times) };
            awaited.push(one);
        }
        let there = eyes.look(&awaited).await?;
        let (arrived, waiting): (Vec<_>, Vec<_>) = awaited
            .into_iter()
            .partition(|it| there.get(&(it.model, it.id)).is_some_and(|count| *count >= it.least));
        for (model, times) in Model::ALL.into_iter().zip(&mut times) {
            for it in arrived.iter().filter(|it| it.model == model) {
                times.record(u64::try_from(it.at.elapsed().as_micros())?.max(1))?;
            }
        }
        awaited = waiting;
        if let Some(late) = awaited.iter().find(|it| it.at.elapsed() > PATIENCE) {
            return Err(format!("what was acknowledged is not in {}", late.model.name()).into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
