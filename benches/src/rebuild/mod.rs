//! Rebuilding order history and seller stats over at least two million events of imported history, while they are read,
//! beside a bare COPY of the same rows.

mod copy;
mod growth;
mod history;
mod reads;
mod watched;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use event_store::{Log, LogWatch};
use projections::fingerprint::fingerprint;
use projections::product_search::Home;
use projections::read_model::ReadModel;
use projections::{LogSource, Projectors, order_history, registry, replay, seller_stats};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Executor, PgConnection, PgPool};

use self::copy::{Copied, Indexes};
use self::growth::Growth;
use self::reads::{Asked, Reading, Seen};
use self::watched::Watched;
use crate::Error;
use crate::database::{Database, Server};
use crate::decider::per_second;
use crate::http::Daybook;
use crate::report::{Figure, Measurement, Report, say};

/// The names of what is measured, each beside one of [`PEERS`].
const ORDERS: [&str; 3] =
    ["rebuild-order-history", "rebuild-order-history-indexed", "rebuild-order-history-unread"];
const STATS: [&str; 3] =
    ["rebuild-seller-stats", "rebuild-seller-stats-indexed", "rebuild-seller-stats-unread"];
/// A COPY of the same rows: into tables without an index, and into such as have the same ones, both read just as much as
/// ours; and into tables without an index while nobody reads.
const PEERS: [&str; 3] =
    ["a bare COPY of the rows", "COPY into the same indexes", "a bare COPY, nobody reading"];

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

    let watched = Arc::new(Watched::of(&pool).await?);
    for (name, names) in [(order_history::NAME, ORDERS), (seller_stats::NAME, STATS)] {
        let model = registry::find(name).ok_or("no such read model")?;
        let bench = Bench {
            model,
            database: &database,
            pool: &pool,
            owner: &owner,
            home: &home,
            projectors: &projectors,
            watched: &watched,
        };
        bench.measure(names, report).await?;
    }
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
    let rejects = home.join("rejects.csv");
    let rejects = rejects.to_str().ok_or("a path that is no text")?;
    let arguments = ["import", "orders", "--format", "online-retail", "--rejects", rejects, path];
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
        followed(&projectors, model, head.position).await?;
    }
    say(&format!("  {} events, followed after {:.1} s", head.position, started.elapsed().as_secs_f64()));
    Ok(projectors)
}

/// Waits until a read model has come to this position.
async fn followed(projectors: &Projectors, model: &dyn ReadModel, position: i64) -> Result<(), Error> {
    match projectors.positions().wait_for(model.name(), position, PATIENCE).await {
        at if at >= position => Ok(()),
        at => Err(format!("{} is at {at}, not at {position}", model.name()).into()),
    }
}

/// One read model.
struct Bench<'a> {
    model: &'static dyn ReadModel,
    database: &'a Database,
    pool: &'a PgPool,
    owner: &'a PgPool,
    home: &'a Path,
    projectors: &'a Projectors,
    watched: &'a Arc<Watched>,
}

/// Rows a second of one round, and what was read during the rebuild.
struct Round {
    ours: f64,
    seconds: f64,
    /// Of each of [`PEERS`].
    peers: [f64; 3],
    seen: Seen,
}

impl Bench<'_> {
    async fn measure(&self, names: [&'static str; 3], report: &mut Report) -> Result<(), Error> {
        if !names.iter().any(|name| report.wants(name)) {
            return Ok(());
        }
        let asked = Arc::new(if self.model.name() == order_history::NAME {
            Asked::orders(self.pool, self.watched)
        } else {
            Asked::stats(self.pool, self.watched)
        });
        let mut db = self.owner.acquire().await?.detach();
        let copied = Copied::of(self.model, &mut db).await?;
        let events = copy::events(&mut db).await?;
        say(&format!("  {}: {} rows of {events} events", self.model.name(), copied.rows));
        say(
            "  round  rebuild rows/s  seconds  COPY rows/s  with indexes     unread  reads/s  p50 ms  p99 ms  failed  \
             steps back",
        );
        let growth = Growth::start(self.database, self.pool, self.watched).await?;
        let mut reads = Figure::new(format!("reads while {} is rebuilt", self.model.name()));
        let mut rounds = Vec::new();
        for nth in 1..=report.rounds() {
            let round = self.round(&copied, &asked, &mut db).await?;
            round.tell(nth);
            reads.add(&round.seen.load);
            round.seen.faults.require_none()?;
            rounds.push(round);
        }
        say(&format!("  {} paid orders of those who are read came in meanwhile", growth.stop().await?));
        self.compare().await?;
        report.figure(&reads)?;
        for (nth, (name, peer)) in names.into_iter().zip(PEERS).enumerate() {
            let ratios: Vec<_> = rounds.iter().map(|round| (round.ours, round.peers[nth])).collect();
            report.add(&Measurement { name, unit: "rows/s", peer, aim: 0.5 }, &ratios)?;
        }
        Ok(())
    }

    async fn round(
        &self,
        copied: &Copied,
        asked: &Arc<Asked>,
        db: &mut PgConnection,
    ) -> Result<Round, Error> {
        let reading = Reading::start(asked);
        let started = Instant::now();
        self.rebuild().await?;
        let (ours, seconds) = (per_second(copied.rows, started), started.elapsed().as_secs_f64());
        let seen = reading.stop().await?;
        // The peer is read beside, too.
        let reading = Reading::start(asked);
        let bare = copied.load(Indexes::Without, db).await?;
        let indexed = copied.load(Indexes::Same, db).await?;
        reading.stop().await?.faults.require_none()?;
        let unread = copied.load(Indexes::Without, db).await?;
        Ok(Round { ours, seconds, peers: [bare, indexed, unread], seen })
    }

    async fn rebuild(&self) -> Result<(), Error> {
        let log = Log::new(self.owner.clone());
        replay::replay(self.model.name(), self.owner, &Home::under(self.home), &log, |_| {}).await?;
        Ok(())
    }

    /// Rebuilds once more, while nothing is read or appended: what comes of it must be what the copy before had, which was
    /// itself rebuilt, caught up, was swapped in and followed.
    async fn compare(&self) -> Result<(), Error> {
        let head = Log::new(self.pool.clone()).head().await?;
        followed(self.projectors, self.model, head.position).await?;
        let before = fingerprint(self.owner, self.model, None).await?;
        let started = Instant::now();
        self.rebuild().await?;
        let seconds = started.elapsed().as_secs_f64();
        let after = fingerprint(self.owner, self.model, None).await?;
        if before != after {
            return Err(format!("other rows than before the rebuild: {before:?}, {after:?}").into());
        }
        let rows: i64 = after.iter().map(|table| table.rows).sum();
        say(&format!(
            "  alone, with nothing read or appended: {seconds:.1} s; {rows} rows in {} tables, the same as before (MD5 of \
             all, table by table)",
            after.len()
        ));
        Ok(())
    }
}

impl Round {
    fn tell(&self, nth: usize) {
        let Self { ours, seconds, peers: [bare, indexed, unread], seen } = self;
        say(&format!(
            "  {nth:>5}  {ours:>14.0}  {seconds:>7.1}  {bare:>11.0}  {indexed:>12.0}  {unread:>9.0}  {:>7.0}  {:>6.2}  {:>6.1}  \
             {:>6}  {:>10}{}",
            seen.load.rate,
            seen.load.milliseconds(0.5),
            seen.load.milliseconds(0.99),
            seen.faults.failed(),
            seen.faults.back(),
            if seen.is_short() { "  <- reads short of 1,000" } else { "" }
        ));
    }
}
