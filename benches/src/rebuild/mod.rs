//! Rebuilding order history and seller stats over at least two million events of imported history, while they are read,
//! beside a bare COPY of the same rows.

mod copy;
mod history;
mod reads;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use event_store::{Log, LogWatch};
use projections::generation;
use projections::product_search::Home;
use projections::read_model::ReadModel;
use projections::{LogSource, Projectors, order_history, registry, replay, seller_stats};
use sqlx::postgres::PgPoolOptions;
use sqlx::{ConnectOptions, Executor, PgPool};

use self::copy::{Copied, Indexes};
use self::reads::{Asked, Reading};
use crate::Error;
use crate::append::Appender;
use crate::database::{Database, Server};
use crate::decider::per_second;
use crate::http::Daybook;
use crate::report::{Measurement, Report, say};

/// The names of what is measured: each beside tables without an index, and beside tables with the same ones.
const ORDERS: [&str; 2] = ["rebuild-order-history", "rebuild-order-history-indexed"];
const STATS: [&str; 2] = ["rebuild-seller-stats", "rebuild-seller-stats-indexed"];

/// The log grows by this many events, so often, so that positions move.
const GROWS_BY: usize = 5;
const GROWS_EVERY: Duration = Duration::from_millis(25);

/// How long the projectors may take for the whole history.
const PATIENCE: Duration = Duration::from_secs(600);

/// Everything whose name begins with `rebuild`.
pub async fn measure(server: &Server, report: &mut Report) -> Result<(), Error> {
    if !ORDERS.iter().chain(&STATS).any(|name| report.wants(name)) {
        return Ok(());
    }
    let Some(file) = history::file() else { return Ok(()) };
    let (database, home) = (server.daybook().await?, crate::http::home()?);
    import(&database, &home, &file).await?;
    let pool = database.pool(48).await?;
    let owner = PgPoolOptions::new().max_connections(8).connect_with(database.owner()).await?;
    let projectors = follow(&pool).await?;
    owner.execute("VACUUM ANALYZE").await?;
    database.checkpoint().await?;

    let stop = Arc::new(AtomicBool::new(false));
    let growing = tokio::spawn(grow(
        Appender::open(event_store::connect::appending(&database.application()).connect().await?).await?,
        Arc::clone(&stop),
    ));
    for (name, names) in [(order_history::NAME, ORDERS), (seller_stats::NAME, STATS)] {
        let model = registry::find(name).ok_or("no such read model")?;
        let bench = Bench { model, pool: &pool, owner: &owner, home: &home };
        bench.measure(names, report).await?;
    }
    stop.store(true, Ordering::Relaxed);
    growing.await??;
    drop(projectors);
    pool.close().await;
    owner.close().await;
    std::fs::remove_dir_all(&home)?;
    database.drop().await
}

async fn import(database: &Database, home: &Path, file: &Path) -> Result<(), Error> {
    let csv = home.join("history.csv");
    let lines = history::multiplied(file, &csv)?;
    say(&format!("  importing {lines} lines"));
    let path = csv.to_str().ok_or("a path that is no text")?;
    let arguments = ["import", "orders", "--format", "online-retail", path];
    let said = Daybook::run(database, home, &arguments).await?;
    say(&format!("  daybook import orders: {}", said.lines().last().unwrap_or_default()));
    Ok(std::fs::remove_file(csv)?)
}

/// Projectors that have come to the log's end.
async fn follow(pool: &PgPool) -> Result<Projectors, Error> {
    let log = Log::new(pool.clone());
    let source = Arc::new(LogSource::new(log.clone(), LogWatch::start(pool.clone())));
    let projectors = projections::start(pool, &(source as _));
    let (started, head) = (Instant::now(), log.head().await?);
    for model in registry::READ_MODELS {
        while projectors.positions().known(model.name()) < head.position {
            if started.elapsed() > PATIENCE {
                return Err("the projectors don't catch up".into());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    say(&format!("  {} events, followed after {:.1} s", head.position, started.elapsed().as_secs_f64()));
    Ok(projectors)
}

/// Appends a little at a time.
async fn grow(mut appender: Appender, stop: Arc<AtomicBool>) -> Result<(), Error> {
    while !stop.load(Ordering::Relaxed) {
        appender.round(1, GROWS_BY).await?;
        tokio::time::sleep(GROWS_EVERY).await;
    }
    Ok(())
}

/// One read model.
struct Bench<'a> {
    model: &'static dyn ReadModel,
    pool: &'a PgPool,
    owner: &'a PgPool,
    home: &'a Path,
}

impl Bench<'_> {
    async fn measure(&self, names: [&'static str; 2], report: &mut Report) -> Result<(), Error> {
        if !names.iter().any(|name| report.wants(name)) {
            return Ok(());
        }
        let asked = Arc::new(self.asked().await?);
        let mut db = self.owner.acquire().await?.detach();
        let copied = Copied::of(self.model, &mut db).await?;
        let events = copy::events(&mut db).await?;
        say(&format!("  {}: {} rows of {events} events", self.model.name(), copied.rows));
        say(
            "  round  rebuild rows/s  seconds  COPY rows/s  with indexes  reads/s  p50 ms  p99 ms  failed  steps back",
        );
        let (mut bare, mut indexed) = (Vec::new(), Vec::new());
        for round in 1..=report.rounds() {
            let started = Instant::now();
            let reading = Reading::start(&asked);
            let log = Log::new(self.owner.clone());
            replay::replay(self.model.name(), self.owner, &Home::under(self.home), &log, |_| {}).await?;
            let (ours, seconds) = (per_second(copied.rows, started), started.elapsed().as_secs_f64());
            let seen = reading.stop().await?;
            let rate = per_second(seen.count, started);
            // The peer is read beside, too.
            let reading = Reading::start(&asked);
            let without = copied.load(Indexes::Without, &mut db).await?;
            let same = copied.load(Indexes::Same, &mut db).await?;
            reading.stop().await?;
            say(&format!(
                "  {round:>5}  {ours:>14.0}  {seconds:>7.1}  {without:>11.0}  {same:>12.0}  {rate:>7.0}  {:>6.2}  {:>6.1}  {:>6}  {:>10}",
                seen.milliseconds(0.5),
                seen.milliseconds(0.99),
                0,
                0
            ));
            bare.push((ours, without));
            indexed.push((ours, same));
        }
        let [name, with_indexes] = names;
        let peer = "a bare COPY of the rows";
        report.add(&Measurement { name, unit: "rows/s", peer, aim: 0.5 }, &bare)?;
        let peer = "COPY into the same indexes";
        report.add(&Measurement { name: with_indexes, unit: "rows/s", peer, aim: 0.5 }, &indexed)
    }

    async fn asked(&self) -> Result<Asked, Error> {
        let generation = generation::live(self.pool, self.model).await?.ok_or("it is not there")?;
        let table = |suffix| format!("{}_g{generation}_{suffix}", self.model.name());
        if self.model.name() == order_history::NAME {
            Asked::orders(self.pool, &table("orders")).await
        } else {
            Asked::stats(self.pool, &table("product_days")).await
        }
    }
}
