//! How stale prices and stocks are that a search shows: from when a change was acknowledged until a search of somebody who
//! says nothing of a position shows it, at half of the rate of saturation; beside how long the catalog's rows take, which a
//! projector in the same process writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use hyper::{Method, StatusCode};
use projections::{catalog, generation, registry};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, PgConnection};
use tokio::time::MissedTickBehavior;

use super::check::Ready;
use super::readers::Reader;
use super::requests::encoded;
use crate::Error;
use crate::database::Database;
use crate::decider::per_second;
use crate::http::load;
use crate::http::{Ask, Connection, Daybook, Load, data, position};
use crate::report::{Figure, Report};

/// A change so often, of a price and of a stock in turn.
const EVERY: Duration = Duration::from_millis(50);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// What is not shown by then never is.
const PATIENCE: Duration = Duration::from_secs(30);
/// No product of Icecat's costs as much: a price of its own tells each.
const DEAREST: usize = 77_000_000;

/// A product that nobody else changes.
struct Target {
    id: String,
    /// A word of its name.
    word: String,
    stock: i64,
    /// In hundredths; nothing before it is changed.
    price: usize,
}

/// Who changes products, and looks.
pub struct Prober {
    changing: Connection,
    looking: Connection,
    db: PgConnection,
    checkpoint: String,
    token: String,
    targets: Vec<Target>,
    changed: usize,
}

/// What was seen when, in microseconds from the acknowledgement.
struct Seen {
    search: Histogram<u64>,
    catalog: Histogram<u64>,
}

/// Measures, while these requests are made at this rate.
pub async fn measure(
    daybook: &Daybook,
    prober: &mut Prober,
    requests: &Arc<Vec<Ready>>,
    rate: f64,
    during: Duration,
    report: &mut Report,
) -> Result<(), Error> {
    prober.connect(daybook).await?;
    let mut shown = Figure::new("price and stock, until a search shows them");
    let mut written = Figure::new("the same, until the catalog's rows have them");
    for _ in 0..report.rounds() {
        let stop = Arc::new(AtomicBool::new(false));
        let readers = Reader::several(daybook, requests, super::latency::OPEN).await?;
        let reading = tokio::spawn(load::open_until::<Reader>(readers, rate, Arc::clone(&stop)));
        let began = Instant::now();
        let Seen { search, catalog } = prober.probe(during).await?;
        for (figure, times) in [(&mut shown, search), (&mut written, catalog)] {
            let count = usize::try_from(times.len())?;
            figure.add(&Load { count, rate: per_second(count, began), times });
        }
        stop.store(true, Ordering::Relaxed);
        reading.await??;
    }
    report.figure(&shown)?;
    report.figure(&written)
}

impl Prober {
    /// Of products on this page of a hundred, from the newest on.
    pub async fn of(daybook: &Daybook, database: &Database, token: &str, page: usize) -> Result<Self, Error> {
        let mut changing = Connection::open(daybook.address).await?;
        let path = format!("/api/v1/products?pageSize=100&pageNumber={page}");
        let told = data(&changing.expect(StatusCode::OK, Ask::get(&path, "")).await?)?;
        let targets: Vec<Target> =
            told["items"].as_array().into_iter().flatten().filter_map(target).collect();
        if targets.is_empty() {
            return Err("no products to change".into());
        }
        let mut db = database.application().connect().await?;
        let model = registry::find(catalog::NAME).ok_or("no catalog")?;
        let generation = generation::live(&mut db, model).await?.ok_or("no catalog")?;
        Ok(Self {
            looking: Connection::open(daybook.address).await?,
            checkpoint: generation.checkpoint(catalog::NAME).name().to_owned(),
            token: token.to_owned(),
            changed: 0,
            changing,
            db,
            targets,
        })
    }

    /// Anew: a connection on which nothing was asked for a minute is closed.
    async fn connect(&mut self, daybook: &Daybook) -> Result<(), Error> {
        self.changing = Connection::open(daybook.address).await?;
        self.looking = Connection::open(daybook.address).await?;
        Ok(())
    }

    async fn probe(&mut self, during: Duration) -> Result<Seen, Error> {
        let histogram = || Histogram::new_with_bounds(1, 600_000_000, 3);
        let mut seen = Seen { search: histogram()?, catalog: histogram()? };
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let began = Instant::now();
        while began.elapsed() < during {
            ticks.tick().await;
            let (target, position) = self.change().await?;
            let acknowledged = Instant::now();
            let target = &self.targets[target];
            let (search, catalog) = tokio::try_join!(
                until_shown(&mut self.looking, target, acknowledged),
                until_written(&mut self.db, &self.checkpoint, position, acknowledged)
            )?;
            seen.search.record(micros(search))?;
            seen.catalog.record(micros(catalog))?;
        }
        Ok(seen)
    }

    /// Changes the price of one, or the stock of the one whose price was changed before; which, and the event's position.
    async fn change(&mut self) -> Result<(usize, i64), Error> {
        let nth = self.changed / 2 % self.targets.len();
        let target = &mut self.targets[nth];
        let (method, path, body) = if self.changed.is_multiple_of(2) {
            target.price = DEAREST + self.changed;
            (
                Method::PATCH,
                format!("/api/v1/products/{}", target.id),
                json!({ "price": decimal(target.price) }),
            )
        } else {
            target.stock += 1;
            let body = json!({ "quantity": 1, "reason": "found" });
            (Method::POST, format!("/api/v1/products/{}/stock", target.id), body)
        };
        self.changed += 1;
        let ask = Ask::of(method, &path, &self.token, body.to_string());
        let answer = self.changing.answer(ask).await?;
        if !answer.status().is_success() {
            let said = String::from_utf8_lossy(answer.body());
            return Err(format!("{path} was answered {}: {said}", answer.status()).into());
        }
        Ok((nth, position(&answer, "x-event-position")?))
    }
}

/// A product of a list, with a word of its name to search for.
fn target(item: &Value) -> Option<Target> {
    let word = item["name"]
        .as_str()?
        .split_whitespace()
        .find(|word| word.len() >= 5 && word.bytes().all(|letter| letter.is_ascii_alphabetic()))?;
    Some(Target {
        id: item["id"].as_str()?.to_owned(),
        word: word.to_owned(),
        stock: item["stock"].as_i64()?,
        price: 0,
    })
}

/// Searches until the product is found at its price with its stock; how long after the acknowledgement that was answered.
async fn until_shown(
    connection: &mut Connection,
    target: &Target,
    acknowledged: Instant,
) -> Result<Duration, Error> {
    let price = decimal(target.price);
    let path = format!(
        "/api/v1/products/search?q={}&minPrice={price}&maxPrice={price}&facets=false&highlight=false",
        encoded(&target.word)
    );
    loop {
        let told = data(&connection.expect(StatusCode::OK, Ask::get(&path, "")).await?)?;
        let elapsed = acknowledged.elapsed();
        let items = told["items"].as_array().ok_or("a search without items")?;
        let is_it = |item: &Value| {
            item["id"] == target.id && item["stock"].as_i64().is_some_and(|stock| stock >= target.stock)
        };
        if items.iter().any(is_it) {
            return Ok(elapsed);
        }
        if elapsed > PATIENCE {
            return Err(format!("{path} doesn't show what was acknowledged").into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Looks until the catalog's checkpoint, which is in the transaction of the rows, has come to the position.
async fn until_written(
    db: &mut PgConnection,
    checkpoint: &str,
    position: i64,
    acknowledged: Instant,
) -> Result<Duration, Error> {
    loop {
        let at: i64 = sqlx::query_scalar("SELECT position FROM checkpoints WHERE name = $1")
            .bind(checkpoint)
            .fetch_one(&mut *db)
            .await?;
        let elapsed = acknowledged.elapsed();
        if at >= position {
            return Ok(elapsed);
        }
        if elapsed > PATIENCE {
            return Err(format!("{checkpoint} is at {at}, not at {position}").into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn decimal(cents: usize) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}
