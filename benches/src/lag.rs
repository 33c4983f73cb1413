//! How long after its acknowledgement an order is in the order history, at half of the rate at which orders can be placed
//! over HTTP: fed from the log, and from Kafka.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use projections::{generation, order_history, registry};
use sqlx::{ConnectOptions, PgConnection};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::Error;
use crate::database::{Database, Server};
use crate::http::load::{self, Caller};
use crate::http::{self, CLIENTS, Daybook, Load, Shop, data, orders};
use crate::report::{Figure, Report, say};

/// By where the read models are fed from.
const SOURCES: [(&str, &str); 2] = [("lag-from-log", "log"), ("lag-from-kafka", "kafka")];

const A_ROUND: Duration = Duration::from_secs(5);
/// Between two looks into the tables.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// An order that is not there by then never comes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything whose name begins with `lag`.
pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    for (name, source) in SOURCES {
        if report.wants(name) {
            from(source, name, server, report).await?;
        }
    }
    Ok(())
}

async fn from(source: &str, name: &'static str, server: &Server, report: &mut Report) -> Result<(), Error> {
    let (database, home) = (server.daybook().await?, http::home()?);
    // Topics of its own: those of another database have other events.
    let prefix = format!("bench-{}", Uuid::now_v7().simple());
    let environment = [("DAYBOOK_PROJECTOR_SOURCE", source), ("DAYBOOK_TOPIC_PREFIX", prefix.as_str())];
    let daybook = Daybook::start_with(&database, &home, &environment).await?;
    let shop = Shop::open(&daybook, &home, CLIENTS).await?;
    daybook.quiet().await?;
    let mut clients = load::closed(orders::clients(&daybook, &shop).await?, Duration::from_secs(1)).await?.1;
    let mut figure = Figure::new(name);
    say(&format!("  {name}\n  round  orders/s at most  at half  p50 ms  p99 ms  most ms"));
    for round in 1..=report.rounds() {
        let (most, back) = load::closed(clients, A_ROUND).await?;
        daybook.quiet().await?;
        let (acknowledged, watched) = mpsc::unbounded_channel();
        let watching = tokio::spawn(watch(watched, live_orders(&database).await?));
        let placing = back.into_iter().map(|orders| Placing { orders, acknowledged: acknowledged.clone() });
        let (half, back) = load::open(placing.collect(), most.rate / 2.0, A_ROUND).await?;
        clients = back.into_iter().map(|placing| placing.orders).collect();
        drop(acknowledged);
        let lag = Load { count: half.count, rate: half.rate, times: watching.await?? };
        say(&format!(
            "  {round:>5}  {:>16.0}  {:>7.0}  {:>6.2}  {:>6.2}  {:>7.2}",
            most.rate,
            lag.rate,
            lag.milliseconds(0.5),
            lag.milliseconds(0.99),
            lag.milliseconds(1.0)
        ));
        figure.add(&lag);
    }
    report.figure(&figure)?;
    daybook.stop().await?;
    std::fs::remove_dir_all(&home)?;
    database.drop().await
}

/// A client that says which order was acknowledged, and when.
struct Placing {
    orders: orders::Orders,
    acknowledged: mpsc::UnboundedSender<(Uuid, Instant)>,
}

impl Caller for Placing {
    async fn call(&mut self) -> Result<(), Error> {
        let answer = self.orders.place().await?;
        let at = Instant::now();
        let id = data(&answer)?["id"].as_str().ok_or("an order without an id")?.parse()?;
        Ok(self.acknowledged.send((id, at))?)
    }
}

/// Looks into the table until every order that was acknowledged is there; how long each took, in microseconds.
async fn watch(
    mut acknowledged: mpsc::UnboundedReceiver<(Uuid, Instant)>,
    (mut db, there): (PgConnection, String),
) -> Result<Histogram<u64>, Error> {
    let mut times = Histogram::new_with_bounds(1, 600_000_000, 3)?;
    let mut waiting: HashMap<Uuid, Instant> = HashMap::new();
    loop {
        while let Ok((id, at)) = acknowledged.try_recv() {
            waiting.insert(id, at);
        }
        if waiting.is_empty() {
            let Some((id, at)) = acknowledged.recv().await else { return Ok(times) };
            waiting.insert(id, at);
        }
        let ids: Vec<Uuid> = waiting.keys().copied().collect();
        let found: Vec<Uuid> = sqlx::query_scalar(&there).bind(ids).fetch_all(&mut db).await?;
        for at in found.iter().filter_map(|id| waiting.remove(id)) {
            times.record(u64::try_from(at.elapsed().as_micros())?.max(1))?;
        }
        if waiting.values().any(|at| at.elapsed() > PATIENCE) {
            return Err("an order that was acknowledged is not in the order history".into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A connection, and the question which of some orders are in the order history.
async fn live_orders(database: &Database) -> Result<(PgConnection, String), Error> {
    let mut db = database.application().connect().await?;
    let model = registry::find(order_history::NAME).ok_or("no order history")?;
    let generation = generation::live(&mut db, model).await?.ok_or("no order history")?;
    let there = format!("SELECT order_id FROM order_history_g{generation}_orders WHERE order_id = ANY($1)");
    Ok((db, there))
}
